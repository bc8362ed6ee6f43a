/* The table of classification losses, and what they share. */
#include "loss_parts.h"

#include <math.h>

double medtl_log_sum_exp(const float *logits, size_t classes)
{
    double largest = (double)logits[0], sum = 0.0;

    for (size_t k = 1; k < classes; k++)
        if ((double)logits[k] > largest)
            largest = (double)logits[k];
    for (size_t k = 0; k < classes; k++)
        sum += exp((double)logits[k] - largest);
    return largest + log(sum);
}

double medtl_class_weight(const float *class_weights, size_t k)
{
    return class_weights != NULL ? (double)class_weights[k] : 1.0;
}

double medtl_target_weight(const float *targets, size_t count, size_t classes,
                           const float *class_weights)
{
    double total = 0.0;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < classes; k++)
            total += medtl_class_weight(class_weights, k) * (double)targets[i * classes + k];
    return total;
}

double medtl_loss(const medtl_loss_options *options, const float *logits, const float *targets,
                  size_t count, size_t classes, float *dlogits)
{
    switch (options->kind) {
    case MEDTL_LOSS_CROSS_ENTROPY:
        break;
    case MEDTL_LOSS_FOCAL:
        return medtl_loss_focal(logits, targets, count, classes, options->class_weights,
                                options->smoothing, options->gamma, dlogits);
    case MEDTL_LOSS_BINARY:
        return medtl_loss_binary(logits, targets, count, classes, options->class_weights,
                                 options->smoothing, dlogits);
    }
    return medtl_loss_cross_entropy(logits, targets, count, classes, options->class_weights,
                                    options->smoothing, dlogits);
}

void medtl_logit_adjustment(const size_t *counts, size_t classes, const float *class_weights,
                            double sampling, double tau, float *shifts)
{
    double largest = -HUGE_VAL;

    for (size_t k = 0; k < classes; k++) {
        const double images = counts[k] > 0 ? (double)counts[k] : 1.0;
        const double share =
            log(medtl_class_weight(class_weights, k)) + (1.0 - sampling) * log(images);

        shifts[k] = (float)share;
        largest = fmax(largest, share);
    }
    for (size_t k = 0; k < classes; k++)
        shifts[k] = (float)(tau * ((double)shifts[k] - largest));
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
        weights[k] = counts[k] > 0 ? (float)(pow((double)counts[k], -power) * samples / sum) : 1.0f;
}
