/* What `medtl pretrain` leaves in its run folder. */
#ifndef MEDTL_TOOL_PRETRAIN_OUTPUT_H
#define MEDTL_TOOL_PRETRAIN_OUTPUT_H

#include "leaks.h"
#include "pretrain_options.h"

/** The key of a backbone's metadata: where it comes from, as JSON. */
#define PRETRAINED_KEY "medtl_pretrained"

typedef struct pretrain_output {
    const pretrain_options *options;
    const medtl_normaliser *normaliser;
    const image_source *images, *probe; /* probe: NULL without one */
    const char *init_sha256;            /* "" without initial weights */
    const char *augment;
    const fingerprint_text *fingerprints;
} pretrain_output;

/** history.csv and curve.png: written after each epoch. */
medtl_status pretrain_write_history(const pretrain_output *out, const medtl_pretrain_epoch *history,
                                    size_t count, size_t chosen, medtl_error *err);

/** backbone.safetensors (the trunk's tensors, by the names that the architecture gives them), fingerprints.csv and
 *  metrics.json. */
medtl_status pretrain_write_result(const pretrain_output *out, medtl_network *network,
                                   const medtl_network_spec *trunk,
                                   const medtl_pretrain_result *result, medtl_error *err);

/** RUN_FOLDER/name; owned by the caller, NULL without memory. */
char *pretrain_path(const pretrain_options *options, const char *name);

#endif
