/* Two sets of predictions of the same cases, side by side: whether a change of the arithmetic (or of anything else that
 * should not matter) matters. */
#ifndef MEDTL_EVAL_COMPARISON_H
#define MEDTL_EVAL_COMPARISON_H

#include "core/eval/evaluation.h"

/** A number of the first, of the second, and the second less the first, whose interval comes from resamples in which
 *  both have the same groups (a paired bootstrap). */
typedef struct medtl_compared {
    medtl_interval first, second, difference;
    double
        p; /* two-sided, from the share of resamples on either side of zero; at least 2 / (resamples + 1); NAN
                 without resamples */
} medtl_compared;

typedef struct medtl_comparison {
    medtl_compared macro_auc, balanced_accuracy, accuracy;
    double equal;   /* share of cases for which both predict the same class */
    double largest; /* difference of any probability */
} medtl_comparison;

/** @param first, second  Of the same cases: only their probabilities may differ. Groups are needed.
 *  @return As medtl_evaluation_create(). */
medtl_status medtl_compare(const medtl_predictions *first, const medtl_predictions *second,
                           const medtl_evaluation_options *options, medtl_comparison *out,
                           medtl_error *err);

#endif
