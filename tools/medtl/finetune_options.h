/* The command line of `medtl finetune`. */
#ifndef MEDTL_TOOL_FINETUNE_OPTIONS_H
#define MEDTL_TOOL_FINETUNE_OPTIONS_H

#include "core/train/train.h"
#include "labels.h"
#include "options.h"

/* The order of the words in the option table. */
enum { WEIGHT_NONE, WEIGHT_SQRT, WEIGHT_BALANCED };

typedef struct finetune_options {
    labels_options labels;
    const char *task, *normaliser, *classes;
    const char *test_folds, *validation_folds;
    double max_unreadable;
    uint64_t cache_megabytes;
    const char *run_folder;
    const char *views_text;
    medtl_views views; /* from views_text */
    bool resume, force, finish, f16, quiet, recompute;
    uint64_t stop_after;
    const char *name, *version;
    const char *architecture, *init;
    uint64_t width, frozen_stages;
    double dropout;
    uint64_t epochs, batch, threads, loader_threads, seed;
    int optimizer, schedule, loss, class_weights, sampling, select;
    double rate, weight_decay, bias_decay, layer_decay, head_rate, momentum, beta2, trust;
    double clip, warmup, average, focal_gamma;
    double label_smoothing, mixup;
    const char *augment_text;
    medtl_augment augment; /* parsed */
    char *run_text;        /* everything that shapes the result; owned */
} finetune_options;

/** Parse and check. @param[out] exit_code  Set where the command shall end now: help was printed, or
 *  the command line is wrong (and was explained); else -1. */
void finetune_parse(int argc, char **argv, finetune_options *out, int *exit_code);
void finetune_options_clear(finetune_options *o);

/** The options of the loop. @param checkpoint  Borrowed. */
medtl_train_options finetune_train_options(const finetune_options *o, const char *checkpoint);

#endif
