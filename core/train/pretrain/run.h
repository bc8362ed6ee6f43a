/* The inside of one run, for the files of this folder. */
#ifndef MEDTL_TRAIN_PRETRAIN_RUN_H
#define MEDTL_TRAIN_PRETRAIN_RUN_H

#include "pretrain.h"

enum { MEDTL_PRETRAIN_TURNS = 4 }; /* quarter turns, and classes of MEDTL_PRETEXT_ROTATION */

/** What a checkpoint holds beside the arrays. All of it is 8 bytes wide, so there is no padding. */
typedef struct medtl_pretrain_progress {
    uint64_t done;    /* epochs */
    uint64_t batches; /* of the epoch that is running */
    uint64_t chosen;  /* 1-based epoch of the kept weights; 0: none yet */
    double best;      /* its score */
} medtl_pretrain_progress;

typedef struct medtl_pretrain_run {
    medtl_learner *learner;
    medtl_network *network; /* the learner's */
    const medtl_dataset *images;
    const size_t *indices;
    size_t count, batches; /* images; batches in an epoch */
    const medtl_probe *probe;
    const medtl_pretrain_options *options;
    const medtl_pretrain_watch *watch;
    size_t views;
    medtl_optimizer *optimizer;
    medtl_pool *pool;
    size_t *order;       /* [count]: the epoch's */
    size_t *places;      /* [batches * views * batch]: what the loader is asked for */
    float *turned;       /* [batch] images, for rotation */
    float *turn_targets; /* [batch][MEDTL_PRETRAIN_TURNS] */
    float **kept;        /* the chosen weights of the trunk; NULL elsewhere */
    medtl_pretrain_progress progress;
    medtl_pretrain_epoch *history; /* [epochs]; the one that is running holds sums */
    double saved;                  /* when the last checkpoint was written, seconds */
} medtl_pretrain_run;

/** The steps of the epoch that is running, from where it stands. */
medtl_status medtl_pretrain_learn_epoch(medtl_pretrain_run *run, medtl_pretrain_epoch *epoch,
                                        medtl_error *err);

/** Seconds of a clock that only goes forward. */
double medtl_pretrain_now(void);

/** Write the checkpoint. */
medtl_status medtl_pretrain_save(medtl_pretrain_run *run, medtl_error *err);
/** Read it back, where the options ask for that and the file is there. */
medtl_status medtl_pretrain_restore(medtl_pretrain_run *run, medtl_error *err);

/** Ask the probe, and write its answer into the epoch's record. */
medtl_status medtl_pretrain_ask_probe(medtl_pretrain_run *run, medtl_pretrain_epoch *epoch,
                                      medtl_error *err);

#endif
