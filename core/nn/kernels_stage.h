/* Copying channels of an image into the padded, phase-sorted planes that kernels_plan.h describes. */
#ifndef MEDTL_NN_KERNELS_STAGE_H
#define MEDTL_NN_KERNELS_STAGE_H

#include "kernels_plan.h"
#include "kernels_vector.h"

INLINE void copy_every(float *to, const float *from, size_t count, size_t stride)
{
    if (stride == 1) {
        copy_floats(to, from, count);
    } else if (stride == 2) { /* spelled out so that the compiler finds the shuffle */
        for (size_t i = 0; i < count; i++)
            to[i] = from[2 * i];
    } else {
        for (size_t i = 0; i < count; i++)
            to[i] = from[i * stride];
    }
}

/* The staged columns of one slot: [0, left) and [end, pitch) are padding. */
typedef struct stage_columns {
    size_t left, end, source;
} stage_columns;

static stage_columns columns_of_slot(const medtl_conv_axis *w, size_t slot, size_t pitch)
{
    const ptrdiff_t origin = medtl_conv_staged_origin(w, w->first, slot);
    stage_columns c;

    c.left = medtl_conv_elements_before(origin, w->in_stride, 0, pitch);
    c.end = medtl_conv_elements_before(origin, w->in_stride, (ptrdiff_t)w->in, pitch);
    c.source = c.left < c.end ? (size_t)(origin + (ptrdiff_t)(c.left * w->in_stride)) : 0;
    return c;
}

/* One plane: a channel's rows and columns of one slot, `rows` of them from output row `first` on. */
static void stage_plane(const medtl_conv_axis *h, const medtl_conv_axis *w, size_t pitch,
                        size_t plane, ptrdiff_t first, size_t rows, size_t row_slot,
                        stage_columns columns, const float *channel, float *staged)
{
    const ptrdiff_t origin = medtl_conv_staged_origin(h, first, row_slot);
    const size_t above = medtl_conv_elements_before(origin, h->in_stride, 0, rows);
    const size_t end = medtl_conv_elements_before(origin, h->in_stride, (ptrdiff_t)h->in, rows);
    const size_t used = columns.end - columns.left;

    if (pitch == w->in && used == pitch && w->in_stride == 1 &&
        h->in_stride == 1) { /* no gaps: one long row */
        copy_floats(staged + above * pitch, channel + (size_t)(origin + (ptrdiff_t)above) * pitch,
                    (end - above) * pitch);
        zero_floats(staged, above * pitch);
        zero_floats(staged + end * pitch, plane - end * pitch);
        return;
    }
    zero_floats(staged, above * pitch);
    for (size_t r = above; r < end; r++) {
        float *row = staged + r * pitch;

        zero_floats(row, columns.left);
        copy_every(row + columns.left,
                   channel + (size_t)(origin + (ptrdiff_t)(r * h->in_stride)) * w->in +
                       columns.source,
                   used, w->in_stride);
        zero_floats(row + columns.left + used, pitch - columns.left - used);
    }
    zero_floats(staged + end * pitch, plane - end * pitch);
}

/* `channels` channels from `x` on, for the outputs of `rows` rows from `first` on. */
static void stage_channels(const medtl_conv_axis *h, const medtl_conv_axis *w, size_t pitch,
                           size_t plane, ptrdiff_t first, size_t rows, const float *x,
                           size_t channels, float *staged)
{
    for (size_t c = 0; c < channels; c++)
        for (size_t row_slot = 0; row_slot < h->in_slots; row_slot++)
            for (size_t slot = 0; slot < w->in_slots; slot++) {
                stage_plane(h, w, pitch, plane, first, rows + h->shift_span, row_slot,
                            columns_of_slot(w, slot, pitch), x + c * h->in * w->in, staged);
                staged += plane;
            }
}

/* Where tap (kh, kw) of the first staged channel begins. */
INLINE size_t tap_offset(const medtl_conv_axis *h, const medtl_conv_axis *w, size_t pitch,
                         size_t plane, size_t kh, size_t kw)
{
    return (medtl_conv_slot(h, kh) * w->in_slots + medtl_conv_slot(w, kw)) * plane +
           medtl_conv_shift(h, kh) * pitch + medtl_conv_shift(w, kw);
}

#endif
