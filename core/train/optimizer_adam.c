/* Adam (Kingma & Ba 2014, arXiv 1412.6980): weight decay is part of the gradient. */
#include "optimizer_rule.h"

#include <math.h>

static void step(const medtl_optimizer_options *options, const medtl_run *run)
{
    const double steps = (double)run->step;
    const float beta1 = (float)options->momentum, beta2 = (float)options->beta2;
    const float epsilon = (float)options->epsilon;
    const float rate = (float)(run->rate / (1.0 - pow(options->momentum, steps)));
    const float second_scale = (float)(1.0 / sqrt(1.0 - pow(options->beta2, steps)));
    const float scale = (float)run->gradient_scale, decay = (float)run->decay;
    float *w = run->value, *m = run->first, *v = run->second;

    for (size_t i = 0; i < run->count; i++) {
        const float g = scale * run->gradient[i] + decay * w[i];

        m[i] = beta1 * m[i] + (1.0f - beta1) * g;
        v[i] = beta2 * v[i] + (1.0f - beta2) * g * g;
        w[i] -= rate * m[i] / (sqrtf(v[i]) * second_scale + epsilon);
    }
}

const medtl_optimizer_rule medtl_optimizer_adam = {2, step, NULL};
