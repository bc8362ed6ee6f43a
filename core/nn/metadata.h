/* What a model file says of itself: the JSON text under the key "medtl" of its __metadata__
 * (docs/MODEL_FORMAT.md), to and from a struct. */
#ifndef MEDTL_NN_METADATA_H
#define MEDTL_NN_METADATA_H

#include "network.h"
#include "ranges.h"
#include "views.h"

#define MEDTL_METADATA_KEY "medtl"

typedef struct medtl_metadata {
    medtl_network_spec spec; /* as written; not yet completed */
    char *name, *version, *normaliser, *provenance, *architecture_arguments;
    char **class_names; /* spec.classes of them */
    float temperature;
    medtl_views views;
    medtl_ranges ranges; /* none: inference in floats */
} medtl_metadata;

/** @param path  For messages only. */
medtl_status medtl_metadata_parse(const char *path, const char *text, medtl_metadata *out,
                                  medtl_error *err);
void medtl_metadata_clear(medtl_metadata *metadata);

/** The JSON text, checked by the same rules that reading has. @param[out] text  Owned by the caller (free). */
medtl_status medtl_metadata_format(const medtl_network_spec *spec,
                                   const medtl_model_description *description, char **text,
                                   medtl_error *err);

#endif
