/* The inside of a training run, for the files that make one up: train.c (from start to end), train_epoch.c (steps),
 * train_evaluate.c (validation), train_checkpoint.c (stopping and going on). */
#ifndef MEDTL_TRAIN_TRAIN_PARTS_H
#define MEDTL_TRAIN_TRAIN_PARTS_H

#include "core/base/pool.h"
#include "core/train/loader.h"
#include "core/train/train.h"
#include "core/train/unfreeze.h"

/** What a checkpoint holds beside the arrays. All of it is 8 bytes wide, so there is no padding. */
typedef struct medtl_train_progress {
    uint64_t done;   /* epochs */
    uint64_t chosen; /* 1-based epoch of the kept weights; 0: none yet */
    double best;     /* its score */
} medtl_train_progress;

typedef struct medtl_train_run {
    medtl_network *network;
    const medtl_dataset *dataset;
    const size_t *train, *validation;
    size_t train_count, validation_count, shown; /* images shown in an epoch: whole batches */
    const medtl_train_options *options;
    const medtl_train_watch *watch;
    size_t classes;
    medtl_trainer_pass *pass;
    medtl_optimizer *optimizer;
    medtl_stage_plan stages;
    uint32_t open_stage; /* the lowest stage that moves, as `pass` was last told */
    medtl_pool *pool;
    size_t *order;        /* [train_count] */
    float *class_weights; /* [classes] */
    float *shifts;        /* [classes] of the logit adjustment */
    float *adjusted;      /* [batch][classes] logits with them */
    float *dlogits;       /* [batch][classes] */
    float *logits;        /* [validation_count][classes] */
    uint32_t *labels;     /* [validation_count] */
    double *losses;       /* [epochs]: room for the plateau schedule */
    float **kept;         /* the best weights, as the network's parameters */
    medtl_train_progress progress;
    medtl_train_epoch *history; /* [epochs] */
} medtl_train_run;

/** Everything that the first step needs, from the options; the checkpoint is not read. Give the run to
 *  medtl_train_release() whatever comes back. */
medtl_status medtl_train_prepare(medtl_train_run *run, medtl_error *err);
void medtl_train_release(medtl_train_run *run);

/** Steps in an epoch. */
size_t medtl_train_batches(const medtl_train_run *run);

/** One step on a batch with this learning rate.
 *  @param step  Of the whole run: what dropout and opening stages go by.
 *  @return MEDTL_E_ARGUMENT for a loss or gradient that is no number. */
medtl_status medtl_train_step_on(medtl_train_run *run, const medtl_batch *batch, size_t step,
                                 double rate, double *loss, double *gradient, medtl_error *err);

/** All steps of an epoch. */
medtl_status medtl_train_run_steps(medtl_train_run *run, medtl_train_epoch *epoch,
                                   medtl_error *err);

/** The learning rate's factor for all of the next epoch, beside that of its steps. */
double medtl_train_epoch_factor(const medtl_train_run *run);

/** Fill in the epoch's validation figures: NAN without images. */
medtl_status medtl_train_validate(medtl_train_run *run, medtl_train_epoch *epoch, medtl_error *err);

medtl_status medtl_train_save(medtl_train_run *run, medtl_error *err);
medtl_status medtl_train_restore(medtl_train_run *run, medtl_error *err);

/** Seconds of a clock that only goes forward. */
double medtl_train_now(void);

#endif
