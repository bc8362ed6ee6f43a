/* Results as a table for spreadsheets: one line an object. */
#ifndef DCM_MEDTL_CSV_H
#define DCM_MEDTL_CSV_H

#include "pipeline.h"

/** RFC 4180 with line feeds, UTF-8, a header line. Probabilities from 0 to 1 in a column for each class of each
 *  task, "TASK.LABEL", empty where the task did not read the image.
 *  @param[out] text  Owned by the caller (free). */
medtl_status results_csv(const medtl_batch *batch, const medtl_pipeline *pipeline, char **text,
                         medtl_error *err);

#endif
