/* Temperature scaling (Guo et al., ICML 2017, arXiv 1706.04599) and the loss it is fitted by. */
#ifndef MEDTL_EVAL_CALIBRATION_H
#define MEDTL_EVAL_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** probabilities[i][k] = softmax(logits[i] / temperature)[k], worked out in double.
 *  In place (probabilities == logits) is allowed. @param temperature  Above 0. */
void medtl_softmax(const float *logits, size_t count, size_t classes, double temperature,
                   float *probabilities);

/** Mean of -log softmax(logits[i] / temperature)[labels[i]]. @param count  At least 1. */
double medtl_log_loss(const float *logits, const uint32_t *labels, size_t count, size_t classes,
                      double temperature);

/** Is there a temperature that fits these cases? Where every case is right, a smaller one is always better, and where the logits
 *  speak against the labels a larger one is: both say that there are too few cases, or a bad model, and no number. */
bool medtl_temperature_exists(const float *logits, const uint32_t *labels, size_t count,
                              size_t classes);

/** The temperature in 0.05 to 20 with the smallest log loss on these cases, an end of this range where none exists; 1
 *  where count is 0. The loss is convex in 1 / temperature, so there is one minimum. */
double medtl_temperature_fit(const float *logits, const uint32_t *labels, size_t count,
                             size_t classes);

#endif
