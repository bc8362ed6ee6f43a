/* How one convolution pass is laid out in memory and cut into tiles: pure arithmetic on a shape, the same
 * for every instruction set but for the width of its vectors and register tiles.
 *
 * The idea that all passes share. The input is copied ("staged") into planes with the padding written out
 * as zeros and, for a stride of S, with its rows and columns sorted by their remainder modulo S. In that
 * layout every kernel tap is a constant shift: output t of an axis reads staged element t + shift(tap) of the
 * plane for slot(tap). A row of staged elements has `pitch` floats, so the outputs of a whole band of rows,
 * numbered q = row * pitch + column, form one long vector for which tap d reads staged[offset[d] + q]. A
 * convolution is then a matrix product whose right-hand side needs no im2col buffer; the price is the outputs
 * with column >= width, which are computed and dropped. Neighbouring rows share their padding, which keeps
 * that price at a column or two.
 *
 * The data gradient is the same product with input and output exchanged: dy is staged plainly (no remainders),
 * and it is the outputs that are sorted by remainder modulo the stride ("phases"), each with its own taps. */
#ifndef MEDTL_NN_KERNELS_PLAN_H
#define MEDTL_NN_KERNELS_PLAN_H

#include "kernels.h"

/* What a plan must know of an instruction set. */
typedef struct medtl_kernel_width {
    size_t vector;  /* floats in a vector */
    size_t rows;    /* output channels of a register tile; half of it must be a tile, too */
    size_t vectors; /* pixel vectors of a register tile */
} medtl_kernel_width;

/* One axis of a pass. Output t (first <= t < first + count) of phase p is element
 * t * out_stride + phase - out_pad of what is written; staged element r of slot f is element
 * r * in_stride + phase - in_pad of what is read, both where it exists. */
typedef struct medtl_conv_axis {
    size_t in, out; /* extents of what is read and written */
    size_t in_stride, out_stride;
    ptrdiff_t in_pad, out_pad;
    size_t taps, dilation, stride;
    size_t period;              /* taps this far apart have the same remainder */
    size_t in_slots, out_slots; /* remainders that any tap has */
    ptrdiff_t first;
    size_t count;
    ptrdiff_t shift_low; /* smallest shift of a tap */
    size_t shift_span;   /* largest less smallest */
    bool transposed;     /* data gradient: shifts run the other way */
} medtl_conv_axis;

/* A pass that is a product: forward, or data gradient. Channels are those of one group. */
typedef struct medtl_conv_plan {
    medtl_conv_axis h, w;
    size_t in_channels, out_channels, groups;
    size_t pitch;
    size_t plane;           /* floats of a staged plane; an odd number of cache lines */
    size_t block_channels;  /* input channels staged at a time: the depth of a product */
    size_t tile_rows;       /* output channels of a register tile */
    size_t padded_channels; /* out_channels rounded up to the packed rows */
    size_t band_rows, bands;
    size_t block_rows, blocks; /* output channels a tile computes, and such blocks */
    size_t tile_groups, group_blocks;
    size_t result_pitch; /* floats of a row of results, whole vectors */
    size_t slack;        /* floats past the staged planes that a register tile may read */
    size_t staged_size, result_size, scratch_size;
} medtl_conv_plan;

/* The weight gradient: products over pixels for [column of dw][output channel], or, for groups with few
 * output channels, sums over pixels for one element of dw at a time ("narrow"). */
typedef struct medtl_conv_weight_plan {
    medtl_conv_axis h, w;
    size_t in_channels, out_channels, groups;
    size_t pitch, plane;
    bool narrow;
    size_t columns;                        /* of dw: in_channels * taps */
    size_t block_columns, column_blocks;   /* of dw, a tile's part */
    size_t block_channels, channel_blocks; /* output channels, a tile's part */
    size_t staged_channels;                /* input channels that block_columns touch at most */
    size_t tile_groups, group_blocks;
    size_t band_rows;
    size_t images;    /* taken together, so that small images give long sums */
    size_t pixels;    /* of one product */
    size_t sum_pitch; /* block_channels in whole vectors */
    size_t sum_rows;  /* block_columns in whole register tiles */
    size_t slack, staged_size, scratch_size;
    size_t offset_at; /* narrow: where in scratch the offsets begin */
} medtl_conv_weight_plan;

void medtl_conv_plan_forward(const medtl_conv_shape *shape, const medtl_kernel_width *width,
                             medtl_conv_plan *plan);
void medtl_conv_plan_data(const medtl_conv_shape *shape, const medtl_kernel_width *width,
                          medtl_conv_plan *plan);
void medtl_conv_plan_weight(const medtl_conv_shape *shape, const medtl_kernel_width *width,
                            medtl_conv_weight_plan *plan);

/* The taps of output phase `slot`: slot, slot + period, ... */
static inline size_t medtl_conv_phase_taps(const medtl_conv_axis *axis, size_t slot)
{
    return axis->transposed ? (axis->taps - slot + axis->period - 1) / axis->period : axis->taps;
}

/* The i-th tap of output phase `slot`. */
static inline size_t medtl_conv_phase_tap(const medtl_conv_axis *axis, size_t slot, size_t i)
{
    return axis->transposed ? slot + i * axis->period : i;
}

static inline size_t medtl_conv_slot(const medtl_conv_axis *axis, size_t tap)
{
    return axis->transposed ? 0 : tap % axis->period;
}

/* shift(tap) - shift_low */
static inline size_t medtl_conv_shift(const medtl_conv_axis *axis, size_t tap)
{
    const size_t shift = tap * axis->dilation / axis->stride;

    return axis->transposed ? axis->shift_span - shift : shift;
}

/* The remainder that the taps of `slot` have, on the side that is sorted by remainders. */
static inline size_t medtl_conv_remainder(const medtl_conv_axis *axis, size_t slot)
{
    return slot * axis->dilation % axis->stride;
}

/* The element that staged element 0 of a slot stands for when staging begins at output `first`. */
static inline ptrdiff_t medtl_conv_staged_origin(const medtl_conv_axis *axis, ptrdiff_t first,
                                                 size_t slot)
{
    const size_t phase = axis->transposed ? 0 : medtl_conv_remainder(axis, slot);

    return (first + axis->shift_low) * (ptrdiff_t)axis->in_stride + (ptrdiff_t)phase - axis->in_pad;
}

/* How many of the elements origin, origin + stride, ... lie before `bound`, at most `limit`. */
static inline size_t medtl_conv_elements_before(ptrdiff_t origin, size_t stride, ptrdiff_t bound,
                                                size_t limit)
{
    size_t count;

    if (origin >= bound)
        return 0;
    count = ((size_t)(bound - origin) + stride - 1) / stride;
    return count < limit ? count : limit;
}

#endif
