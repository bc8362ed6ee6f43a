/* Two models on the same images, for people and for programs. */
#ifndef MEDTL_TOOL_COMPARE_OUTPUT_H
#define MEDTL_TOOL_COMPARE_OUTPUT_H

#include "core/eval/comparison.h"
#include "core/eval/delong.h"
#include "core/eval/mcnemar.h"
#include "scored.h"

#include <jansson.h>
#include <stdio.h>

typedef struct compared_models {
    const scored *first, *second; /* of the same images, in one order */
    medtl_comparison bootstrap;
    medtl_delong macro, *per_class; /* per_class: [classes]; owned */
    medtl_mcnemar mcnemar;
} compared_models;

/** All tests. @param out  per_class is for compared_models_clear(). */
medtl_status compared_models_test(const scored *first, const scored *second,
                                  const medtl_evaluation_options *how, compared_models *out,
                                  medtl_error *err);
void compared_models_clear(compared_models *c);

void compared_models_print(FILE *stream, const compared_models *c);

/** NULL without memory. */
json_t *compared_models_json(const compared_models *c);

#endif
