/* What a run leaves behind: model, history, metrics. */
#ifndef MEDTL_TOOL_FINETUNE_OUTPUT_H
#define MEDTL_TOOL_FINETUNE_OUTPUT_H

#include "core/nn/network.h"
#include "finetune_data.h"

/** "RUN_FOLDER/name", owned by the caller (free); NULL without memory. */
char *run_path(const finetune_options *options, const char *name);

/** history.csv: one line for each epoch so far. */
medtl_status history_write(const char *path, const medtl_train_epoch *history, size_t count,
                           medtl_error *err);

/** Calibrate on the validation images, write model.safetensors and metrics.json and print the metrics.
 *  @param init_sha256  Of the model that the run started from, or "". */
medtl_status finetune_write(const finetune_options *options, const target *t,
                            const finetune_data *data, medtl_network *network,
                            const medtl_train_result *result, const char *init_sha256,
                            medtl_error *err);

#endif
