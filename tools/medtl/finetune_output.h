/* What a run leaves behind: model, history, metrics. */
#ifndef MEDTL_TOOL_FINETUNE_OUTPUT_H
#define MEDTL_TOOL_FINETUNE_OUTPUT_H

#include "core/nn/network.h"
#include "finetune_data.h"

#include <jansson.h>

/** "RUN_FOLDER/name", owned by the caller (free); NULL without memory. */
char *run_path(const finetune_options *options, const char *name);

/** Is there a file of this name in the run folder? @return MEDTL_OK or MEDTL_E_MEMORY. */
medtl_status run_holds(const finetune_options *options, const char *name, bool *out,
                       medtl_error *err);

/** history.csv: one line for each epoch so far. */
medtl_status history_write(const char *path, const medtl_train_epoch *history, size_t count,
                           medtl_error *err);

/** What a run came to. Borrowed. */
typedef struct finetune_outcome {
    medtl_network *network;
    const medtl_train_result *result; /* all zero where nothing was trained in epochs */
    const char *init_sha256;          /* of the model that the run started from, or "" */
    json_t *details;                  /* an object whose keys go into the provenance, or NULL */
} finetune_outcome;

/** Calibrate on the validation images, write model.safetensors, what lies beside it and metrics.json, and print the metrics. */
medtl_status finetune_write(const finetune_options *options, const target *t,
                            const finetune_data *data, const finetune_outcome *outcome,
                            medtl_error *err);

#endif
