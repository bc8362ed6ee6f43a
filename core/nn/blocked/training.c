#include "training.h"

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

bool medtl_blocked_training_choose(const medtl_conv_shape *shape, bool plain_input, bool gives_data,
                                   medtl_blocked_training *training)
{
    training->gives_data = gives_data;
    if (!medtl_blocked_choose(shape, NULL, 0, plain_input, &training->conv))
        return false;
    training->depthwise = training->conv.algorithm == MEDTL_BLOCKED_DEPTHWISE;
    if (training->depthwise)
        return true;
    return shape->groups == 1 &&
           medtl_blocked_weight_choose(shape, plain_input, &training->weight) &&
           (!gives_data || medtl_blocked_data_choose(shape, &training->data));
}

size_t medtl_blocked_training_packed_size(const medtl_blocked_training *training)
{
    return larger(medtl_blocked_packed_size(&training->conv),
                  !training->depthwise && training->gives_data
                      ? medtl_blocked_data_packed_size(&training->data)
                      : 0);
}

size_t medtl_blocked_training_shared_size(const medtl_blocked_training *training, size_t batch)
{
    size_t size;

    if (training->depthwise)
        return medtl_depthwise_sums_size(&training->conv.shape, batch);
    size = larger(medtl_blocked_shared_size(&training->conv, smaller(batch, training->conv.images)),
                  medtl_blocked_weight_shared_size(&training->weight,
                                                   smaller(batch, training->weight.chunk)));

    if (training->gives_data)
        size = larger(size, medtl_blocked_data_shared_size(&training->data,
                                                           smaller(batch, training->data.images)));
    return size;
}

size_t medtl_blocked_training_scratch_size(const medtl_blocked_training *training)
{
    if (training->depthwise)
        return larger(medtl_blocked_scratch_size(&training->conv),
                      medtl_depthwise_scratch_size(&training->conv.shape));
    return larger(larger(medtl_blocked_scratch_size(&training->conv),
                         medtl_blocked_weight_scratch_size(&training->weight)),
                  training->gives_data ? medtl_blocked_data_scratch_size(&training->data) : 0);
}
