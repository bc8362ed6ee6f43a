/* The learning-rate range test (Smith, arXiv 1506.01186): steps at a rate that rises exponentially, and what the loss makes of
 * it. The network is spoiled by it. */
#ifndef MEDTL_TRAIN_RATE_FINDER_H
#define MEDTL_TRAIN_RATE_FINDER_H

#include "core/train/train.h"

typedef struct medtl_rate_point {
    double rate, loss;
    double
        smoothed; /* exponential average of the losses with decay 0.98, freed from its start at 0 */
} medtl_rate_point;

typedef struct medtl_rate_range {
    double low, high; /* rates of the first and the last step, 0 < low < high */
    size_t steps;     /* at least 2 */
} medtl_rate_range;

typedef struct medtl_rate_finding {
    medtl_rate_point *points; /* owned by the caller (free) */
    size_t
        count; /* fewer than steps where the loss rose beyond 4 times its lowest, or became no number */
    double
        steepest; /* the rate at which the smoothed loss falls fastest by the logarithm of the rate */
    double tenth; /* a tenth of the rate of the lowest smoothed loss */
} medtl_rate_finding;

/** rate of step i: low (high / low)^(i / (steps - 1)). */
double medtl_rate_of_step(const medtl_rate_range *range, size_t step);

/** The two suggestions from points: count at least 2. */
void medtl_rate_suggest(medtl_rate_finding *finding);

/** @param options  Of the training that is to come; its schedule, rate, epochs and checkpoint are not used. Groups of stages
 *                  learn at their rates, but all of them from the first step on.
 *  @param watch    Its `step` is told of each step; may be NULL.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for a range that is none, or a loss that is no number at the first two steps. */
medtl_status medtl_find_rate(medtl_network *network, const medtl_dataset *dataset,
                             const size_t *train, size_t train_count,
                             const medtl_train_options *options, const medtl_rate_range *range,
                             const medtl_train_watch *watch, medtl_rate_finding *out,
                             medtl_error *err);

#endif
