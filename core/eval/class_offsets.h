/* Offsets to a model's logits, one for each class, that make it call rare classes as readily as common ones: fitted
 * after training, on cases that it has not learned from. The bias of bias-corrected temperature scaling (Alexandari,
 * Kundaje & Shrikumar, ICML 2020, arXiv 1901.06852), with every class given the same weight, as in the balanced error that
 * post-hoc logit adjustment is consistent for (Menon et al., ICLR 2021, arXiv 2007.07314). The temperature is left. */
#ifndef MEDTL_EVAL_CLASS_OFFSETS_H
#define MEDTL_EVAL_CLASS_OFFSETS_H

#include "core/eval/evaluation.h"

/** The offsets b that minimise
 *      mean over classes of (mean over its cases of -log softmax(log p + b)[label]) + shrink / 2 * |b|^2.
 *  Strictly convex: there is one minimum, whose offsets add up to 0 (Newton's method, to gradients below 1e-9).
 *  Probabilities count as 1e-12 at least.
 *  @param shrink  Above 0: how much evidence an offset asks for; without it two cases could move a class anywhere.
 *  @param[out] offsets  [classes].
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT where a class has no case; MEDTL_E_MEMORY. */
medtl_status medtl_class_offsets_fit(const medtl_predictions *cases, double shrink, double *offsets,
                                     medtl_error *err);

/** out[i][k] = softmax(log p[i] + offsets)[k]. In place (out == p) is allowed. */
void medtl_class_offsets_apply(const float *p, size_t count, size_t classes, const double *offsets,
                               float *out);

/** What each case gets from offsets that were fitted without its part: an honest look at what they do. Groups stay
 *  together (medtl_deal_cases).
 *  @param parts  At least 2. @param[out] out  [count][classes].
 *  @return As medtl_class_offsets_fit(): a class needs cases outside each part. */
medtl_status medtl_class_offsets_cross_validate(const medtl_predictions *cases, double shrink,
                                                size_t parts, float *out, medtl_error *err);

/** The first part of what the fit minimises, of these probabilities: the log loss with every class that occurs given
 *  the same weight. */
double medtl_balanced_log_loss(const medtl_predictions *cases);

#endif
