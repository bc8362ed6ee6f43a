/* The training loop: epochs of augmented batches, a choice by validation, checkpoints.
 *
 * Everything random is a pure function of (seed, epoch, place in the epoch), so neither thread counts nor
 * stopping and resuming change a bit of the result. */
#ifndef MEDTL_TRAIN_TRAIN_H
#define MEDTL_TRAIN_TRAIN_H

#include "core/nn/network.h"
#include "core/train/augment.h"
#include "core/train/dataset.h"
#include "core/train/loss.h"
#include "core/train/optimizer.h"
#include "core/train/schedule.h"
#include "core/train/unfreeze.h"
#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum medtl_train_select {
    MEDTL_SELECT_AUC, /* macro, one against the rest */
    MEDTL_SELECT_BALANCED_ACCURACY,
    MEDTL_SELECT_LOSS
} medtl_train_select;

typedef struct medtl_train_options {
    size_t epochs,
        batch;      /* at least 1. A last batch that is not full is left out of an epoch, unless
                               it is the only one: tiny batches spoil batch statistics */
    size_t threads; /* of passes and updates */
    size_t loader_threads; /* of augmentation */
    bool
        recompute; /* compute activations twice rather than keep them: the same bits in less memory */
    medtl_optimizer_options optimizer;
    double rate; /* the highest learning rate */
    medtl_schedule schedule;
    double warmup;      /* in epochs */
    size_t step_epochs; /* MEDTL_SCHEDULE_STEP: epochs between two drops of the rate */
    double step_factor; /* MEDTL_SCHEDULE_STEP and _PLATEAU: of a drop, above 0 to 1 */
    size_t
        patience; /* MEDTL_SCHEDULE_PLATEAU: epochs in a row that validation may not improve in before a drop */
    double
        least_rate; /* MEDTL_SCHEDULE_PLATEAU: training ends when the rate falls below this; 0: it does not */
    medtl_unfreeze
        unfreeze; /* groups of stages with rates of their own, opening one after another */
    bool
        freeze_norms; /* batch norms of stages that do not move use and keep their running statistics;
                            else these move all the same, as in Romero et al. */
    size_t early_stop; /* end after so many epochs in a row without a better one; 0: do not */
    medtl_loss_kind loss;
    double focal_gamma;     /* of MEDTL_LOSS_FOCAL */
    double class_weights;   /* in the loss: 0 none, 0.5 by square root, 1 balanced */
    double sampling;        /* of an epoch: likewise */
    double label_smoothing; /* 0 to below 1 */
    double
        logit_adjustment; /* tau of medtl_logit_adjustment(), 0 or more; 0: none. Not of MEDTL_LOSS_BINARY */
    double mixup; /* alpha; 0: none */
    medtl_augment augment;
    medtl_train_select select;
    uint64_t seed;
    const char *checkpoint;  /* file written after each epoch; NULL: none */
    const char *run;         /* text that tells this run from others, kept in the checkpoint */
    const char *earlier_run; /* as an earlier version wrote it: accepted, too; NULL: none */
    bool resume;             /* from the checkpoint, if the file is there */
    size_t stop_after;       /* stop (MEDTL_E_CANCELLED) once this many epochs are done; 0: go on */
    bool finish;             /* train no more: take the best epoch that the checkpoint holds */
} medtl_train_options;

/** One epoch's record. Validation numbers are NAN without validation images. */
typedef struct medtl_train_epoch {
    uint64_t epoch;  /* 1-based */
    double rate;     /* of its last step */
    double loss;     /* mean over its steps, with weights, smoothing and mixing */
    double gradient; /* mean length before clipping */
    double validation_loss, validation_auc, validation_accuracy, validation_balanced_accuracy;
    double seconds; /* of training and validation */
} medtl_train_epoch;

/** Where a running epoch stands. */
typedef struct medtl_train_step {
    size_t epoch, epochs;     /* 1-based, of all */
    size_t images, total;     /* done and to do in this epoch */
    double loss;              /* mean so far */
    double images_per_second; /* of this epoch */
} medtl_train_step;

/** Told of progress from the calling thread; either may be NULL. Other than MEDTL_OK stops the run with
 *  that status; the last checkpoint stays. `history` has `count` epochs, the last of which has just ended. */
typedef struct medtl_train_watch {
    medtl_status (*step)(void *context, const medtl_train_step *step);
    medtl_status (*epoch)(void *context, const medtl_train_epoch *history, size_t count, bool best);
    void *context;
} medtl_train_watch;

typedef struct medtl_train_result {
    medtl_train_epoch *history; /* owned by the caller (free); [epochs] */
    size_t epochs;              /* that were trained */
    size_t chosen; /* 1-based epoch whose weights the network now has: the best by validation, the
                      last where there is none */
} medtl_train_result;

/** Train in place. With a running average, its weights are what is validated and kept.
 *  @param train, validation  Indices of usable images in `dataset`; validation may be empty.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for impossible options or a loss that became no number;
 *          MEDTL_E_CONFIG for a checkpoint of another run; MEDTL_E_CANCELLED; MEDTL_E_IO; MEDTL_E_MEMORY. */
medtl_status medtl_train(medtl_network *network, const medtl_dataset *dataset, const size_t *train,
                         size_t train_count, const size_t *validation, size_t validation_count,
                         const medtl_train_options *options, const medtl_train_watch *watch,
                         medtl_train_result *result, medtl_error *err);

/** What an epoch is chosen by: larger is better; NAN without validation. */
double medtl_train_score(medtl_train_select select, const medtl_train_epoch *epoch);

/** Logits of images without augmentation, in evaluation mode.
 *  @param views   Which they are averaged over (core/nn/views.h); they must fit the images.
 *  @param logits  [count][classes]. */
medtl_status medtl_train_predict(medtl_network *network, const medtl_dataset *dataset,
                                 const size_t *indices, size_t count, size_t batch, size_t threads,
                                 medtl_views views, float *logits, medtl_error *err);

/** What the last layer of a network reads ("features") for each image, in evaluation mode.
 *  @param augment   Variants to draw; NULL: the images as they are.
 *  @param seed      Of the variants, and
 *  @param variant   which of them: image i of `indices` gets the same one for the same pair, and draws of its own for
 *                   any other.
 *  @param features  [count][medtl_train_feature_size()]. */
medtl_status medtl_train_features(medtl_network *network, const medtl_dataset *dataset,
                                  const size_t *indices, size_t count, size_t batch, size_t threads,
                                  const medtl_augment *augment, uint64_t seed, uint64_t variant,
                                  const medtl_train_watch *watch, float *features,
                                  medtl_error *err);

/** Values that the last layer of a network reads; 0 for an ensemble, whose members each have their own. */
size_t medtl_train_feature_size(const medtl_network *network);

#endif
