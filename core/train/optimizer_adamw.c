/* AdamW (Loshchilov & Hutter 2017, arXiv 1711.05101): weights decay beside the gradient's step. */
#include "optimizer_rule.h"

#include <math.h>

static void step(const medtl_optimizer_options *options, const medtl_run *run)
{
    const double steps = (double)run->step;
    const float beta1 = (float)options->momentum, beta2 = (float)options->beta2;
    const float epsilon = (float)options->epsilon;
    const float rate = (float)(run->rate / (1.0 - pow(options->momentum, steps)));
    const float second_scale = (float)(1.0 / sqrt(1.0 - pow(options->beta2, steps)));
    const float scale = (float)run->gradient_scale;
    const float keep = 1.0f - (float)run->rate * (float)run->decay;
    float *w = run->value, *m = run->first, *v = run->second;

    for (size_t i = 0; i < run->count; i++) {
        const float g = scale * run->gradient[i];

        m[i] = beta1 * m[i] + (1.0f - beta1) * g;
        v[i] = beta2 * v[i] + (1.0f - beta2) * g * g;
        w[i] = keep * w[i] - rate * m[i] / (sqrtf(v[i]) * second_scale + epsilon);
    }
}

const medtl_optimizer_rule medtl_optimizer_adamw = {2, step, NULL};
