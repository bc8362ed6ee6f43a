/* The runs of an experiment as tables, for people and for programs. Nothing is in them that was not measured. */
#ifndef MEDTL_TOOL_EXPERIMENT_SUMMARY_H
#define MEDTL_TOOL_EXPERIMENT_SUMMARY_H

#include "experiment_run.h"

/** Is there a run to make tables of? @param state  After experiment_collect(). */
bool experiment_any_done(const experiment_state *state);

/** Write results.csv (a line for each run that is done), summary.json and summary.md (means over seeds with sd, 95 %
 *  interval by Student's t, and the paired difference to the baseline with its p), and plots/MEASURE.svg and .png.
 *  @param state  After experiment_collect(). @return MEDTL_E_ARGUMENT where no run is done. */
medtl_status experiment_summarise(const experiment_state *state, medtl_error *err);

#endif
