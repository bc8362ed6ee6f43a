/* Resampling whole groups (patients, lesions) with replacement: images of one patient are not
 * independent, so single images must not be drawn (cluster bootstrap; Efron & Tibshirani 1993). */
#ifndef MEDTL_EVAL_BOOTSTRAP_H
#define MEDTL_EVAL_BOOTSTRAP_H

#include "medtl/error.h"

#include <stddef.h>
#include <stdint.h>

/** A number with its 95 % percentile interval; NAN where it is not defined. */
typedef struct medtl_interval {
    double value, low, high;
} medtl_interval;

/** How often case i counts in one resample: the number of times that its group was drawn. */
typedef void (*medtl_bootstrap_statistic)(void *context, const uint32_t *weights, double *values);

/** Compute `statistics` numbers on the cases as they are and on `resamples` resamples of their groups.
 *  @param groups       [count], 0 to group_count - 1.
 *  @param statistic    Writes `statistics` numbers (NAN: not defined for this resample, left out).
 *  @param resamples    0: intervals are NAN.
 *  @param[out] result  [statistics]. */
medtl_status medtl_bootstrap(const uint32_t *groups, size_t count, size_t group_count,
                             size_t resamples, uint64_t seed, medtl_bootstrap_statistic statistic,
                             void *context, size_t statistics, medtl_interval *result,
                             medtl_error *err);

#endif
