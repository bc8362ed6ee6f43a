/* An experiment being carried out: the matrix of its runs, the splits they are given, and what is known of each.
 *
 *   OUT/prepared/NAME/            runs that others build on; with --prepared CACHE/RECIPE-KEY/ (experiment_prepare.c)
 *   OUT/splits/DATA-n50-s1.csv    the images of one size and seed, with their sides
 *   OUT/runs/ARM-n50-s1/          a run folder (run_folder.h); with cross-validation ARM-n50-s1-k0; and asked.json
 *   OUT/results.csv, summary.json, summary.md, plots/
 */
#ifndef MEDTL_TOOL_EXPERIMENT_RUN_H
#define MEDTL_TOOL_EXPERIMENT_RUN_H

#include "config/experiment.h"
#include "deal.h"
#include "evaluation_output.h"
#include "repeated.h"
#include "target.h"

enum { EXPERIMENT_MEASURES = 6 };

/** One run of the matrix. */
typedef struct experiment_cell {
    size_t arm, part;    /* part: of a cross-validation, from 0 */
    uint64_t size, seed; /* size 0: all images */
    char *name;          /* owned */
    size_t counts[DEAL_SIDES];
    bool done;
    double seconds, processor_seconds;
    medtl_interval measures[EXPERIMENT_MEASURES]; /* in the experiment's order; NAN: not known */
    char code[64];                                /* version of the code that measured */
} experiment_cell;

typedef struct experiment_options {
    const char *root;   /* folder that tables and {root} start from */
    const char *folder; /* OUT */
    const char
        *shared; /* folder of prepared runs that experiments share; NULL: each prepares its own */
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
    char **prepared_folders;  /* [prepared_count]; set by experiment_place() */
    double *prepared_seconds; /* [prepared_count] of processor time; NAN: not done */
} experiment_state;

/** Read the tables, make the list of runs. Nothing is trained.
 *  The order is seeds, then sizes, then arms: what is done first can be compared first. */
medtl_status experiment_open(const medtl_experiment *experiment, const experiment_options *options,
                             experiment_state *out, medtl_error *err);
void experiment_close(experiment_state *state); /* all zero is allowed */

/** Deal one run's images and write its table. @param[out] path  Owned by the caller; NULL on failure. */
medtl_status experiment_split(const experiment_state *state, experiment_cell *cell, char **path,
                              medtl_error *err);

/** Decide where the prepared runs lie. What is shared lies under a key made of everything that shapes it: the code's version,
 *  recipe, seed, normaliser, settings, where the images lie, and digests of the dealt table and of the files that settings
 *  name. (Not of the images themselves: they are taken to stay as they are, as in a run that is gone on with.) How a path is
 *  spelled does not matter. */
medtl_status experiment_place(experiment_state *state, medtl_error *err);

/** Carry out a prepared run or a run of the matrix, or go on with it; nothing where it is done. A shared run that another
 *  process is at is waited for. */
medtl_status experiment_prepare(const experiment_state *state, size_t index, bool check,
                                medtl_error *err);
medtl_status experiment_run_cell(const experiment_state *state, experiment_cell *cell, bool check,
                                 medtl_error *err);

/** Fill in what the run folders hold: done, seconds, measures. @return MEDTL_E_ARGUMENT where one is of another experiment than
 *  this one is now (experiment_record.h). */
medtl_status experiment_collect(experiment_state *state, medtl_error *err);

/* ---- parts of the above, for experiment_prepare.c ---- */

/** Deal images and write OUT/splits/NAME.csv. @param[out] path  Owned; NULL on failure. */
medtl_status experiment_deal(const experiment_state *state, size_t data_index,
                             const deal_options *how, const char *name, size_t *counts, char **path,
                             medtl_error *err);
/** Folder of a table's relative files. @return owned; NULL without memory. */
char *experiment_image_root(const experiment_state *state, const medtl_experiment_data *data);
/** The settings of a run with {root} and {PREPARED} filled in, added as "name=value". */
medtl_status experiment_settings(const experiment_state *state, const medtl_experiment_run *run,
                                 repeated *sets, medtl_error *err);
/** What is done with a recipe. */
typedef enum experiment_way {
    EXPERIMENT_CHECK, /* its command lines are checked, nothing is run */
    EXPERIMENT_RUN,
    EXPERIMENT_RUN_LOCKED /* the caller has locked the run folder */
} experiment_way;

/** Run a recipe, or check its command lines. @param table  The split; NULL: the recipe gets no labelled images. */
medtl_status experiment_run_recipe(const experiment_state *state, const medtl_experiment_run *run,
                                   const char *table, uint64_t seed, const char *folder,
                                   experiment_way way, medtl_error *err);

#endif
