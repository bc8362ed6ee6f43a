/* The runs of an experiment, one after the other or several at a time. */
#ifndef MEDTL_TOOL_EXPERIMENT_JOBS_H
#define MEDTL_TOOL_EXPERIMENT_JOBS_H

#include "experiment_run.h"

/** Carry out all runs that are not done. A run that fails is named and left out; the others are done. With several jobs
 *  each run is a process of its own that ends when this one does.
 *  @param jobs  Runs at a time, at least 1.
 *  @param[out] failures  Runs that failed.
 *  @return MEDTL_E_CANCELLED where it was stopped; MEDTL_E_IO where a process cannot be started; MEDTL_E_MEMORY. */
medtl_status experiment_run_all(experiment_state *state, size_t jobs, size_t *failures,
                                medtl_error *err);

#endif
