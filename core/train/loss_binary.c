/* Binary cross-entropy with logits. */
#include "loss_parts.h"

#include <math.h>

/* log(1 + exp(z)), without overflow. */
static double softplus(double z) { return fmax(z, 0.0) + log1p(exp(-fabs(z))); }

static double sigmoid(double z)
{
    const double e = exp(-fabs(z));

    return (z >= 0.0 ? 1.0 : e) / (1.0 + e);
}

double medtl_loss_binary(const float *logits, const float *targets, size_t count, size_t classes,
                         const float *class_weights, double smoothing, float *dlogits)
{
    const double terms = (double)count * (double)classes;
    double loss = 0.0;

    for (size_t i = 0; i < count * classes; i++) {
        const double weight = medtl_class_weight(class_weights, i % classes);
        const double z = (double)logits[i];
        const double q = (1.0 - smoothing) * (double)targets[i] + smoothing / (double)classes;

        loss += weight * (softplus(z) - q * z);
        if (dlogits != NULL)
            dlogits[i] = (float)(weight * (sigmoid(z) - q) / terms);
    }
    return loss / terms;
}
