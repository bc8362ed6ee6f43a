/* Norms whose statistics say nothing yet, measured on images of a data set. */
#ifndef MEDTL_TRAIN_SETTLE_H
#define MEDTL_TRAIN_SETTLE_H

#include "core/nn/network.h"
#include "core/train/dataset.h"

/** medtl_trainer_pass_settle_norms() on up to `most` of the images, taken at equal distances, as they are.
 *  @param count   Images in `indices`, at least 1. @param most  At least 1; memory is that of a training batch of as many.
 *  @param[out] used  How many it were; may be NULL. */
medtl_status medtl_train_settle_norms(medtl_network *network, const medtl_dataset *dataset,
                                      const size_t *indices, size_t count, size_t most,
                                      size_t threads, size_t *used, medtl_error *err);

#endif
