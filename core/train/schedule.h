/* How the learning rate moves over a run: from step to step by a formula, or from epoch to epoch. */
#ifndef MEDTL_TRAIN_SCHEDULE_H
#define MEDTL_TRAIN_SCHEDULE_H

#include <stddef.h>

typedef enum medtl_schedule {
    MEDTL_SCHEDULE_CONSTANT,
    MEDTL_SCHEDULE_COSINE, /* half a cosine from 1 to 0 (Loshchilov & Hutter, arXiv 1608.03983) */
    MEDTL_SCHEDULE_ONE_CYCLE, /* 1/25 to 1 in the first 30 %, then to 1/250000, both by cosine
                                (Smith, arXiv 1803.09820; as in Romero et al., arXiv 1912.06761) */
    MEDTL_SCHEDULE_STEP,      /* constant, times medtl_schedule_step() */
    MEDTL_SCHEDULE_PLATEAU    /* constant, times medtl_schedule_plateau() */
} medtl_schedule;

/** The factor on the learning rate for one step.
 *  @param step    0 to steps - 1. @param steps  Of the whole run, at least 1.
 *  @param warmup  Steps of linear rise from 1 / (warmup + 1) before all others; one-cycle has its own. */
double medtl_schedule_factor(medtl_schedule schedule, size_t step, size_t steps, size_t warmup);

/** factor^floor(epoch / every): PyTorch's StepLR. @param epoch  0-based. @param every  At least 1. */
double medtl_schedule_step(size_t epoch, size_t every, double factor);

/** What PyTorch's ReduceLROnPlateau(mode="min", threshold=1e-4) has made of a rate of 1 after these losses: times `factor`
 *  whenever more than `patience` epochs in a row were not better than the best by a part of 1e-4. A loss that is no
 *  number is not better. A function of the whole history, so that a resumed run needs no state. */
double medtl_schedule_plateau(const double *losses, size_t count, double factor, size_t patience);

#endif
