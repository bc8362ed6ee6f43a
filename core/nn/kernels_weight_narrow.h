/* The weight gradient of groups with few output channels, depthwise above all: each element of dw is a dot
 * product of dy with a shifted staged channel. */
#ifndef MEDTL_NN_KERNELS_WEIGHT_NARROW_H
#define MEDTL_NN_KERNELS_WEIGHT_NARROW_H

#include "kernels_product.h"
#include "kernels_stage.h"

/* dw[i] += sum over q of x[offset[i] + q] * dy[q] for ROWS taps, of which the first `taps` count. */
static void dot_taps(const float *x, const size_t *offset, const float *dy, size_t count,
                     size_t taps, float *dw)
{
    vec sums[ROWS];

    UNROLL
    for (int r = 0; r < ROWS; r++)
        sums[r] = (vec){0};
    for (size_t q = 0; q < count; q += VECTOR) {
        const vec value = vec_load(dy + q);

        UNROLL
        for (int r = 0; r < ROWS; r++)
            sums[r] += value * vec_load(x + offset[r] + q);
    }
    for (size_t r = 0; r < taps; r++)
        dw[r] += vec_sum(sums[r]);
}

/* dy in the layout of the staged rows, zeros between them and up to a whole vector after the last. */
static void spread_dy(const medtl_conv_weight_plan *p, const float *dy, size_t rows, float *spread)
{
    for (size_t r = 0; r < rows; r++) {
        copy_floats(spread + r * p->pitch, dy + r * p->w.out, p->w.out);
        zero_floats(spread + r * p->pitch + p->w.out, p->pitch - p->w.out);
    }
    zero_floats(spread + rows * p->pitch, (VECTOR - rows * p->pitch % VECTOR) % VECTOR);
}

static void narrow_offsets(const medtl_conv_weight_plan *p, size_t *offset)
{
    const size_t taps = p->h.taps * p->w.taps;

    for (size_t i = 0; i < taps + ROWS; i++) { /* beyond the last: repeated, unused */
        const size_t tap = i < taps ? i : taps - 1;

        offset[i] = tap_offset(&p->h, &p->w, p->pitch, p->plane, tap / p->w.taps, tap % p->w.taps);
    }
}

/* One image and group: every pair of an input and an output channel, band by band. */
static void narrow_group(const medtl_conv_weight_plan *p, const float *x, const float *dy,
                         float *dw, float *staged, float *spread, const size_t *offset)
{
    const size_t taps = p->h.taps * p->w.taps;

    for (size_t row = 0; row < p->h.out; row += p->band_rows) {
        const size_t rows = p->h.out - row < p->band_rows ? p->h.out - row : p->band_rows;

        for (size_t c = 0; c < p->in_channels; c++) {
            stage_channels(&p->h, &p->w, p->pitch, p->plane, (ptrdiff_t)row, rows,
                           x + c * p->h.in * p->w.in, 1, staged);
            for (size_t k = 0; k < p->out_channels; k++) {
                spread_dy(p, dy + (k * p->h.out + row) * p->w.out, rows, spread);
                for (size_t tap = 0; tap < taps; tap += ROWS)
                    dot_taps(staged, offset + tap, spread, rows * p->pitch,
                             taps - tap < ROWS ? taps - tap : ROWS,
                             dw + (k * p->in_channels + c) * taps + tap);
            }
        }
    }
}

static void run_narrow_tile(const medtl_conv_weight_plan *p, size_t count, const float *x,
                            size_t x_stride, const float *dy, size_t dy_stride, float *dw,
                            size_t tile, float *scratch)
{
    const size_t first = tile * p->tile_groups;
    const size_t end = p->groups - first < p->tile_groups ? p->groups : first + p->tile_groups;
    float *staged = scratch, *spread = scratch + p->staged_size;
    size_t *offset = (size_t *)(void *)(scratch + p->offset_at);

    narrow_offsets(p, offset);
    zero_floats(staged + p->staged_size - p->slack, p->slack);
    for (size_t n = 0; n < count; n++)
        for (size_t group = first; group < end; group++)
            narrow_group(p, x + n * x_stride + group * p->in_channels * p->h.in * p->w.in,
                         dy + n * dy_stride + group * p->out_channels * p->h.out * p->w.out,
                         dw + group * p->out_channels * p->columns, staged, spread, offset);
}

#endif
