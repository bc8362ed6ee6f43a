/* Between which values the inputs of a network's convolutions lie: what a model file says where its inference is to be in
 * whole numbers of 8 bits ("int8" in docs/MODEL_FORMAT.md). */
#ifndef MEDTL_NN_RANGES_H
#define MEDTL_NN_RANGES_H

#include "medtl/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/** Of the convolution that has this weight. low <= 0 <= high. */
typedef struct medtl_range {
    char *weight; /* the tensor's name; owned */
    float low, high;
} medtl_range;

typedef struct medtl_ranges {
    medtl_range *items;
    size_t count; /* 0: everything in floats */
} medtl_ranges;

/** Append a range; the name is copied. */
medtl_status medtl_ranges_add(medtl_ranges *ranges, const char *weight, float low, float high,
                              medtl_error *err);
void medtl_ranges_clear(medtl_ranges *ranges); /* also of a zeroed one */

/** The range of this weight, or NULL. */
const medtl_range *medtl_ranges_find(const medtl_ranges *ranges, const char *weight);

/** From {"ranges": {"NAME": [low, high], ...}}, every number checked; and back (NULL without memory).
 *  @param value  NULL: none. @param path  For messages only. */
medtl_status medtl_ranges_parse(const json_t *value, const char *path, medtl_ranges *out,
                                medtl_error *err);
json_t *medtl_ranges_json(const medtl_ranges *ranges);

#endif
