#include "loss.h"

#include <math.h>

static double row_norm(const float *logits, size_t classes)
{
    double largest = (double)logits[0], sum = 0.0;

    for (size_t k = 1; k < classes; k++)
        if ((double)logits[k] > largest)
            largest = (double)logits[k];
    for (size_t k = 0; k < classes; k++)
        sum += exp((double)logits[k] - largest);
    return largest + log(sum);
}

double medtl_loss_cross_entropy(const float *logits, const float *targets, size_t count,
                                size_t classes, const float *class_weights, double smoothing,
                                float *dlogits)
{
    const double floor_share = smoothing / (double)classes;
    double total = 0.0, loss = 0.0;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < classes; k++)
            total += (class_weights != NULL ? (double)class_weights[k] : 1.0) *
                     (double)targets[i * classes + k];
    for (size_t i = 0; i < count; i++) {
        const float *z = logits + i * classes, *target = targets + i * classes;
        const double norm = row_norm(z, classes);
        double row_weight = 0.0; /* sum_k weight_k q_ik */

        for (size_t k = 0; k < classes; k++) {
            const double weight = class_weights != NULL ? (double)class_weights[k] : 1.0;
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

void medtl_class_weights(const size_t *counts, size_t classes, double power, float *weights)
{
    double samples = 0.0, sum = 0.0;

    for (size_t k = 0; k < classes; k++)
        samples += (double)counts[k];
    for (size_t k = 0; k < classes; k++)
        if (counts[k] > 0)
            sum += (double)counts[k] * pow((double)counts[k], -power);
    for (size_t k = 0; k < classes; k++)
        weights[k] = counts[k] > 0
                         ? (float)(pow((double)counts[k], -power) * samples / sum)
                         : 1.0f;
}
