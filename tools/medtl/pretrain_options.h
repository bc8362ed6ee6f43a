/* The command line of `medtl pretrain`. */
#ifndef MEDTL_TOOL_PRETRAIN_OPTIONS_H
#define MEDTL_TOOL_PRETRAIN_OPTIONS_H

#include "core/train/pretrain/pretrain.h"
#include "image_source.h"
#include "options.h"

/* The order of the words in the option table. */
enum {
    PRETRAIN_BYOL,
    PRETRAIN_VICREG,
    PRETRAIN_SIMCLR,
    PRETRAIN_BARLOW,
    PRETRAIN_FREE_LABEL,
    PRETRAIN_METHODS
};
enum { PRETRAIN_OPTION_ROOM = 72 };

typedef struct pretrain_options {
    const char *data, *columns, *root, *folds;
    const char *probe, *probe_columns, *probe_root, *probe_label_map, *probe_folds;
    const char *held_out, *held_out_columns, *held_out_root, *held_out_folds;
    int leaks; /* a leak_policy */
    const char *task, *normaliser;
    uint64_t size; /* of the input; 0: the normaliser's */
    double max_unreadable;
    uint64_t cache_megabytes;
    const char *run_folder;
    bool resume, force, finish, quiet, recompute;
    double checkpoint_minutes;
    const char *architecture, *init, *free_label;
    uint64_t width;
    int method;                 /* order of the words in the table: see pretrain_kind() */
    uint64_t hidden, embedding; /* 0: the method's own */
    double target_momentum, temperature, off_diagonal, invariance, variance, covariance, smoothing;
    uint64_t epochs, batch, threads, loader_threads, seed, probe_every, neighbours;
    int optimizer, schedule;
    double rate, weight_decay, bias_decay, momentum, beta2, trust, clip, warmup;
    const char *augment_text; /* NULL: by the number of channels and the method */
    char *run_text;           /* everything that shapes the result; owned */
} pretrain_options;

/** The table over `p`, and its defaults. (pretrain_table.c)
 *  @param out  Room for PRETRAIN_OPTION_ROOM. @return how many there are. */
size_t pretrain_fill_table(pretrain_options *p, option *out);
void pretrain_set_defaults(pretrain_options *p);

/** Parse and check. @param[out] exit_code  Set where the command shall end now: help was printed, or
 *  the command line is wrong (and was explained); else -1. */
void pretrain_parse(int argc, char **argv, pretrain_options *out, int *exit_code);
void pretrain_options_clear(pretrain_options *o);

medtl_pretext_kind pretrain_kind(const pretrain_options *o);
const char *pretrain_method_name(const pretrain_options *o);

/** The augmentation's text: as given, or what suits. @param channels  Of the input. */
const char *pretrain_augment_text(const pretrain_options *o, uint32_t channels);

/** What the loop wants; its trunk, checkpoint and run text are the caller's to set. */
medtl_status pretrain_loop_options(const pretrain_options *o, uint32_t channels,
                                   medtl_pretrain_options *out, medtl_error *err);

image_source_options pretrain_images(const pretrain_options *o);
image_source_options pretrain_probe_images(const pretrain_options *o);
image_source_options pretrain_held_out_images(const pretrain_options *o);

#endif
