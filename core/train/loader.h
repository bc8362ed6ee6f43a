/* Batches of augmented images, made ahead of their use by threads of their own.
 *
 * What a batch holds is a pure function of (seed, epoch, order, batch size): every image draws from a
 * generator forked for its place in the epoch, so neither threads nor timing matter. */
#ifndef MEDTL_TRAIN_LOADER_H
#define MEDTL_TRAIN_LOADER_H

#include "core/train/augment.h"
#include "core/train/dataset.h"
#include "medtl/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct medtl_loader_spec {
    const medtl_dataset *dataset;
    const size_t *order; /* images of this epoch; copied */
    size_t count;        /* of them, at least 1 */
    size_t batch;        /* images in each batch; the last may be smaller */
    size_t done;         /* batches to leave out at the start, as if they had been used already */
    size_t threads;      /* at least 1 */
    medtl_augment augment;
    double mixup; /* alpha of the Beta distribution; 0: none (Zhang et al., arXiv 1710.09412).
                              Images are mixed in pairs within a batch, one share for all of it */
    uint64_t seed, epoch;
} medtl_loader_spec;

typedef struct medtl_batch {
    size_t count;
    const float *input;   /* [count][channels][height][width] */
    const float *targets; /* [count][classes], rows sum to 1 */
} medtl_batch;

typedef struct medtl_loader medtl_loader;

/** Start the threads. */
medtl_status medtl_loader_create(const medtl_loader_spec *spec, medtl_loader **out,
                                 medtl_error *err);
/** Stop them, finished or not. NULL is allowed. */
void medtl_loader_destroy(medtl_loader *loader);

/** Wait for the next batch; it stays valid until the next call. After the last one: count 0.
 *  @return MEDTL_OK, or the failure of the first image that could not be read again. */
medtl_status medtl_loader_next(medtl_loader *loader, medtl_batch *out, medtl_error *err);

#endif
