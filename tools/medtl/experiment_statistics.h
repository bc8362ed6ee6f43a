/* Statistics of an experiment's runs: one arm at one training size. */
#ifndef MEDTL_TOOL_EXPERIMENT_STATISTICS_H
#define MEDTL_TOOL_EXPERIMENT_STATISTICS_H

#include "core/eval/student.h"
#include "experiment_run.h"

typedef struct arm_statistics {
    medtl_mean value; /* over the runs that are done; the interval is cut where the measure ends */
    medtl_mean
        difference; /* to the baseline's run of the same seed and part; count 0 for the baseline itself */
    size_t expected; /* runs, done or not */
} arm_statistics;

/** @param size  As in the cells. @param measure  Index of a measure of the experiment. */
medtl_status arm_statistics_of(const experiment_state *state, size_t arm, uint64_t size,
                               size_t measure, arm_statistics *out, medtl_error *err);

#endif
