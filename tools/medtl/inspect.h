/* What `medtl inspect` knows of a file, and the two ways it says so. */
#ifndef MEDTL_TOOL_INSPECT_H
#define MEDTL_TOOL_INSPECT_H

#include "core/nn/network_match.h"
#include "medtl/model.h"

typedef struct inspection {
    const char *path;
    medtl_safetensors *file;
    char sha256[65];
    medtl_model *model;     /* NULL: no model file of ours */
    bool claims;            /* it has our metadata, model or not */
    medtl_error why;        /* why it is no model although it claims to be */
    const char *against;    /* an architecture, or NULL */
    medtl_network *network; /* of `against` */
    medtl_matches matches;  /* with `network` */
} inspection;

void inspection_print(const inspection *i);
/** @return MEDTL_OK or MEDTL_E_MEMORY. */
medtl_status inspection_print_json(const inspection *i, medtl_error *err);

/** Values of all tensors. */
uint64_t inspection_values(const inspection *i);

#endif
