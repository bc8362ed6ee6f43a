/* Backward of a depthwise convolution on blocks: both derivatives, and those of the ReLUs before and behind it, in one
 * walk over x and dy, a block of one image at a time. Sums over the pixels of an image are kept apart, and added up in
 * order, so that results do not depend on threads. */
#ifndef MEDTL_NN_BLOCKED_DEPTHWISE_TRAINING_H
#define MEDTL_NN_BLOCKED_DEPTHWISE_TRAINING_H

#include "conv.h"

/** Strides are floats from one image to the next. */
typedef struct medtl_depthwise_call {
    const float *packed; /* as forward's */
    size_t count;        /* images */
    const float *x;
    float *dy; /* its contents are lost */
    size_t x_stride, dy_stride;
    medtl_relu relu; /* of the convolution: dy counts as zero where y says that it cut */
    const float *y;  /* NULL without one */
    size_t y_stride;
    float *dx; /* NULL: not wanted */
    size_t dx_stride;
    bool add;              /* to what is in dx */
    medtl_relu input_relu; /* that made x: dx becomes zero where it cut */
    float *sums;           /* medtl_depthwise_sums_size() floats, shared by all threads */
    float *scratch; /* medtl_depthwise_scratch_size() floats of the thread that runs the item */
    float *dw;      /* [channels][kh][kw], overwritten */
    float *bias;    /* [channels], overwritten; NULL: not wanted */
} medtl_depthwise_call;

size_t medtl_depthwise_sums_size(const medtl_conv_shape *shape, size_t count);

/** Has it a 3x3 kernel at stride 1 or 2, which most have? Others take longer. */
bool medtl_depthwise_is_small(const medtl_conv_shape *shape);
size_t medtl_depthwise_scratch_size(const medtl_conv_shape *shape);

/** First the items of stage 0, then those of stage 1, which add up. */
enum { MEDTL_DEPTHWISE_STAGES = 2 };
size_t medtl_depthwise_items(const medtl_conv_shape *shape, size_t stage, size_t count);
void medtl_depthwise_run(const medtl_conv_shape *shape, const medtl_depthwise_call *call,
                         size_t stage, size_t item);

#endif
