/* Backward of a depthwise convolution, see depthwise_training.h: one block of one image. Output rows are taken one by
 * one: dy's row is masked, meets x for the weights' sums, and then every row of dx is made whose last row of dy that
 * was, so that all of it is still in a near cache. */
#ifndef MEDTL_NN_BLOCKED_DEPTHWISE_WALK_H
#define MEDTL_NN_BLOCKED_DEPTHWISE_WALK_H

#include "depthwise.h"
#include "depthwise_training.h"

#include <stdint.h>

/* VECTOR channels of one image: pointers to their first pixels. `sums` has a vector for each tap and the bias, BLOCK
 * floats apart. */
typedef struct depthwise_plane {
    const medtl_conv_shape *s;
    const float *x, *w, *y; /* y: NULL where dy is not masked */
    float *dy, *dx, *sums;  /* dx: NULL where nobody wants it */
    medtl_relu relu, input_relu;
    bool add;
} depthwise_plane;

/* v where the ReLU that made `from` let its value through, else 0. */
INLINE vec let_through(vec v, vec from, medtl_relu kind)
{
    if (kind != MEDTL_NO_RELU)
        v = (vec)((bits)v & (bits)(from > (vec){0}));
    if (kind == MEDTL_RELU6)
        v = (vec)((bits)v & (bits)(from < vec_splat(MEDTL_RELU6_MOST)));
    return v;
}

static void mask_row(const depthwise_plane *p, size_t oh)
{
    const size_t first = oh * p->s->width_out * BLOCK;

    for (size_t i = first; i < first + p->s->width_out * BLOCK; i += BLOCK)
        vec_store(p->dy + i, let_through(vec_load(p->dy + i), vec_load(p->y + i), p->relu));
}

/* The weights ------------------------------------------------------------------------------------------ */

INLINE void add_to(float *sum, vec v) { vec_store(sum, vec_load(sum) + v); }

/* Columns [first, end) of an output row, tap by tap. */
static void sum_columns(const depthwise_plane *p, size_t oh, tap_range rows, size_t first,
                        size_t end)
{
    const medtl_conv_shape *s = p->s;

    for (size_t ow = first; ow < end; ow++) {
        const vec dy = vec_load(p->dy + (oh * s->width_out + ow) * BLOCK);
        const tap_range columns =
            taps_inside(ow, s->stride_w, s->dilation_w, s->pad_left, s->kernel_w, s->width_in);

        for (size_t i = rows.first; i < rows.end; i++) {
            const size_t row = oh * s->stride_h + i * s->dilation_h - s->pad_top;

            for (size_t j = columns.first; j < columns.end; j++) {
                const size_t column = ow * s->stride_w + j * s->dilation_w - s->pad_left;

                add_to(p->sums + (i * s->kernel_w + j) * BLOCK,
                       dy * vec_load(p->x + (row * s->width_in + column) * BLOCK));
            }
        }
    }
}

/* Columns all of whose 3x3 taps are inside: nine sums in registers. */
static void sum_small_columns(const depthwise_plane *p, size_t oh, size_t first, size_t end)
{
    const medtl_conv_shape *s = p->s;
    const size_t row = s->width_in * BLOCK, step = s->stride_w * BLOCK;
    const float *x =
        p->x + (oh * s->stride_h - s->pad_top) * row + (first * s->stride_w - s->pad_left) * BLOCK;
    const float *dy = p->dy + (oh * s->width_out + first) * BLOCK;
    vec sums[SMALL_TAPS] = {{0}};

    for (size_t ow = first; ow < end; ow++, x += step, dy += BLOCK) {
        const vec d = vec_load(dy);

        UNROLL
        for (int i = 0; i < 3; i++) {
            UNROLL
            for (int j = 0; j < 3; j++)
                sums[3 * i + j] += d * vec_load(x + (size_t)i * row + j * BLOCK);
        }
    }
    UNROLL
    for (int i = 0; i < SMALL_TAPS; i++)
        add_to(p->sums + i * BLOCK, sums[i]);
}

static void sum_row(const depthwise_plane *p, size_t oh)
{
    const medtl_conv_shape *s = p->s;
    const tap_range rows = rows_inside(s, oh), fast = fast_columns(s, rows);
    const float *dy = p->dy + oh * s->width_out * BLOCK;
    vec bias = {0};

    sum_columns(p, oh, rows, 0, fast.first);
    if (fast.first < fast.end)
        sum_small_columns(p, oh, fast.first, fast.end);
    sum_columns(p, oh, rows, fast.end, s->width_out);
    for (size_t ow = 0; ow < s->width_out; ow++)
        bias += vec_load(dy + ow * BLOCK);
    add_to(p->sums + s->kernel_h * s->kernel_w * BLOCK, bias);
}

/* The input -------------------------------------------------------------------------------------------- */

INLINE void give(const depthwise_plane *p, size_t row, size_t column, vec v)
{
    const size_t at = (row * p->s->width_in + column) * BLOCK;

    if (p->add)
        v += vec_load(p->dx + at);
    if (p->input_relu != MEDTL_NO_RELU)
        v = let_through(v, vec_load(p->x + at), p->input_relu);
    vec_store(p->dx + at, v);
}

/* The output that sees element `at` of an axis by `tap`; SIZE_MAX: none. */
INLINE size_t output_by(size_t at, size_t tap, size_t stride, size_t dilation, size_t pad,
                        size_t out)
{
    const size_t from = at + pad - tap * dilation; /* wraps below zero */

    return at + pad >= tap * dilation && from % stride == 0 && from / stride < out ? from / stride
                                                                                   : SIZE_MAX;
}

/* Columns [first, end) of a row of dx, tap by tap. */
static void give_columns(const depthwise_plane *p, size_t row, size_t first, size_t end)
{
    const medtl_conv_shape *s = p->s;

    for (size_t column = first; column < end; column++) {
        vec sum = {0};

        for (size_t i = 0; i < s->kernel_h; i++) {
            const size_t oh =
                output_by(row, i, s->stride_h, s->dilation_h, s->pad_top, s->height_out);

            for (size_t j = 0; j < s->kernel_w && oh != SIZE_MAX; j++) {
                const size_t ow =
                    output_by(column, j, s->stride_w, s->dilation_w, s->pad_left, s->width_out);

                if (ow != SIZE_MAX)
                    sum += vec_load(p->dy + (oh * s->width_out + ow) * BLOCK) *
                           vec_load(p->w + (i * s->kernel_w + j) * BLOCK);
            }
        }
        give(p, row, column, sum);
    }
}

/* Stride 1, 3x3: the convolution of dy with the kernel turned round. @return the columns that are done */
static tap_range give_row_of_stride_1(const depthwise_plane *p, size_t row)
{
    const medtl_conv_shape *s = p->s;
    const size_t pitch = s->width_out * BLOCK;
    tap_range done = {0, 0};
    vec taps[SMALL_TAPS];

    if (row + s->pad_top < 2 || row + s->pad_top >= s->height_out)
        return done;
    done.first = s->pad_left < 2 ? minimum(2 - s->pad_left, s->width_in) : 0;
    done.end = s->width_out > s->pad_left ? minimum(s->width_out - s->pad_left, s->width_in) : 0;
    if (done.end <= done.first)
        return (tap_range){0, 0};
    load_small_taps(p->w, true, taps);
    for (size_t c = done.first; c < done.end; c++)
        give(p, row, c,
             sum_small(p->dy + (row + s->pad_top - 2) * pitch + (c + s->pad_left - 2) * BLOCK,
                       pitch, taps, (vec){0}));
    return done;
}

/* Stride 2, 3x3: a pair of pixels sees two columns of dy by the outer taps, and one by the middle tap. `two`: rows of
 * dy, the lower one by the kernel's first row and the upper one by its last; else one, by the middle row. */
INLINE void give_pairs(const depthwise_plane *p, size_t row, size_t oh, const bool two,
                       tap_range pairs)
{
    const medtl_conv_shape *s = p->s;
    const float *dy = p->dy + oh * s->width_out * BLOCK, *above = dy - s->width_out * BLOCK;
    vec near[3], far[3];

    UNROLL
    for (int j = 0; j < 3; j++) {
        near[j] = vec_load(p->w + (two ? j : 3 + j) * BLOCK);
        far[j] = two ? vec_load(p->w + (6 + j) * BLOCK) : (vec){0};
    }
    for (size_t q = pairs.first; q < pairs.end; q++) {
        const vec here = vec_load(dy + q * BLOCK), left = vec_load(dy + (q - 1) * BLOCK);
        vec even = here * near[0] + left * near[2], odd = here * near[1];

        if (two) {
            const vec up = vec_load(above + q * BLOCK);

            even += up * far[0] + vec_load(above + (q - 1) * BLOCK) * far[2];
            odd += up * far[1];
        }
        give(p, row, 2 * q - s->pad_left, even);
        give(p, row, 2 * q + 1 - s->pad_left, odd);
    }
}

static tap_range give_row_of_stride_2(const depthwise_plane *p, size_t row)
{
    const medtl_conv_shape *s = p->s;
    const size_t oh = (row + s->pad_top) / 2;
    const bool two = (row + s->pad_top) % 2 == 0;
    const tap_range pairs = {1, minimum(s->width_out, (s->width_in + s->pad_left) / 2)};

    if (s->pad_left > 2 || oh >= s->height_out || (two && oh < 1) || pairs.end <= pairs.first)
        return (tap_range){0, 0};
    if (two)
        give_pairs(p, row, oh, true, pairs);
    else
        give_pairs(p, row, oh, false, pairs);
    return (tap_range){2 - s->pad_left, 2 * pairs.end - s->pad_left};
}

static void give_row(const depthwise_plane *p, size_t row)
{
    const medtl_conv_shape *s = p->s;
    const bool small =
        s->kernel_h == 3 && s->kernel_w == 3 && s->dilation_h == 1 && s->dilation_w == 1;
    tap_range done = {0, 0};

    if (small && s->stride_h == 1 && s->stride_w == 1)
        done = give_row_of_stride_1(p, row);
    else if (small && s->stride_h == 2 && s->stride_w == 2)
        done = give_row_of_stride_2(p, row);
    give_columns(p, row, 0, done.first);
    give_columns(p, row, done.end, s->width_in);
}

/* Both ------------------------------------------------------------------------------------------------- */

/* One output row, and rows [first, end) of dx. */
static void walk_rows(const depthwise_plane *p, size_t oh, size_t first, size_t end)
{
    if (p->y != NULL)
        mask_row(p, oh);
    sum_row(p, oh);
    for (size_t row = first; row < end && p->dx != NULL; row++)
        give_row(p, row);
}

/* The rows of dx that see no output row behind `oh`. */
static size_t rows_done(const medtl_conv_shape *s, size_t oh)
{
    const size_t end = (oh + 1) * s->stride_h;

    if (oh + 1 == s->height_out)
        return s->height_in;
    return end > s->pad_top ? minimum(end - s->pad_top, s->height_in) : 0;
}

static void run_depthwise_walk(const medtl_conv_shape *s, const medtl_depthwise_call *call,
                               size_t item, float *sums)
{
    const size_t blocks = s->channels_in / BLOCK, n = item / blocks, block = item % blocks;
    const size_t taps = s->kernel_h * s->kernel_w;
    const size_t from = block * s->height_in * s->width_in * BLOCK;
    const size_t to = block * s->height_out * s->width_out * BLOCK;
    depthwise_plane parts[PARTS_OF_BLOCK];
    size_t done = 0;

    zero_floats(sums, (taps + 1) * BLOCK);
    for (size_t i = 0; i < PARTS_OF_BLOCK; i++)
        parts[i] = (depthwise_plane){
            .s = s,
            .x = call->x + n * call->x_stride + from + i * VECTOR,
            .w = call->packed + block * taps * BLOCK + i * VECTOR,
            .y = call->relu ? call->y + n * call->y_stride + to + i * VECTOR : NULL,
            .dy = call->dy + n * call->dy_stride + to + i * VECTOR,
            .dx = call->dx != NULL ? call->dx + n * call->dx_stride + from + i * VECTOR : NULL,
            .sums = sums + i * VECTOR,
            .relu = call->relu,
            .input_relu = call->input_relu,
            .add = call->add};
    for (size_t oh = 0; oh < s->height_out; oh++) {
        const size_t end = rows_done(s, oh);

        for (size_t i = 0; i < PARTS_OF_BLOCK; i++)
            walk_rows(&parts[i], oh, done, end);
        done = end;
    }
}

#endif
