/* Stochastic gradient descent with momentum: Nesterov's, and the classical kind. */
#include "optimizer_rule.h"

static void step_nesterov(const medtl_optimizer_options *options, const medtl_run *run)
{
    const float momentum = (float)options->momentum, rate = (float)run->rate;
    const float scale = (float)run->gradient_scale, decay = (float)run->decay;
    float *w = run->value, *m = run->first;

    for (size_t i = 0; i < run->count; i++) {
        const float g = scale * run->gradient[i] + decay * w[i];

        m[i] = momentum * m[i] + g;
        w[i] -= rate * (g + momentum * m[i]);
    }
}

static void step_classical(const medtl_optimizer_options *options, const medtl_run *run)
{
    const float momentum = (float)options->momentum, rate = (float)run->rate;
    const float scale = (float)run->gradient_scale, decay = (float)run->decay;
    float *w = run->value, *m = run->first;

    for (size_t i = 0; i < run->count; i++) {
        m[i] = momentum * m[i] + (scale * run->gradient[i] + decay * w[i]);
        w[i] -= rate * m[i];
    }
}

const medtl_optimizer_rule medtl_optimizer_sgd = {1, step_nesterov, NULL};
const medtl_optimizer_rule medtl_optimizer_momentum = {1, step_classical, NULL};
