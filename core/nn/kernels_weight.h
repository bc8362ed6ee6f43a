/* The weight gradient as a product over pixels: dw^T[column][output channel] += x[column][pixel] * dy^T[pixel]
 * [output channel]. A column is an (input channel, tap) pair; thanks to staging its pixels lie at
 * offset[column] + position[pixel], so only dy has to be turned. */
#ifndef MEDTL_NN_KERNELS_WEIGHT_H
#define MEDTL_NN_KERNELS_WEIGHT_H

#include "kernels_product.h"
#include "kernels_stage.h"

typedef struct weight_product {
    const float *staged;
    const size_t *offset;   /* of the columns */
    const size_t *position; /* of the pixels */
    const float *dy;        /* [pixel][output channel of the register tile] */
    size_t pixels;
    float *sums; /* [column][output channel], added to */
    size_t sum_pitch;
} weight_product;

INLINE void weight_register_tile(const weight_product *p, const int vectors)
{
    vec sums[ROWS][VECTORS];
    const float *x[ROWS];

    UNROLL
    for (int r = 0; r < ROWS; r++) {
        x[r] = p->staged + p->offset[r];
        UNROLL
        for (int v = 0; v < vectors; v++)
            sums[r][v] = (vec){0};
    }
    for (size_t i = 0; i < p->pixels; i++) {
        const size_t position = p->position[i];
        vec dy[VECTORS];

        UNROLL
        for (int v = 0; v < vectors; v++)
            dy[v] = vec_load(p->dy + (i * (size_t)vectors + (size_t)v) * VECTOR);
        UNROLL
        for (int r = 0; r < ROWS; r++) {
            const vec value = vec_splat(x[r][position]);

            UNROLL
            for (int v = 0; v < vectors; v++)
                sums[r][v] += value * dy[v];
        }
    }
    UNROLL
    for (int r = 0; r < ROWS; r++)
        UNROLL
        for (int v = 0; v < vectors; v++) {
            float *sum = p->sums + (size_t)r * p->sum_pitch + v * VECTOR;

            vec_store(sum, vec_load(sum) + sums[r][v]);
        }
}

static void weight_tile(const weight_product *p, size_t vectors)
{
    if (vectors == 1)
        weight_register_tile(p, 1);
    else if (vectors == 2)
        weight_register_tile(p, 2);
#if defined(__AVX2__) || defined(__AVX512F__)
    else
        weight_register_tile(p, 3);
#endif
}

typedef float quad __attribute__((vector_size(16)));
typedef float loose_quad __attribute__((vector_size(16), aligned(4), may_alias));

/* to[pixel][channel] = from[channel][pixel] for four of each. */
INLINE void turn_quad(const float *from, size_t from_pitch, float *to, size_t to_pitch)
{
    const quad a = *(const loose_quad *)from, b = *(const loose_quad *)(from + from_pitch);
    const quad c = *(const loose_quad *)(from + 2 * from_pitch), d = *(const loose_quad *)(from + 3 * from_pitch);
    const quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), AB = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const quad cd = __builtin_shufflevector(c, d, 0, 4, 1, 5), CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);

    *(loose_quad *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(loose_quad *)(to + to_pitch) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    *(loose_quad *)(to + 2 * to_pitch) = __builtin_shufflevector(AB, CD, 0, 1, 4, 5);
    *(loose_quad *)(to + 3 * to_pitch) = __builtin_shufflevector(AB, CD, 2, 3, 6, 7);
}

/* Turn `pixels` pixels of `channels` channels; `width` channels in a row of the result, zeros beyond. */
static void turn(const float *dy, size_t plane, size_t channels, size_t pixels, size_t width, float *to)
{
    size_t c = 0;

    for (; c + 4 <= channels; c += 4) {
        size_t i = 0;

        for (; i + 4 <= pixels; i += 4)
            turn_quad(dy + c * plane + i, plane, to + i * width + c, width);
        for (; i < pixels; i++)
            for (size_t k = 0; k < 4; k++)
                to[i * width + c + k] = dy[(c + k) * plane + i];
    }
    for (; c < width; c++)
        for (size_t i = 0; i < pixels; i++)
            to[i * width + c] = c < channels ? dy[c * plane + i] : 0.0f;
}

/* A tile's part of dw, and its scratch. */
typedef struct weight_part {
    size_t group, column_first, columns, channel_first, channels;
    size_t input_first, inputs; /* the input channels of the columns */
    float *staged, *sums, *turned;
    size_t *offset, *position;
} weight_part;

static weight_part weight_part_at(const medtl_conv_weight_plan *p, size_t tile, float *scratch)
{
    const size_t taps = p->h.taps * p->w.taps;
    const size_t column_block = tile % p->column_blocks;
    const size_t channel_block = tile / p->column_blocks % p->channel_blocks;
    weight_part t;

    t.group = tile / p->column_blocks / p->channel_blocks;
    t.column_first = column_block * p->block_columns;
    t.columns = p->columns - t.column_first < p->block_columns ? p->columns - t.column_first : p->block_columns;
    t.channel_first = channel_block * p->block_channels;
    t.channels = p->out_channels - t.channel_first < p->block_channels ? p->out_channels - t.channel_first
                                                                       : p->block_channels;
    t.input_first = t.column_first / taps;
    t.inputs = (t.column_first + t.columns - 1) / taps - t.input_first + 1;
    t.staged = scratch;
    t.sums = scratch + p->staged_size;
    t.turned = t.sums + p->sum_rows * p->sum_pitch;
    t.offset = (size_t *)(void *)(t.turned + p->pixels * p->sum_pitch);
    t.position = t.offset + p->sum_rows;
    return t;
}

/* Columns beyond the last, up to a whole register tile, repeat it: their sums are not used. */
static void weight_offsets(const medtl_conv_weight_plan *p, const weight_part *t)
{
    const size_t taps = p->h.taps * p->w.taps, planes = p->h.in_slots * p->w.in_slots * p->plane;

    for (size_t i = 0; i < p->sum_rows; i++) {
        const size_t column = t->column_first + (i < t->columns ? i : t->columns - 1), tap = column % taps;

        t->offset[i] = (column / taps - t->input_first) * planes +
                       tap_offset(&p->h, &p->w, p->pitch, p->plane, tap / p->w.taps, tap % p->w.taps);
    }
}

/* All products of the pixels that have been turned, [group of vectors][pixel][channel]. */
static void weight_products(const medtl_conv_weight_plan *p, const weight_part *t, size_t pixels)
{
    const size_t all = (t->channels + VECTOR - 1) / VECTOR;

    for (size_t v = 0, n; v < all; v += n) {
        weight_product work = {.staged = t->staged, .position = t->position, .pixels = pixels,
                               .dy = t->turned + v * VECTOR * p->pixels, .sum_pitch = p->sum_pitch};

        n = next_vectors(all - v, ROWS);
        for (size_t column = 0; column < t->columns; column += ROWS) {
            work.offset = t->offset + column;
            work.sums = t->sums + column * p->sum_pitch + v * VECTOR;
            weight_tile(&work, n);
        }
    }
}

/* Turn the pixels [first, first + count) of one image's dy into place `at` of the block. */
static void weight_turn(const medtl_conv_weight_plan *p, const weight_part *t, const float *dy, size_t first,
                        size_t count, size_t at)
{
    const size_t plane = p->h.out * p->w.out, all = (t->channels + VECTOR - 1) / VECTOR;

    dy += (t->group * p->out_channels + t->channel_first) * plane + first;
    for (size_t v = 0, n; v < all; v += n) {
        const size_t left = t->channels - v * VECTOR;

        n = next_vectors(all - v, ROWS);
        turn(dy + v * VECTOR * plane, plane, left < n * VECTOR ? left : n * VECTOR, count, n * VECTOR,
             t->turned + v * VECTOR * p->pixels + at * n * VECTOR);
    }
}

/* Images [0, images) of a band of rows that is staged: pixels are gathered, image after image, until a
 * product is full. */
static void weight_band(const medtl_conv_weight_plan *p, const weight_part *t, size_t images, const float *dy,
                        size_t dy_stride, size_t row_first, size_t rows)
{
    const size_t image_planes = p->staged_channels * p->h.in_slots * p->w.in_slots * p->plane;
    const size_t first = row_first * p->w.out, end = first + rows * p->w.out;
    size_t filled = 0;

    for (size_t n = 0; n < images; n++)
        for (size_t at = first, count; at < end; at += count) {
            count = end - at < p->pixels - filled ? end - at : p->pixels - filled;
            weight_turn(p, t, dy + n * dy_stride, at, count, filled);
            for (size_t i = 0; i < count; i++)
                t->position[filled + i] = n * image_planes +
                                          ((at + i) / p->w.out - row_first) * p->pitch + (at + i) % p->w.out;
            filled += count;
            if (filled == p->pixels) {
                weight_products(p, t, filled);
                filled = 0;
            }
        }
    if (filled != 0)
        weight_products(p, t, filled);
}

static void weight_images(const medtl_conv_weight_plan *p, const weight_part *t, size_t images, const float *x,
                          size_t x_stride, const float *dy, size_t dy_stride)
{
    const size_t image_planes = p->staged_channels * p->h.in_slots * p->w.in_slots * p->plane;

    for (size_t row = 0; row < p->h.out; row += p->band_rows) {
        const size_t rows = p->h.out - row < p->band_rows ? p->h.out - row : p->band_rows;

        for (size_t n = 0; n < images; n++)
            stage_channels(&p->h, &p->w, p->pitch, p->plane, (ptrdiff_t)row, rows,
                           x + n * x_stride +
                               (t->group * p->in_channels + t->input_first) * p->h.in * p->w.in,
                           t->inputs, t->staged + n * image_planes);
        weight_band(p, t, images, dy, dy_stride, row, rows);
    }
}

static void run_weight_tile(const medtl_conv_weight_plan *p, size_t count, const float *x, size_t x_stride,
                            const float *dy, size_t dy_stride, float *dw, size_t tile, float *scratch)
{
    const weight_part t = weight_part_at(p, tile, scratch);

    weight_offsets(p, &t);
    zero_floats(t.sums, p->sum_rows * p->sum_pitch);
    for (size_t n = 0; n < count; n += p->images)
        weight_images(p, &t, count - n < p->images ? count - n : p->images, x + n * x_stride, x_stride,
                      dy + n * dy_stride, dy_stride);
    dw += (t.group * p->out_channels + t.channel_first) * p->columns + t.column_first;
    for (size_t k = 0; k < t.channels; k++)
        for (size_t i = 0; i < t.columns; i++)
            dw[k * p->columns + i] += t.sums[i * p->sum_pitch + k];
}

#endif
