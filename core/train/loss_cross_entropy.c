/* Softmax cross-entropy with soft targets, class weights and label smoothing. */
#include "loss_parts.h"

#include <math.h>

double medtl_loss_cross_entropy(const float *logits, const float *targets, size_t count,
                                size_t classes, const float *class_weights, double smoothing,
                                float *dlogits)
{
    const double floor_share = smoothing / (double)classes;
    const double total = medtl_target_weight(targets, count, classes, class_weights);
    double loss = 0.0;

    for (size_t i = 0; i < count; i++) {
        const float *z = logits + i * classes, *target = targets + i * classes;
        const double norm = medtl_log_sum_exp(z, classes);
        double row_weight = 0.0; /* sum_k weight_k q_ik */

        for (size_t k = 0; k < classes; k++) {
            const double weight = medtl_class_weight(class_weights, k);
            const double q = weight * ((1.0 - smoothing) * (double)target[k] + floor_share);

            row_weight += q;
            loss += q * (norm - (double)z[k]);
            if (dlogits != NULL)
                dlogits[i * classes + k] = (float)(-q / total);
        }
        for (size_t k = 0; k < classes && dlogits != NULL; k++)
            dlogits[i * classes + k] += (float)(row_weight * exp((double)z[k] - norm) / total);
    }
    return loss / total;
}
