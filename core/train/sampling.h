/* Which images an epoch shows, and in which order. */
#ifndef MEDTL_TRAIN_SAMPLING_H
#define MEDTL_TRAIN_SAMPLING_H

#include "core/train/dataset.h"
#include "medtl/error.h"

#include <stdint.h>

/** Fill `order` ([count]) for one epoch, a pure function of the arguments.
 *
 *  power 0 shows each image once. Above, class k gets a share in proportion to n_k^(1 - power) of the
 *  epoch's `count` places (0.5: by square root, 1: all classes equally), and goes through its images in
 *  random order, again and again where it needs more than it has.
 *  @param indices  [count] images of `dataset` to show. */
medtl_status medtl_sampling_plan(const medtl_dataset *dataset, const size_t *indices, size_t count,
                                 double power, uint64_t seed, uint64_t epoch, size_t *order,
                                 medtl_error *err);

#endif
