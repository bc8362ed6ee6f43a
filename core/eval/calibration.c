#include "calibration.h"

#include <math.h>

/* log of the sum of exp(logits / temperature), without overflow. */
static double log_sum_exp(const float *logits, size_t classes, double temperature)
{
    double largest = logits[0], sum = 0.0;

    for (size_t k = 1; k < classes; k++)
        if (logits[k] > largest)
            largest = logits[k];
    for (size_t k = 0; k < classes; k++)
        sum += exp((logits[k] - largest) / temperature);
    return largest / temperature + log(sum);
}

void medtl_softmax(const float *logits, size_t count, size_t classes, double temperature,
                   float *probabilities)
{
    for (size_t i = 0; i < count; i++) {
        const double norm = log_sum_exp(logits + i * classes, classes, temperature);

        for (size_t k = 0; k < classes; k++)
            probabilities[i * classes + k] =
                (float)exp(logits[i * classes + k] / temperature - norm);
    }
}

double medtl_log_loss(const float *logits, const uint32_t *labels, size_t count, size_t classes,
                      double temperature)
{
    double sum = 0.0;

    for (size_t i = 0; i < count; i++)
        sum += log_sum_exp(logits + i * classes, classes, temperature) -
               logits[i * classes + labels[i]] / temperature;
    return sum / (double)count;
}

/* By the slope of the convex loss over b = 1 / temperature: at b = 0 it has to fall, and it rises in the end where a case has
 * another class above its own. */
bool medtl_temperature_exists(const float *logits, const uint32_t *labels, size_t count,
                              size_t classes)
{
    double for_labels = 0.0;
    bool all_right = true;

    for (size_t i = 0; i < count; i++) {
        const float *row = logits + i * classes;
        double sum = 0.0;

        for (size_t k = 0; k < classes; k++) {
            sum += (double)row[k];
            all_right = all_right && row[k] <= row[labels[i]];
        }
        for_labels += (double)row[labels[i]] - sum / (double)classes;
    }
    return !all_right && for_labels > 0.0;
}

double medtl_temperature_fit(const float *logits, const uint32_t *labels, size_t count,
                             size_t classes)
{
    /* Golden section search over b = 1 / temperature, in which the loss is convex. */
    const double golden = 0.6180339887498949;
    double low = 1.0 / 20.0, high = 1.0 / 0.05;
    double a = high - golden * (high - low), b = low + golden * (high - low);
    double loss_a, loss_b;

    if (count == 0)
        return 1.0;
    loss_a = medtl_log_loss(logits, labels, count, classes, 1.0 / a);
    loss_b = medtl_log_loss(logits, labels, count, classes, 1.0 / b);
    for (int i = 0; i < 80 && high - low > 1e-9; i++)
        if (loss_a <= loss_b) {
            high = b;
            b = a;
            loss_b = loss_a;
            a = high - golden * (high - low);
            loss_a = medtl_log_loss(logits, labels, count, classes, 1.0 / a);
        } else {
            low = a;
            a = b;
            loss_a = loss_b;
            b = low + golden * (high - low);
            loss_b = medtl_log_loss(logits, labels, count, classes, 1.0 / b);
        }
    return 2.0 / (low + high);
}
