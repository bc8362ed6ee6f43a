/* The command line of `medtl finetune`. */
#ifndef MEDTL_TOOL_FINETUNE_OPTIONS_H
#define MEDTL_TOOL_FINETUNE_OPTIONS_H

#include "core/train/hybrid.h"
#include "core/train/train.h"
#include "labels.h"
#include "leaks.h"
#include "options.h"
#include "sr_labels.h"

enum { FINETUNE_OPTION_ROOM = 112 }; /* at least as many as finetune_table() has */

/* The order of the words in the option table. */
enum { WEIGHT_NONE, WEIGHT_SQRT, WEIGHT_BALANCED };
enum { NORMS_AUTO, NORMS_KEEP, NORMS_MOVE };
typedef enum finetune_strategy {
    STRATEGY_ALL,
    STRATEGY_SCRATCH,
    STRATEGY_FEATURES,
    STRATEGY_HYBRID,
    STRATEGY_TOP,
    STRATEGY_GRADUAL,
    STRATEGY_BLOCK_SEARCH
} finetune_strategy;

/** A file of the run folder that is of the model, and comes there with it: until then it has a name of its own, and
 *  once that was read, only these bytes. All owned. */
typedef struct run_file {
    char *path, *draft;
    unsigned char *bytes; /* NULL: not read */
    size_t size;
} run_file;

typedef struct finetune_options {
    labels_options labels;
    const char *reports,
        *label_codes; /* labels from reports: the folder; which code is which class */
    sr_labels_options from_reports;
    run_file reports_table,
        reports_left_out; /* labels.csv and labels-left-out.csv; without a path: --data was given */
    size_t reports_unreadable;
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
    int strategy, frozen_norms, classifier;
    uint64_t blocks, groups, probe_epochs, feature_variants, neighbours;
    double group_decay, cost, gamma;
    const char *open_text;
    medtl_unfreeze
        unfreeze; /* from groups, group_decay and open_text, and what the strategy says */
    uint64_t step_epochs, patience, early_stop;
    double step_factor, least_rate;
    bool find_rate, allow_empty;
    int leaks; /* leak_policy */
    double find_low, find_high;
    uint64_t find_steps;
    double dropout;
    uint64_t epochs, batch, threads, loader_threads, seed;
    int optimizer, schedule, loss, class_weights, sampling, select;
    double rate, weight_decay, bias_decay, layer_decay, head_rate, momentum, beta2, trust;
    double clip, warmup, average, focal_gamma;
    double label_smoothing, logit_adjustment, mixup;
    const char *augment_text;
    medtl_augment augment;  /* parsed */
    char *run_text;         /* everything that shapes the result; owned */
    char *earlier_run_text; /* the same as it was written before it named the classes; owned */
} finetune_options;

/** Parse and check. @param[out] exit_code  Set where the command shall end now: help was printed, or
 *  the command line is wrong (and was explained); else -1. */
void finetune_parse(int argc, char **argv, finetune_options *out, int *exit_code);
void finetune_options_clear(finetune_options *o);

/** The table of options over the fields of `f`. @param out  [FINETUNE_OPTION_ROOM]. @return how many. */
size_t finetune_table(finetune_options *f, option *out);
void finetune_defaults(finetune_options *f);

/** Is it a strategy of transfer, which is nothing without weights to start from? */
bool finetune_needs_init(const finetune_options *o);

/** The options of the loop, for a network of `stages` stages. @param checkpoint  Borrowed. */
medtl_status finetune_train_options(const finetune_options *o, uint32_t stages,
                                    const char *checkpoint, medtl_train_options *out,
                                    medtl_error *err);

#endif
