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
    for (int r = 0; r < ROWS; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            float *sum = p->sums + (size_t)r * p->sum_pitch + v * VECTOR;

            vec_store(sum, vec_load(sum) + sums[r][v]);
        }
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

/* to[pixel][channel] = from[channel][pixel] for VECTOR channels and four pixels: quads of pixels are gathered
 * so that each quarter of a vector holds every fourth channel, then turned within the quarters. */
INLINE void turn_block(const float *from, size_t plane, float *to, size_t width)
{
    const vec a = vec_load_quads(from, 4 * plane), b = vec_load_quads(from + plane, 4 * plane);
    const vec c = vec_load_quads(from + 2 * plane, 4 * plane),
              d = vec_load_quads(from + 3 * plane, 4 * plane);
    const vec ab_low = vec_interleave_low(a, b), ab_high = vec_interleave_high(a, b);
    const vec cd_low = vec_interleave_low(c, d), cd_high = vec_interleave_high(c, d);

    vec_store(to, vec_join_low(ab_low, cd_low));
    vec_store(to + width, vec_join_high(ab_low, cd_low));
    vec_store(to + 2 * width, vec_join_low(ab_high, cd_high));
    vec_store(to + 3 * width, vec_join_high(ab_high, cd_high));
}

/* Turn `pixels` pixels of VECTOR channels. */
static void turn_vector(const float *dy, size_t plane, size_t pixels, float *to, size_t width)
{
    size_t i = 0;

    for (; i + 4 <= pixels; i += 4)
        turn_block(dy + i, plane, to + i * width, width);
    for (; i < pixels; i++)
        for (size_t k = 0; k < VECTOR; k++)
            to[i * width + k] = dy[k * plane + i];
}

/* The same for fewer channels, the others being zero. */
static void turn_some(const float *dy, size_t plane, size_t channels, size_t pixels, float *to,
                      size_t width)
{
    enum { PIXELS = 64 };
    float rows[VECTOR * PIXELS];

    for (size_t i = 0, count; i < pixels; i += count) {
        count = pixels - i < PIXELS ? pixels - i : PIXELS;
        for (size_t k = 0; k < VECTOR; k++)
            if (k < channels)
                copy_floats(rows + k * PIXELS, dy + k * plane + i, count);
            else
                zero_floats(rows + k * PIXELS, count);
        turn_vector(rows, PIXELS, count, to + i * width, width);
    }
}

/* Turn `pixels` pixels of `channels` channels; `width` channels in a row of the result, zeros beyond. */
static void turn(const float *dy, size_t plane, size_t channels, size_t pixels, size_t width,
                 float *to)
{
    for (size_t c = 0; c < channels; c += VECTOR)
        if (c + VECTOR <= channels)
            turn_vector(dy + c * plane, plane, pixels, to + c, width);
        else
            turn_some(dy + c * plane, plane, channels - c, pixels, to + c, width);
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
    t.columns = p->columns - t.column_first < p->block_columns ? p->columns - t.column_first
                                                               : p->block_columns;
    t.channel_first = channel_block * p->block_channels;
    t.channels = p->out_channels - t.channel_first < p->block_channels
                     ? p->out_channels - t.channel_first
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
        const size_t column = t->column_first + (i < t->columns ? i : t->columns - 1),
                     tap = column % taps;

        t->offset[i] =
            (column / taps - t->input_first) * planes +
            tap_offset(&p->h, &p->w, p->pitch, p->plane, tap / p->w.taps, tap % p->w.taps);
    }
}

/* All products of the pixels that have been turned, [group of vectors][pixel][channel]. */
static void weight_products(const medtl_conv_weight_plan *p, const weight_part *t, size_t pixels)
{
    const size_t all = (t->channels + VECTOR - 1) / VECTOR;

    for (size_t v = 0, n; v < all; v += n) {
        weight_product work = {.staged = t->staged,
                               .position = t->position,
                               .pixels = pixels,
                               .dy = t->turned + v * VECTOR * p->pixels,
                               .sum_pitch = p->sum_pitch};

        n = next_vectors(all - v, ROWS);
        for (size_t column = 0; column < t->columns; column += ROWS) {
            work.offset = t->offset + column;
            work.sums = t->sums + column * p->sum_pitch + v * VECTOR;
            weight_tile(&work, n);
        }
    }
}

/* Turn the pixels [first, first + count) of one image's dy into place `at` of the block. */
static void weight_turn(const medtl_conv_weight_plan *p, const weight_part *t, const float *dy,
                        size_t first, size_t count, size_t at)
{
    const size_t plane = p->h.out * p->w.out, all = (t->channels + VECTOR - 1) / VECTOR;

    dy += (t->group * p->out_channels + t->channel_first) * plane + first;
    for (size_t v = 0, n; v < all; v += n) {
        const size_t left = t->channels - v * VECTOR;

        n = next_vectors(all - v, ROWS);
        turn(dy + v * VECTOR * plane, plane, left < n * VECTOR ? left : n * VECTOR, count,
             n * VECTOR, t->turned + v * VECTOR * p->pixels + at * n * VECTOR);
    }
}

/* Where the pixels [first, first + count) of a band lie in staged planes that begin at `base`. */
static void weight_positions(const medtl_conv_weight_plan *p, size_t base, size_t first,
                             size_t count, size_t *position)
{
    size_t column = first % p->w.out;

    base += first / p->w.out * p->pitch;
    for (size_t i = 0; i < count; i++) {
        position[i] = base + column;
        if (++column == p->w.out) {
            column = 0;
            base += p->pitch;
        }
    }
}

/* Images [0, images) of a band of rows that is staged: pixels are gathered, image after image, until a
 * product is full. */
static void weight_band(const medtl_conv_weight_plan *p, const weight_part *t, size_t images,
                        const float *dy, size_t dy_stride, size_t row_first, size_t rows)
{
    const size_t image_planes = p->staged_channels * p->h.in_slots * p->w.in_slots * p->plane;
    const size_t first = row_first * p->w.out, end = first + rows * p->w.out;
    size_t filled = 0;

    for (size_t n = 0; n < images; n++)
        for (size_t at = first, count; at < end; at += count) {
            count = end - at < p->pixels - filled ? end - at : p->pixels - filled;
            weight_turn(p, t, dy + n * dy_stride, at, count, filled);
            weight_positions(p, n * image_planes, at - first, count, t->position + filled);
            filled += count;
            if (filled == p->pixels) {
                weight_products(p, t, filled);
                filled = 0;
            }
        }
    if (filled != 0)
        weight_products(p, t, filled);
}

static void weight_images(const medtl_conv_weight_plan *p, const weight_part *t, size_t images,
                          const float *x, size_t x_stride, const float *dy, size_t dy_stride)
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

/* Add the sums of VECTOR columns from i on and four output channels from k on, as far as there are any, to dw.
 * There are sums for all of them but the last columns. */
static void weight_add(const weight_part *t, const medtl_conv_weight_plan *p, size_t i, size_t k,
                       float *dw)
{
    const size_t columns = t->columns - i < VECTOR ? t->columns - i : VECTOR;
    const size_t channels = t->channels - k < 4 ? t->channels - k : 4;
    float turned[4 * VECTOR];

    if (p->sum_rows - i >= VECTOR)
        turn_block(t->sums + i * p->sum_pitch + k, p->sum_pitch, turned, VECTOR);
    else
        for (size_t c = 0; c < channels; c++)
            for (size_t j = 0; j < columns; j++)
                turned[c * VECTOR + j] = t->sums[(i + j) * p->sum_pitch + k + c];
    for (size_t c = 0; c < channels; c++, dw += p->columns)
        vec_store_first(dw, vec_load_first(dw, columns) + vec_load(turned + c * VECTOR), columns);
}

static void run_weight_tile(const medtl_conv_weight_plan *p, size_t count, const float *x,
                            size_t x_stride, const float *dy, size_t dy_stride, float *dw,
                            size_t tile, float *scratch)
{
    const weight_part t = weight_part_at(p, tile, scratch);

    weight_offsets(p, &t);
    zero_floats(t.sums, p->sum_rows * p->sum_pitch);
    for (size_t n = 0; n < count; n += p->images)
        weight_images(p, &t, count - n < p->images ? count - n : p->images, x + n * x_stride,
                      x_stride, dy + n * dy_stride, dy_stride);
    dw += (t.group * p->out_channels + t.channel_first) * p->columns + t.column_first;
    for (size_t k = 0; k < t.channels; k += 4)
        for (size_t i = 0; i < t.columns; i += VECTOR)
            weight_add(&t, p, i, k, dw + k * p->columns + i);
}

#endif
