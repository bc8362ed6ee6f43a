/* The weight gradient, see gradient.h. A tile's sums lie in [row][output channel]; rows are [tap][input channel], or
 * [input channel][tap] where the input is plain. */
#ifndef MEDTL_NN_BLOCKED_WEIGHT_GRADIENT_H
#define MEDTL_NN_BLOCKED_WEIGHT_GRADIENT_H

#include "conv_parts.h"
#include "direct.h"
#include "gradient.h"
#include "product.h"

/* Of a register tile: rows by vectors of output channels. */
#if defined(__AVX512F__)
enum { SUM_ROWS = 8, SUM_VECTORS = 2 };
#elif defined(__AVX2__)
enum { SUM_ROWS = 4, SUM_VECTORS = 2 };
#else
enum { SUM_ROWS = 2, SUM_VECTORS = 4 };
#endif

enum { MOST_SUM_ROWS = 512 + 8, SUM_BLOCKS = (int)SUM_VECTORS / (int)PARTS_OF_BLOCK };

/* sums[row][k] += over images, rows and columns of pixels of x[offset of row + pixel] * dy[pixel][k]. */
typedef struct sum_product {
    const float *x, *dy;
    const size_t *offset; /* of each row; NULL: rows are neighbours */
    float *sums;
    size_t sum_pitch, dy_block;
    size_t images, rows, columns;
    size_t x_image, x_row, x_pixel, dy_image, dy_row;
} sum_product;

INLINE void sum_tile(const sum_product *p, const int vectors, const bool neighbours)
{
    vec sums[SUM_ROWS][SUM_VECTORS] = {{{0}}};
    size_t offset[SUM_ROWS];

    UNROLL
    for (int r = 0; r < SUM_ROWS; r++)
        offset[r] = neighbours ? (size_t)r : p->offset[r];
    for (size_t n = 0; n < p->images; n++)
        for (size_t row = 0; row < p->rows; row++) {
            const float *x = p->x + n * p->x_image + row * p->x_row;
            const float *dy = p->dy + n * p->dy_image + row * p->dy_row;

            for (size_t i = 0; i < p->columns; i++, x += p->x_pixel, dy += BLOCK) {
                vec d[SUM_VECTORS];

                UNROLL
                for (int v = 0; v < vectors; v++)
                    d[v] = vec_load(dy + PART_AT(v, p->dy_block));
                UNROLL
                for (int r = 0; r < SUM_ROWS; r++) {
                    const vec value = vec_splat(x[neighbours ? (size_t)r : offset[r]]);

                    UNROLL
                    for (int v = 0; v < vectors; v++)
                        sums[r][v] += value * d[v];
                }
            }
        }
    UNROLL
    for (int r = 0; r < SUM_ROWS; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            float *to = p->sums + (size_t)r * p->sum_pitch + v * VECTOR;

            vec_store(to, vec_load(to) + sums[r][v]);
        }
    }
}

static void sum_one_block(const sum_product *p, bool neighbours)
{
    if (neighbours)
        sum_tile(p, PARTS_OF_BLOCK, true);
    else
        sum_tile(p, PARTS_OF_BLOCK, false);
}

/* Two blocks of output channels at once where vectors are as wide as blocks. */
static void sum_two_blocks(const sum_product *p, bool neighbours)
{
    if (neighbours)
        sum_tile(p, SUM_VECTORS, true);
    else
        sum_tile(p, SUM_VECTORS, false);
}

/* Outputs [low, high) of one axis that read inside the input for a tap. */
typedef struct valid {
    size_t low, high;
} valid;

static valid valid_outputs(size_t in, size_t stride, size_t pad, size_t reach, size_t first,
                           size_t end)
{
    valid v = {first, end};

    if (reach < pad)
        v.low = (pad - reach + stride - 1) / stride;
    v.high = in + pad > reach ? (in + pad - reach - 1) / stride + 1 : 0;
    v.low = v.low > first ? v.low : first;
    v.high = v.high < end ? v.high : end;
    v.low = v.low < v.high ? v.low : v.high;
    return v;
}

/* What an item sums: a tile, and of each of its output channels' pixels the units [first, end), a unit being a
 * band of some images. */
typedef struct weight_item {
    size_t in, inputs, out, outputs;
    size_t unit, end;
    float *sums;
} weight_item;

static weight_item weight_item_at(const medtl_blocked_weight *w,
                                  const medtl_blocked_weight_call *call, size_t item)
{
    const size_t units = medtl_divide_up(call->count, w->images) * w->bands;
    const size_t split = item % w->splits, tile = item / w->splits;
    weight_item t;

    t.in = tile / w->output_tiles * w->inputs;
    t.out = tile % w->output_tiles * w->outputs;
    t.inputs = minimum(w->inputs, w->shape.channels_in - t.in);
    t.outputs = minimum(w->outputs, w->shape.channels_out - t.out);
    t.unit = units * split / w->splits;
    t.end = units * (split + 1) / w->splits;
    t.sums = call->shared + item * w->rows * w->outputs;
    return t;
}

/* All taps of one block of 16 input channels, for some output channels: p has x's plane, and the first row of
 * dy's band. */
static void sum_taps(const medtl_blocked_weight *w, const sum_product *base, size_t first,
                     size_t end, bool two)
{
    const medtl_conv_shape *s = &w->shape;

    for (size_t i = 0; i < s->kernel_h; i++) {
        const valid rows =
            valid_outputs(s->height_in, s->stride_h, s->pad_top, i * s->dilation_h, first, end);

        for (size_t j = 0; j < s->kernel_w; j++) {
            const valid columns = valid_outputs(s->width_in, s->stride_w, s->pad_left,
                                                j * s->dilation_w, 0, s->width_out);
            const size_t row = rows.low * s->stride_h + i * s->dilation_h - s->pad_top;
            const size_t column = columns.low * s->stride_w + j * s->dilation_w - s->pad_left;
            sum_product p = *base;

            p.rows = rows.high - rows.low;
            p.columns = columns.high - columns.low;
            if (p.rows == 0 || p.columns == 0)
                continue;
            p.dy += (rows.low - first) * p.dy_row + columns.low * BLOCK;
            p.x += (row * s->width_in + column) * BLOCK;
            p.sums += (i * s->kernel_w + j) * w->inputs * p.sum_pitch;
            for (size_t c = 0; c < BLOCK; c += SUM_ROWS) {
                if (two)
                    sum_two_blocks(&p, true);
                else
                    sum_one_block(&p, true);
                p.x += SUM_ROWS;
                p.sums += SUM_ROWS * p.sum_pitch;
            }
        }
    }
}

static void sum_blocked_unit(const medtl_blocked_weight *w, const medtl_blocked_weight_call *call,
                             const weight_item *t, size_t unit)
{
    const medtl_conv_shape *s = &w->shape;
    const size_t image = unit / w->bands * w->images, first = unit % w->bands * w->band;
    const size_t end = minimum(first + w->band, s->height_out);
    const size_t plane = s->height_out * s->width_out, in_plane = s->height_in * s->width_in;
    const float *dy = call->dy + image * call->dy_stride + first * s->width_out * BLOCK;
    const float *x = call->x + image * call->x_stride;
    sum_product p = {.sum_pitch = w->outputs,
                     .dy_block = plane * BLOCK,
                     .images = minimum(w->images, call->count - image),
                     .x_image = call->x_stride,
                     .x_row = s->stride_h * s->width_in * BLOCK,
                     .x_pixel = s->stride_w * BLOCK,
                     .dy_image = call->dy_stride,
                     .dy_row = s->width_out * BLOCK};

    for (size_t k = 0; k < t->outputs;) {
        const bool two = SUM_BLOCKS > 1 && k + 2 * BLOCK <= t->outputs;

        p.dy = dy + (t->out + k) * plane;
        for (size_t c = 0; c < t->inputs; c += BLOCK) {
            p.x = x + (t->in + c) * in_plane;
            p.sums = t->sums + c * w->outputs + k;
            sum_taps(w, &p, first, end, two);
        }
        k += two ? 2 * BLOCK : BLOCK;
    }
}

/* A band of each of the tile's planes with its padding. */
static void stage_band(const medtl_blocked_weight *w, const weight_item *t, const float *x,
                       size_t first, float *to)
{
    const medtl_conv_shape *s = &w->shape;

    for (size_t c = 0; c < t->inputs; c++)
        for (size_t r = 0; r < w->stage_h; r++, to += w->stage_w) {
            const size_t from = first * s->stride_h + r - s->pad_top; /* wraps below zero */

            if (from < s->height_in)
                stage_row(x + ((t->in + c) * s->height_in + from) * s->width_in, s->width_in,
                          -(ptrdiff_t)s->pad_left, 1, 1, to, w->stage_w);
            else
                zero_floats(to, w->stage_w);
        }
}

/* Where the rows of a plain tile read; those beyond the last repeat it, and are not used. */
static void row_offsets(const medtl_blocked_weight *w, const weight_item *t, size_t *offset)
{
    const medtl_conv_shape *s = &w->shape;
    const size_t taps = s->kernel_h * s->kernel_w;

    for (size_t r = 0; r < w->rows; r++) {
        const size_t row = minimum(r, t->inputs * taps - 1), tap = row % taps;

        offset[r] = (row / taps * w->stage_h + tap / s->kernel_w * s->dilation_h) * w->stage_w +
                    tap % s->kernel_w * s->dilation_w;
    }
}

static void sum_plain_unit(const medtl_blocked_weight *w, const medtl_blocked_weight_call *call,
                           const weight_item *t, size_t unit)
{
    const medtl_conv_shape *s = &w->shape;
    const size_t image = unit / w->bands, first = unit % w->bands * w->band;
    const size_t plane = s->height_out * s->width_out;
    const float *dy = call->dy + image * call->dy_stride + first * s->width_out * BLOCK;
    size_t offset[MOST_SUM_ROWS];
    sum_product p = {.x = call->scratch,
                     .sum_pitch = w->outputs,
                     .dy_block = plane * BLOCK,
                     .images = 1,
                     .rows = minimum(w->band, s->height_out - first),
                     .columns = s->width_out,
                     .x_row = s->stride_h * w->stage_w,
                     .x_pixel = s->stride_w,
                     .dy_row = s->width_out * BLOCK};

    stage_band(w, t, call->x + image * call->x_stride, first, call->scratch);
    row_offsets(w, t, offset);
    for (size_t k = 0; k < t->outputs;) {
        const bool two = SUM_BLOCKS > 1 && k + 2 * BLOCK <= t->outputs;

        p.dy = dy + (t->out + k) * plane;
        for (size_t r = 0; r < w->rows; r += SUM_ROWS) {
            p.offset = offset + r;
            p.sums = t->sums + r * w->outputs + k;
            if (two)
                sum_two_blocks(&p, false);
            else
                sum_one_block(&p, false);
        }
        k += two ? 2 * BLOCK : BLOCK;
    }
}

static void run_weight_sums(const medtl_blocked_weight *w, const medtl_blocked_weight_call *call,
                            size_t item)
{
    const weight_item t = weight_item_at(w, call, item);

    zero_floats(t.sums, w->rows * w->outputs);
    for (size_t unit = t.unit; unit < t.end; unit++)
        if (w->plain_input)
            sum_plain_unit(w, call, &t, unit);
        else
            sum_blocked_unit(w, call, &t, unit);
}

/* 16 output channels of a tile: the splits added up, in dw's order. */
static void run_weight_results(const medtl_blocked_weight *w, const medtl_blocked_weight_call *call,
                               size_t item)
{
    const size_t blocks = w->outputs / BLOCK, k = item % blocks * BLOCK;
    const size_t taps = w->shape.kernel_h * w->shape.kernel_w,
                 columns = w->shape.channels_in * taps;
    const weight_item t = weight_item_at(w, call, item / blocks * w->splits);
    float turned[BLOCK][64];

    if (k >= t.outputs)
        return;
    for (size_t first = 0, count; first < t.inputs * taps; first += count) {
        count = minimum(t.inputs * taps - first, 64);
        for (size_t i = 0; i < count; i++) {
            const size_t at = first + i;
            const size_t row = w->plain_input ? at : at % taps * w->inputs + at / taps;
            float sums[BLOCK] = {0};

            for (size_t split = 0; split < w->splits; split++)
                for (size_t j = 0; j < BLOCK; j++)
                    sums[j] += t.sums[(split * w->rows + row) * w->outputs + k + j];
            for (size_t j = 0; j < BLOCK; j++)
                turned[j][i] = sums[j];
        }
        for (size_t j = 0; j < BLOCK; j++)
            copy_floats(call->dw + (t.out + k + j) * columns + t.in * taps + first, turned[j],
                        count);
    }
}

static void run_weight(const medtl_blocked_weight *w, const medtl_blocked_weight_call *call,
                       size_t stage, size_t item)
{
    if (stage == 0)
        run_weight_sums(w, call, item);
    else
        run_weight_results(w, call, item);
}

#endif
