/* Depthwise convolution: each channel by itself, sixteen side by side. Where a 3x3 kernel lies inside the input its nine
 * weights stay in registers along a row; edges, and all other kernels, go tap by tap. */
#ifndef MEDTL_NN_BLOCKED_DEPTHWISE_H
#define MEDTL_NN_BLOCKED_DEPTHWISE_H

#include "conv_parts.h"
#include "product.h"

enum { SMALL_TAPS = 9 }; /* of a 3x3 kernel */

/* The taps, or outputs, [first, end) of an axis that meet a condition. */
typedef struct tap_range {
    size_t first, end;
} tap_range;

/* Taps that meet the input for output `out`. */
static tap_range taps_inside(size_t out, size_t stride, size_t dilation, size_t pad, size_t taps,
                             size_t in)
{
    const size_t at = out * stride;
    tap_range r;

    r.first = at < pad ? (pad - at + dilation - 1) / dilation : 0;
    r.end = at < in + pad ? (in + pad - at + dilation - 1) / dilation : 0;
    r.end = r.end < taps ? r.end : taps;
    return r;
}

/* Outputs all of whose taps meet the input. */
static tap_range outputs_inside(size_t out, size_t stride, size_t dilation, size_t pad, size_t taps,
                                size_t in)
{
    const size_t reach = (taps - 1) * dilation;
    tap_range r = {minimum((pad + stride - 1) / stride, out), 0};

    if (in + pad > reach)
        r.end = minimum((in + pad - reach - 1) / stride + 1, out);
    r.end = r.end < r.first ? r.first : r.end;
    return r;
}

static tap_range rows_inside(const medtl_conv_shape *s, size_t oh)
{
    return taps_inside(oh, s->stride_h, s->dilation_h, s->pad_top, s->kernel_h, s->height_in);
}

/* The columns that are fast: none unless the kernel is 3x3, and all its rows are inside. */
static tap_range fast_columns(const medtl_conv_shape *s, tap_range rows)
{
    if (s->kernel_h != 3 || s->kernel_w != 3 || s->dilation_h != 1 || s->dilation_w != 1 ||
        rows.end < rows.first + 3)
        return (tap_range){s->width_out, s->width_out};
    return outputs_inside(s->width_out, s->stride_w, 1, s->pad_left, 3, s->width_in);
}

/* One vector of channels of each tap, in order or turned round. */
INLINE void load_small_taps(const float *w, bool turned, vec *taps)
{
    UNROLL
    for (int i = 0; i < SMALL_TAPS; i++)
        taps[i] = vec_load(w + (turned ? SMALL_TAPS - 1 - i : i) * BLOCK);
}

/* sum + the nine pixels from x, whose rows are `row` floats apart, times the taps. */
INLINE vec sum_small(const float *x, size_t row, const vec *taps, vec sum)
{
    UNROLL
    for (int i = 0; i < 3; i++) {
        UNROLL
        for (int j = 0; j < 3; j++)
            sum += vec_load(x + (size_t)i * row + j * BLOCK) * taps[3 * i + j];
    }
    return sum;
}

INLINE vec finish_vector(const medtl_blocked_call *call, vec v, size_t channel,
                         const float *residual)
{
    if (residual != NULL)
        v += vec_load(residual);
    v = vec_rectify(v, call->relu);
    if (call->scale != NULL)
        v = v * vec_load(call->scale + channel) + vec_load(call->shift + channel);
    return v;
}

/* One pixel's VECTOR channels. */
INLINE vec depthwise_pixel(const medtl_conv_shape *s, const float *x, const float *w,
                           tap_range rows, size_t oh, size_t ow, vec sum)
{
    const tap_range columns =
        taps_inside(ow, s->stride_w, s->dilation_w, s->pad_left, s->kernel_w, s->width_in);

    for (size_t i = rows.first; i < rows.end; i++) {
        const size_t row = oh * s->stride_h + i * s->dilation_h - s->pad_top;

        for (size_t j = columns.first; j < columns.end; j++) {
            const size_t column = ow * s->stride_w + j * s->dilation_w - s->pad_left;

            sum += vec_load(x + (row * s->width_in + column) * BLOCK) *
                   vec_load(w + (i * s->kernel_w + j) * BLOCK);
        }
    }
    return sum;
}

/* A row of VECTOR channels: y and the residual are at its first pixel. */
typedef struct depthwise_row {
    const float *x, *w, *residual;
    float *y;
    size_t channel, oh;
} depthwise_row;

INLINE void finish_row_pixel(const medtl_blocked_call *call, const depthwise_row *r, size_t ow,
                             vec sum)
{
    const size_t at = ow * BLOCK;

    vec_store(r->y + at,
              finish_vector(call, sum, r->channel, r->residual != NULL ? r->residual + at : NULL));
}

static void run_depthwise_row(const medtl_conv_shape *s, const medtl_blocked_call *call,
                              const depthwise_row *r)
{
    const tap_range rows = rows_inside(s, r->oh), fast = fast_columns(s, rows);
    const vec bias = call->bias != NULL ? vec_load(call->bias + r->channel) : (vec){0};
    vec taps[SMALL_TAPS];

    for (size_t ow = 0; ow < fast.first; ow++)
        finish_row_pixel(call, r, ow, depthwise_pixel(s, r->x, r->w, rows, r->oh, ow, bias));
    if (fast.first < fast.end) {
        const size_t top = r->oh * s->stride_h - s->pad_top;
        const float *x =
            r->x + (top * s->width_in + fast.first * s->stride_w - s->pad_left) * BLOCK;

        load_small_taps(r->w, false, taps);
        for (size_t ow = fast.first; ow < fast.end; ow++, x += s->stride_w * BLOCK)
            finish_row_pixel(call, r, ow, sum_small(x, s->width_in * BLOCK, taps, bias));
    }
    for (size_t ow = fast.end; ow < s->width_out; ow++)
        finish_row_pixel(call, r, ow, depthwise_pixel(s, r->x, r->w, rows, r->oh, ow, bias));
}

static void run_depthwise(const medtl_blocked_conv *c, const medtl_blocked_call *call, size_t item)
{
    const medtl_conv_shape *s = &c->shape;
    const size_t blocks = s->channels_out / BLOCK, n = item / blocks, block = item % blocks;
    const float *x = call->x + n * call->x_stride + block * s->height_in * s->width_in * BLOCK;
    const float *w = call->packed + block * s->kernel_h * s->kernel_w * BLOCK;
    const size_t pixels = s->height_out * s->width_out;

    for (size_t oh = 0; oh < s->height_out; oh++)
        for (size_t part = 0; part < BLOCK; part += VECTOR) {
            const size_t to = (block * pixels + oh * s->width_out) * BLOCK + part;

            run_depthwise_row(
                s, call,
                &(depthwise_row){.x = x + part,
                                 .w = w + part,
                                 .residual = call->residual != NULL
                                                 ? call->residual + n * call->residual_stride + to
                                                 : NULL,
                                 .y = call->y + n * call->y_stride + to,
                                 .channel = block * BLOCK + part,
                                 .oh = oh});
        }
}

#endif
