/* Focal loss over a softmax. */
#include "loss_parts.h"

#include <math.h>

/* One term (1 - p)^gamma (-log p), and p times its derivative by p. */
static double term(double log_p, double gamma, double *slope)
{
    const double rest = -expm1(log_p); /* 1 - p, exact where p is close to 1 */
    const double scale = gamma > 0.0 ? pow(rest, gamma) : 1.0;

    *slope = -scale;
    if (gamma > 0.0 && rest > 0.0)
        *slope += gamma * (scale / rest) * exp(log_p) * log_p;
    return -scale * log_p;
}

double medtl_loss_focal(const float *logits, const float *targets, size_t count, size_t classes,
                        const float *class_weights, double smoothing, double gamma, float *dlogits)
{
    const double total = medtl_target_weight(targets, count, classes, class_weights);
    double loss = 0.0;

    for (size_t i = 0; i < count; i++) {
        const float *z = logits + i * classes, *target = targets + i * classes;
        const double norm = medtl_log_sum_exp(z, classes);
        double slopes = 0.0, slope;

        for (size_t k = 0; k < classes; k++) {
            const double q = medtl_class_weight(class_weights, k) *
                             ((1.0 - smoothing) * (double)target[k] + smoothing / (double)classes);

            loss += q * term((double)z[k] - norm, gamma, &slope);
            slopes += q * slope;
            if (dlogits != NULL)
                dlogits[i * classes + k] = (float)(q * slope / total);
        }
        /* dp_k/dz_j = p_k (1[k = j] - p_j). */
        for (size_t k = 0; k < classes && dlogits != NULL; k++)
            dlogits[i * classes + k] -= (float)(slopes * exp((double)z[k] - norm) / total);
    }
    return loss / total;
}
