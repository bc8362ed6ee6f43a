/* A run of `medtl finetune`, as its strategies share it. */
#ifndef MEDTL_TOOL_FINETUNE_SESSION_H
#define MEDTL_TOOL_FINETUNE_SESSION_H

#include "core/nn/network.h"
#include "finetune_data.h"
#include "finetune_options.h"
#include "progress.h"
#include "target.h"

#include <jansson.h>

typedef struct session {
    finetune_options options;
    target target;
    finetune_data data;
    medtl_network *network; /* with the weights to start from */
    char init_sha256[MEDTL_SHA256_TEXT_SIZE];
    progress_line line;
    double epoch_rate;   /* images per second of the running epoch */
    const char *history; /* file that is written after each epoch; NULL: none */
} session;

/** A network as the options ask for, with the weights of --init. @param report  Say what was taken over. */
medtl_status session_build(session *s, bool report, medtl_network **out, medtl_error *err);

/** Train on a data set, with progress, checkpoint and history.
 *  @param suffix  Of checkpoint and history file names: "" or "-blocks-2"; NULL: write neither.
 *  @param result  result->history is the caller's (free). */
medtl_status session_train_on(session *s, medtl_network *network, const medtl_dataset *dataset,
                              const size_t *train, size_t train_count, const size_t *validation,
                              size_t validation_count, const medtl_train_options *options,
                              const char *suffix, medtl_train_result *result, medtl_error *err);

/** The same, on the images of the run. */
medtl_status session_train(session *s, medtl_network *network, const medtl_train_options *options,
                           const char *suffix, medtl_train_result *result, medtl_error *err);

/** Calibrate and write model and metrics. @param details  A JSON object for the provenance; NULL: none. Borrowed. */
medtl_status session_write(session *s, medtl_network *network, const medtl_train_result *result,
                           json_t *details, medtl_error *err);

/** The strategies. Each trains and writes. */
medtl_status finetune_layers(session *s, medtl_error *err); /* all, scratch, top, gradual */
medtl_status finetune_features(session *s, medtl_error *err);
medtl_status finetune_hybrid(session *s, medtl_error *err);
medtl_status finetune_block_search(session *s, medtl_error *err);

/** --find-lr: rates.csv and rates.png instead of a model. */
medtl_status finetune_find_rate(session *s, medtl_error *err);

/** What the last layer reads, of images of the run.
 *  @param variants  0: of the images as they are; else N more for each, behind one another.
 *  @param[out] features  [(1 + variants) * count][size]; owned by the caller (free). */
medtl_status session_features(session *s, const size_t *indices, size_t count, size_t variants,
                              float **features, size_t *size, medtl_error *err);

/** Train the last layer on stored features, and put it into the network. @param epochs  Instead of the options'.
 *  @param checkpoint  Keep one, and a history. */
medtl_status session_train_head(session *s, medtl_network *network, size_t epochs, bool checkpoint,
                                medtl_train_result *result, medtl_error *err);

/** Refuse, with names and counts, images that cannot teach what the strategy needs. */
medtl_status finetune_check_counts(const session *s, medtl_error *err);

#endif
