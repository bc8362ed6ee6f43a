/* From the sums of a tile to the output: dropping what lies between the rows, undoing the sorting by
 * phases, bias, residual and ReLU. */
#ifndef MEDTL_NN_KERNELS_FINISH_H
#define MEDTL_NN_KERNELS_FINISH_H

#include "kernels_plan.h"
#include "kernels_vector.h"

/* What one tile covers. */
typedef struct tile_extent {
    size_t group_first, group_end;
    size_t channel_first, channel_end; /* of the padded output channels */
    size_t row_first, rows;
} tile_extent;

static size_t tile_count(const medtl_conv_plan *p)
{
    return p->group_blocks * p->blocks * p->bands;
}

static tile_extent tile_at(const medtl_conv_plan *p, size_t tile)
{
    const size_t band = tile % p->bands, block = tile / p->bands % p->blocks;
    const size_t group = tile / p->bands / p->blocks;
    tile_extent t;

    t.group_first = group * p->tile_groups;
    t.group_end = minimum(t.group_first + p->tile_groups, p->groups);
    t.channel_first = block * p->block_rows;
    t.channel_end = minimum(t.channel_first + p->block_rows, p->padded_channels);
    t.row_first = band * p->band_rows;
    t.rows = minimum(p->band_rows, p->h.count - t.row_first);
    return t;
}

/* What happens to a sum on its way to memory. Pointers are to the first output channel, bias and residual
 * may be NULL. */
typedef struct finish {
    const float *bias, *residual;
    bool relu;
    float *out;
} finish;

INLINE vec finish_vector(vec v, const float *bias, const float *residual, size_t count, bool relu)
{
    if (bias != NULL)
        v += vec_splat(*bias);
    if (residual != NULL)
        v += vec_load_first(residual, count);
    if (relu) /* NaN < 0 is false: what went wrong stays visible */
        v = (vec)((bits)v & ~(v < (vec){0}));
    return v;
}

static void finish_row(const finish *f, size_t channel, size_t index, const float *sums,
                       size_t count)
{
    const float *bias = f->bias != NULL ? f->bias + channel : NULL;

    for (size_t i = 0; i < count; i += VECTOR) {
        const size_t n = minimum(VECTOR, count - i);

        vec_store_first(f->out + index + i,
                        finish_vector(vec_load(sums + i), bias,
                                      f->residual != NULL ? f->residual + index + i : NULL, n,
                                      f->relu),
                        n);
    }
}

/* The outputs [first, end) of an axis' range that exist in phase `slot`. */
typedef struct phase_range {
    size_t first, end;
    ptrdiff_t origin;
} phase_range;

static phase_range range_of_phase(const medtl_conv_axis *axis, size_t slot, size_t from,
                                  size_t count)
{
    const ptrdiff_t remainder =
        (ptrdiff_t)(axis->transposed ? medtl_conv_remainder(axis, slot) : 0);
    phase_range r;

    r.origin =
        (axis->first + (ptrdiff_t)from) * (ptrdiff_t)axis->out_stride + remainder - axis->out_pad;
    r.first = medtl_conv_elements_before(r.origin, axis->out_stride, 0, count);
    r.end = medtl_conv_elements_before(r.origin, axis->out_stride, (ptrdiff_t)axis->out, count);
    return r;
}

static void spread_row(float *out, size_t stride, const float *sums, size_t count)
{
    if (stride == 2) {
        for (size_t i = 0; i < count; i++)
            out[2 * i] = sums[i];
    } else {
        for (size_t i = 0; i < count; i++)
            out[i * stride] = sums[i];
    }
}

/* Bring the sums of one channel and phase home. */
static void finish_phase(const medtl_conv_plan *p, const finish *f, size_t channel,
                         const tile_extent *t, size_t row_slot, size_t slot, const float *sums)
{
    const phase_range rows = range_of_phase(&p->h, row_slot, t->row_first, t->rows);
    const phase_range columns = range_of_phase(&p->w, slot, 0, p->w.count);

    if (columns.first >= columns.end)
        return;
    if (p->pitch == p->w.out && p->h.out_stride == 1 &&
        p->w.out_stride == 1) { /* no gaps: one long row */
        finish_row(f, channel, (channel * p->h.out + (size_t)rows.origin) * p->w.out, sums,
                   rows.end * p->w.out);
        return;
    }
    for (size_t r = rows.first; r < rows.end; r++) {
        const size_t row = (size_t)(rows.origin + (ptrdiff_t)(r * p->h.out_stride));
        const size_t column =
            (size_t)(columns.origin + (ptrdiff_t)(columns.first * p->w.out_stride));
        const size_t index = (channel * p->h.out + row) * p->w.out + column;
        const float *from = sums + r * p->pitch + columns.first;

        if (p->w.out_stride == 1)
            finish_row(f, channel, index, from, columns.end - columns.first);
        else
            spread_row(f->out + index, p->w.out_stride, from, columns.end - columns.first);
    }
}

/* With a stride beyond the kernel's reach some of dx belongs to no phase: nothing was read there. */
static void zero_gaps(const medtl_conv_plan *p, const finish *f, size_t channel,
                      const tile_extent *t)
{
    if (p->h.out_slots == p->h.out_stride && p->w.out_slots == p->w.out_stride)
        return;
    for (size_t row = 0; row < t->rows * p->h.out_stride; row++) {
        const ptrdiff_t i = (p->h.first + (ptrdiff_t)t->row_first) * (ptrdiff_t)p->h.out_stride +
                            (ptrdiff_t)row - p->h.out_pad;

        if (i >= 0 && i < (ptrdiff_t)p->h.out)
            zero_floats(f->out + (channel * p->h.out + (size_t)i) * p->w.out, p->w.out);
    }
}

static void finish_channels(const medtl_conv_plan *p, const finish *f, size_t group,
                            const tile_extent *t, const float *results)
{
    for (size_t c = t->channel_first; c < minimum(t->channel_end, p->out_channels); c++) {
        const float *sums = results + (c - t->channel_first) * p->result_pitch;

        zero_gaps(p, f, group * p->out_channels + c, t);
        for (size_t row_slot = 0; row_slot < p->h.out_slots; row_slot++)
            for (size_t slot = 0; slot < p->w.out_slots; slot++) {
                finish_phase(p, f, group * p->out_channels + c, t, row_slot, slot, sums);
                sums += p->block_rows * p->result_pitch;
            }
    }
}

#endif
