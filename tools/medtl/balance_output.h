/* Offsets to logits, found and described for people and for programs. */
#ifndef MEDTL_TOOL_BALANCE_OUTPUT_H
#define MEDTL_TOOL_BALANCE_OUTPUT_H

#include "core/eval/comparison.h"
#include "scored.h"

#include <jansson.h>
#include <stdio.h>

typedef struct balanced {
    double *offsets; /* [classes]; owned */
    double shrink;
    size_t *images;            /* [classes]; owned */
    medtl_comparison measured; /* first: as they were; second: with offsets of the other parts */
    double log_loss[2], balanced_log_loss[2], calibration_error[2]; /* likewise */
} balanced;

/** Fit, and measure by cross-validation over groups. @param shrink  0: the one of six with the least balanced log loss
 *  in cross-validation.
 *  @return MEDTL_E_ARGUMENT for a class with fewer than two groups, by its name. */
medtl_status balanced_find(const scored *cases, double shrink, uint64_t resamples, uint64_t seed,
                           balanced *out, medtl_error *err);
void balanced_clear(balanced *b); /* all zero is allowed */

void balanced_print(FILE *stream, const balanced *b, const scored *cases);

/** {"akiec": 0.35, ...}; NULL without memory. */
json_t *balanced_offsets_json(const balanced *b, const scored *cases);

medtl_status balanced_write(const char *path, const balanced *b, const scored *cases,
                            medtl_error *err);

#endif
