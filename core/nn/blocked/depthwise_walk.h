/* Backward of a depthwise convolution, see depthwise_training.h: one block of one image, whatever the kernel. Output
 * rows are taken one by one: dy's row is masked, meets x for the weights' sums, and then every row of dx is made whose
 * last row of dy that was, so that all of it is still in a near cache. */
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

/* An output row, tap by tap. */
static void sum_columns(const depthwise_plane *p, size_t oh)
{
    const medtl_conv_shape *s = p->s;
    const tap_range rows = rows_inside(s, oh);

    for (size_t ow = 0; ow < s->width_out; ow++) {
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

static void sum_row(const depthwise_plane *p, size_t oh)
{
    const medtl_conv_shape *s = p->s;
    const float *dy = p->dy + oh * s->width_out * BLOCK;
    vec bias = {0};

    sum_columns(p, oh);
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

/* A row of dx, tap by tap. */
static void give_row(const depthwise_plane *p, size_t row)
{
    const medtl_conv_shape *s = p->s;

    for (size_t column = 0; column < s->width_in; column++) {
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

static void walk_plane(depthwise_plane *parts)
{
    const medtl_conv_shape *s = parts[0].s;
    size_t done = 0;

    for (size_t oh = 0; oh < s->height_out; oh++) {
        const size_t end = rows_done(s, oh);

        for (size_t i = 0; i < PARTS_OF_BLOCK; i++)
            walk_rows(&parts[i], oh, done, end);
        done = end;
    }
}

#endif
