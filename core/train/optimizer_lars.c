/* LARS (You, Gitman & Ginsburg 2017, arXiv 1708.03888, algorithm 1): momentum, with a rate for each layer
 * that follows the length of its weights over that of its gradient. Biases and norms move without it, as in
 * the self-supervised recipes that use LARS (SimCLR, BYOL, Barlow Twins). */
#include "optimizer_rule.h"

/* The paper's local rate. Where a length is 0 it says nothing, and the layer moves as without it. */
static double trust(const medtl_optimizer_options *options, double decay, double value_length,
                    double gradient_length)
{
    if (!(value_length > 0.0) || !(gradient_length > 0.0))
        return 1.0;
    return options->trust * value_length / (gradient_length + decay * value_length);
}

/* The rate is inside the momentum, as in the paper: a new rate does not scale what has gathered. */
static void step(const medtl_optimizer_options *options, const medtl_run *run)
{
    const float momentum = (float)options->momentum, rate = (float)(run->rate * run->trust);
    const float scale = (float)run->gradient_scale, decay = (float)run->decay;
    float *w = run->value, *v = run->first;

    for (size_t i = 0; i < run->count; i++) {
        v[i] = momentum * v[i] + rate * (scale * run->gradient[i] + decay * w[i]);
        w[i] -= v[i];
    }
}

const medtl_optimizer_rule medtl_optimizer_lars = {1, step, trust};
