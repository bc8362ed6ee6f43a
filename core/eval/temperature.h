/* Temperature scaling (Guo et al., ICML 2017, arXiv 1706.04599) of predictions that are already probabilities: what the
 * temperature that they were made with has to be multiplied by. */
#ifndef MEDTL_EVAL_TEMPERATURE_H
#define MEDTL_EVAL_TEMPERATURE_H

#include "core/eval/evaluation.h"

/** The factor f in 0.05 to 20 with the smallest mean of -log softmax(log p / f)[label] over the cases: above 1 where the
 *  predictions are surer than they are right; NAN where no temperature fits (medtl_temperature_exists()). Probabilities
 *  count as 1e-12 at least.
 *  @return MEDTL_OK, or MEDTL_E_MEMORY. */
medtl_status medtl_temperature_factor(const medtl_predictions *cases, double *factor,
                                      medtl_error *err);

/** out[i][k] = softmax(log p[i] / factor)[k]. In place (out == p) is allowed. */
void medtl_temperature_apply(const float *p, size_t count, size_t classes, double factor,
                             float *out);

/** What each case gets from a factor that was fitted without its part (medtl_deal_cases): an honest look at what it
 *  does. Where none fits the other parts, it stays as it is.
 *  @param parts  At least 2. @param[out] out  [count][classes].
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT where a part is empty or holds everything; MEDTL_E_MEMORY. */
medtl_status medtl_temperature_cross_validate(const medtl_predictions *cases, size_t parts,
                                              float *out, medtl_error *err);

#endif
