/* Arithmetic on a chosen convolution that packing and running share. */
#ifndef MEDTL_NN_BLOCKED_CONV_PARTS_H
#define MEDTL_NN_BLOCKED_CONV_PARTS_H

#include "depthwise_training.h"
#include "gradient.h"

/** What choosing must know of an instruction set: channels of a register tile with many weights, and with few. */
typedef struct medtl_blocked_width {
    size_t wide_group, narrow_group;
} medtl_blocked_width;

typedef struct medtl_blocked_kernels {
    const char *name;
    medtl_blocked_width width;
    void (*pack)(const medtl_blocked_conv *conv, const medtl_blocked_view *views, float *packed,
                 size_t item);
    void (*run)(const medtl_blocked_conv *conv, const medtl_blocked_call *call, size_t stage,
                size_t item);
    void (*weight)(const medtl_blocked_weight *weight, const medtl_blocked_weight_call *call,
                   size_t stage, size_t item);
    /** Item of stage 0; `sums` are its own. */
    void (*depthwise)(const medtl_conv_shape *shape, const medtl_depthwise_call *call, size_t item,
                      float *sums);
} medtl_blocked_kernels;

const medtl_blocked_kernels *medtl_blocked_kernels_get(void); /* of the running instruction set */

extern const medtl_blocked_kernels medtl_blocked_portable, medtl_blocked_avx2, medtl_blocked_avx512;

static inline size_t medtl_divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

/** The kernel tap of `part_taps` taps in the middle of `taps` that window tap j of a source is, or -1. */
static inline int medtl_winograd_tap(const medtl_winograd_source *source, size_t j, size_t taps,
                                     size_t part_taps)
{
    const int tap = source->tap[j] - (int)((taps - part_taps) / 2);

    return source->tap[j] >= 0 && tap >= 0 && tap < (int)part_taps ? tap : -1;
}

/** Does point `point` of a source contribute? Not at 0 without a first tap, nor at infinity without a last. */
static inline bool medtl_winograd_counts(const medtl_winograd_axis *axis,
                                         const medtl_winograd_source *source, size_t point,
                                         size_t taps, size_t part_taps)
{
    bool any = false;

    if (axis->points > 1 && point == 0)
        return medtl_winograd_tap(source, 0, taps, part_taps) >= 0;
    if (axis->points > 1 && point == axis->points - 1)
        return medtl_winograd_tap(source, axis->window - 1, taps, part_taps) >= 0;
    for (size_t j = 0; j < axis->window; j++)
        any = any || medtl_winograd_tap(source, j, taps, part_taps) >= 0;
    return any;
}

/** Find out what is multiplied at each point of each part, once the axes and the parts are known. */
void medtl_winograd_fill_points(medtl_blocked_conv *conv);

/** Products for each pair of an input and an output channel of a part, over all points. */
size_t medtl_winograd_products(const medtl_blocked_conv *conv, const medtl_blocked_part *part);

/* A transformed input: [phase][step][point][tile][16], points medtl_winograd_pitch() floats apart. */
static inline size_t medtl_winograd_points(const medtl_blocked_conv *conv)
{
    return conv->h.points * conv->w.points;
}

static inline size_t medtl_winograd_phases(const medtl_blocked_conv *conv)
{
    return conv->h.stride * conv->w.stride;
}

/** Tiles whose inputs lie behind those of a block's own: the windows of the last ones reach so far. */
static inline size_t medtl_winograd_reach(const medtl_blocked_conv *conv)
{
    return conv->h.ahead * conv->w.grid + conv->w.ahead;
}

/** Floats between points for `tiles` tiles; never a multiple of a page, which would fight over cache sets. */
static inline size_t medtl_winograd_pitch(size_t tiles)
{
    const size_t pitch = tiles * MEDTL_BLOCK + MEDTL_BLOCK;

    return pitch % 1024 == 0 ? pitch + MEDTL_BLOCK : pitch;
}

/** Tiles of `count` images, with those that are there only to be read ahead. */
static inline size_t medtl_winograd_tiles(const medtl_blocked_conv *conv, size_t count)
{
    return count * conv->h.grid * conv->w.grid;
}

/** Output channels [first, first + channels) of part `part` are one group of a register tile. Groups are
 *  numbered over all parts. */
typedef struct medtl_blocked_group {
    size_t part, first, channels;
    size_t packed; /* where its weights begin */
} medtl_blocked_group;

size_t medtl_blocked_groups(const medtl_blocked_conv *conv);
medtl_blocked_group medtl_blocked_group_at(const medtl_blocked_conv *conv, size_t index);

/** Phases of columns that a staged plane holds. */
size_t medtl_blocked_phases(const medtl_blocked_conv *conv);

/** Weights for each output channel of a part. */
size_t medtl_blocked_weights(const medtl_blocked_conv *conv, const medtl_blocked_part *part);

#endif
