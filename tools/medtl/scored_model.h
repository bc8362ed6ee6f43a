/* Running a model over a table, for commands that only want what comes out. */
#ifndef MEDTL_TOOL_SCORED_MODEL_H
#define MEDTL_TOOL_SCORED_MODEL_H

#include "leaks.h"
#include "scored.h"

typedef struct scored_model_options {
    const char *command; /* leads warnings */
    const labels_options *labels;
    const char *folds; /* NULL: all rows */
    size_t threads;
    double max_unreadable; /* share of the images */
    leak_policy leaks;
    bool quiet;
} scored_model_options;

/** @param[out] unreadable  Images that could not be read; each was named on standard error.
 *  @return As evaluate: MEDTL_E_ARGUMENT for rows that the model was made from, MEDTL_E_IO for too many unreadable. */
medtl_status scored_from_model(const char *path, const scored_model_options *options, scored *out,
                               size_t *unreadable, medtl_error *err);

#endif
