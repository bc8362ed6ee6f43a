/* How the learning rate moves over a run. */
#ifndef MEDTL_TRAIN_SCHEDULE_H
#define MEDTL_TRAIN_SCHEDULE_H

#include <stddef.h>

typedef enum medtl_schedule {
    MEDTL_SCHEDULE_CONSTANT,
    MEDTL_SCHEDULE_COSINE,   /* half a cosine from 1 to 0 (Loshchilov & Hutter, arXiv 1608.03983) */
    MEDTL_SCHEDULE_ONE_CYCLE /* 1/25 to 1 in the first 30 %, then to 1/250000, both by cosine
                                (Smith, arXiv 1803.09820; as in Romero et al., arXiv 1912.06761) */
} medtl_schedule;

/** The factor on the learning rate for one step.
 *  @param step    0 to steps - 1. @param steps  Of the whole run, at least 1.
 *  @param warmup  Steps of linear rise from 1 / (warmup + 1) before constant and cosine; one-cycle has its own. */
double medtl_schedule_factor(medtl_schedule schedule, size_t step, size_t steps, size_t warmup);

#endif
