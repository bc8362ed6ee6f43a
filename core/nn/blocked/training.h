/* How a convolution on blocks is trained: forward, and both derivatives. */
#ifndef MEDTL_NN_BLOCKED_TRAINING_H
#define MEDTL_NN_BLOCKED_TRAINING_H

#include "depthwise_training.h"
#include "gradient.h"

typedef struct medtl_blocked_training {
    medtl_blocked_conv conv;
    bool depthwise;  /* backward is depthwise_training.h's; weight and data are not set */
    bool gives_data; /* somebody wants dx; else data is not set */
    medtl_blocked_weight weight;
    medtl_blocked_data data;
} medtl_blocked_training;

/** @return false if one of them has to be done on plain arrays; then all are. */
bool medtl_blocked_training_choose(const medtl_conv_shape *shape, bool plain_input, bool gives_data,
                                   medtl_blocked_training *training);

/** Floats for batches of `batch` images: of packed weights, forward's and backward's in turn; shared by all
 *  threads; of each thread. */
size_t medtl_blocked_training_packed_size(const medtl_blocked_training *training);
size_t medtl_blocked_training_shared_size(const medtl_blocked_training *training, size_t batch);
size_t medtl_blocked_training_scratch_size(const medtl_blocked_training *training);

#endif
