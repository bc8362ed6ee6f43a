/* What a run of the matrix was asked for, kept beside it in runs/NAME/asked.json, so that its figures are never taken for those of an
 * experiment, or of labels, that have changed since. */
#ifndef MEDTL_TOOL_EXPERIMENT_RECORD_H
#define MEDTL_TOOL_EXPERIMENT_RECORD_H

#include "experiment_run.h"

/** Write it. @param table  The run's split. */
medtl_status experiment_record_write(const experiment_state *state, const experiment_cell *cell,
                                     const char *table, medtl_error *err);

/** Compare it with what the experiment asks for now. A run without it (of an earlier version) is compared by its table and recipe alone.
 *  Prepared runs count by what they are asked for, not by where they lie.
 *  @return MEDTL_OK, also where there is no run yet; MEDTL_E_ARGUMENT with the run's name and what differs; MEDTL_E_MEMORY. */
medtl_status experiment_record_check(const experiment_state *state, const experiment_cell *cell,
                                     const char *table, medtl_error *err);

#endif
