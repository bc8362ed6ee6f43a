/* What a calibration is measured by: two models on the same images. */
#ifndef MEDTL_TOOL_CALIBRATE_OUTPUT_H
#define MEDTL_TOOL_CALIBRATE_OUTPUT_H

#include "predict.h"

/** Print quality of both models on these rows, the difference with a paired bootstrap interval, and milliseconds per
 *  image of both on one and two threads.
 *  @param threads  For the predictions, not for the times.
 *  @param max_unreadable  Share of the images; MEDTL_E_IO where more cannot be read.
 *  @param[out] unreadable  How many could not. */
medtl_status calibrate_compare(const medtl_model *floats, const medtl_model *int8,
                               const medtl_normaliser *normaliser, const labels *table,
                               const size_t *rows, size_t count, size_t threads, size_t resamples,
                               double max_unreadable, bool quiet, size_t *unreadable,
                               medtl_error *err);

#endif
