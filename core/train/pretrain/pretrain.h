/* Training without labels: epochs of two views of each image (or of one and a label that came for free), a probe
 * by nearest neighbours that chooses the weights, checkpoints at any step.
 *
 * Everything random is a pure function of (seed, epoch, place in the epoch). A run stopped at any moment and gone
 * on with from its checkpoint gives the same weights as one that was never stopped, bit for bit. */
#ifndef MEDTL_TRAIN_PRETRAIN_H
#define MEDTL_TRAIN_PRETRAIN_H

#include "core/train/augment.h"
#include "core/train/dataset.h"
#include "core/train/optimizer.h"
#include "core/train/pretrain/learner.h"
#include "core/train/schedule.h"

typedef struct medtl_pretrain_options {
    medtl_learner_spec
        learner; /* `batch`: images in a step; a last batch that is not full is left out */
    size_t epochs, loader_threads;
    medtl_optimizer_options optimizer; /* without an average */
    double rate;                       /* the highest learning rate */
    medtl_schedule schedule;
    double warmup; /* in epochs */
    medtl_augment augment;
    uint64_t seed;
    size_t probe_every; /* epochs from one probe to the next; the last epoch has one in any case */
    size_t neighbours;  /* of the probe; 20 is usual */
    double probe_temperature;
    const char *checkpoint;    /* file; NULL: none */
    double checkpoint_seconds; /* from one to the next; 0: after each step */
    const char *run;           /* text that tells this run from others, kept in the checkpoint */
    bool resume;               /* from the checkpoint, if the file is there */
    bool finish;               /* train no more: take what the checkpoint holds */
} medtl_pretrain_options;

/** Images with labels and groups (patients, lesions), for the probe. Labels are those of the data set. */
typedef struct medtl_probe {
    const medtl_dataset *dataset; /* NULL: no probe; the last epoch's weights are kept */
    const size_t *indices;        /* [count], usable images */
    size_t count;
    const uint32_t *groups; /* [count], at least two of them: neighbours are of other groups */
} medtl_probe;

/** One epoch's record. */
typedef struct medtl_pretrain_epoch {
    uint64_t epoch;  /* 1-based */
    double rate;     /* of its last step */
    double loss;     /* means over its steps */
    double gradient; /* length before clipping */
    double spread;   /* medtl_learner_step(); NAN without views */
    double probe_auc, probe_balanced_accuracy, probe_accuracy; /* NAN where it was not asked */
    double seconds;
} medtl_pretrain_epoch;

/** Where a running epoch stands. */
typedef struct medtl_pretrain_step {
    size_t epoch, epochs; /* 1-based, of all */
    size_t images, total; /* done and to do in this epoch */
    double loss, rate;    /* mean so far; of this step */
    double images_per_second;
} medtl_pretrain_step;

/** Told of progress from the calling thread; either may be NULL. Other than MEDTL_OK stops the run with that
 *  status; a checkpoint is written first. */
typedef struct medtl_pretrain_watch {
    medtl_status (*step)(void *context, const medtl_pretrain_step *step);
    medtl_status (*epoch)(void *context, const medtl_pretrain_epoch *history, size_t count,
                          bool best);
    void *context;
} medtl_pretrain_watch;

typedef struct medtl_pretrain_result {
    medtl_pretrain_epoch *history; /* owned by the caller (free); [epochs] */
    size_t epochs;                 /* that were trained */
    size_t
        chosen; /* 1-based epoch whose weights the trunk now has: the one with the largest macro AUC of the
                      probe, the last where there is no probe */
} medtl_pretrain_result;

/** Train the learner's network in place; its trunk then has the chosen weights. Where options->finish comes before the
 *  first probe, the checkpoint's weights are probed then, and count as those of its last whole epoch.
 *  @param learner  Made from options->learner; its network may have been given other weights since.
 *  @param indices  [count] usable images of `images`. Their labels are used by MEDTL_PRETEXT_LABELS alone.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for impossible options, fewer images than a batch, or a loss that became
 *          no number; MEDTL_E_CONFIG for a checkpoint of another run; MEDTL_E_CANCELLED; MEDTL_E_IO;
 *          MEDTL_E_MEMORY. */
medtl_status medtl_pretrain(medtl_learner *learner, const medtl_dataset *images,
                            const size_t *indices, size_t count, const medtl_probe *probe,
                            const medtl_pretrain_options *options,
                            const medtl_pretrain_watch *watch, medtl_pretrain_result *result,
                            medtl_error *err);

/** tau of BYOL's target for a step: from `base` to 1 by half a cosine (its paper, section 3.2). */
double medtl_byol_momentum(double base, size_t step, size_t steps);

#endif
