/* An experiment being carried out: the matrix of its runs, the splits they are given, and what is known of each.
 *
 *   OUT/prepared/NAME/            runs that others build on
 *   OUT/splits/DATA-n50-s1.csv    the images of one size and seed, with their sides
 *   OUT/runs/ARM-n50-s1/          a run folder (run_folder.h); with cross-validation ARM-n50-s1-k0
 *   OUT/results.csv, summary.json, summary.md, plots/
 */
#ifndef MEDTL_TOOL_EXPERIMENT_RUN_H
#define MEDTL_TOOL_EXPERIMENT_RUN_H

#include "config/experiment.h"
#include "deal.h"
#include "evaluation_output.h"
#include "target.h"

enum { EXPERIMENT_MEASURES = 6 };

/** One run of the matrix. */
typedef struct experiment_cell {
    size_t arm, part;    /* part: of a cross-validation, from 0 */
    uint64_t size, seed; /* size 0: all images */
    char *name;          /* owned */
    size_t counts[DEAL_SIDES];
    bool done;
    double seconds;
    medtl_interval measures[EXPERIMENT_MEASURES]; /* in the experiment's order; NAN: not known */
    char code[64];                                /* version of the code that measured */
} experiment_cell;

typedef struct experiment_options {
    const char *root;   /* folder that tables and {root} start from */
    const char *folder; /* OUT */
    uint64_t threads;
    bool quiet;
} experiment_options;

typedef struct experiment_state {
    const medtl_experiment *experiment;
    experiment_options options;
    labels *tables;  /* [data_count] */
    target *targets; /* [data_count] */
    experiment_cell *cells;
    size_t cell_count;
    double *prepared_seconds; /* [prepared_count]; NAN: not done */
} experiment_state;

/** Read the tables, make the list of runs. Nothing is trained.
 *  The order is seeds, then sizes, then arms: what is done first can be compared first. */
medtl_status experiment_open(const medtl_experiment *experiment, const experiment_options *options,
                             experiment_state *out, medtl_error *err);
void experiment_close(experiment_state *state); /* all zero is allowed */

/** Deal one run's images and write its table. @param[out] path  Owned by the caller; NULL on failure. */
medtl_status experiment_split(const experiment_state *state, experiment_cell *cell, char **path,
                              medtl_error *err);

/** Carry out a prepared run or a run of the matrix, or go on with it; nothing where it is done. */
medtl_status experiment_prepare(const experiment_state *state, size_t index, bool check,
                                medtl_error *err);
medtl_status experiment_run_cell(const experiment_state *state, experiment_cell *cell, bool check,
                                 medtl_error *err);

/** Fill in what the run folders hold: done, seconds, measures. */
medtl_status experiment_collect(experiment_state *state, medtl_error *err);

#endif
