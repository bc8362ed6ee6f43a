/* Depthwise convolution: each channel by itself, sixteen side by side. */
#ifndef MEDTL_NN_BLOCKED_DEPTHWISE_H
#define MEDTL_NN_BLOCKED_DEPTHWISE_H

#include "conv_parts.h"
#include "product.h"

/* The taps [first, end) of an axis that meet the input for output `out`. */
typedef struct tap_range {
    size_t first, end;
} tap_range;

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

static vec finish_vector(const medtl_blocked_call *call, vec v, size_t channel,
                         const float *residual)
{
    if (residual != NULL)
        v += vec_load(residual);
    if (call->relu)
        v = vec_relu(v);
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

static void run_depthwise(const medtl_blocked_conv *c, const medtl_blocked_call *call, size_t item)
{
    const medtl_conv_shape *s = &c->shape;
    const size_t blocks = s->channels_out / BLOCK, n = item / blocks, block = item % blocks;
    const float *x = call->x + n * call->x_stride + block * s->height_in * s->width_in * BLOCK;
    const float *w = call->packed + block * s->kernel_h * s->kernel_w * BLOCK;
    const size_t pixels = s->height_out * s->width_out, at = block * pixels * BLOCK;

    for (size_t oh = 0; oh < s->height_out; oh++) {
        const tap_range rows =
            taps_inside(oh, s->stride_h, s->dilation_h, s->pad_top, s->kernel_h, s->height_in);

        for (size_t ow = 0; ow < s->width_out; ow++)
            for (size_t part = 0; part < BLOCK; part += VECTOR) {
                const size_t channel = block * BLOCK + part;
                const size_t to = at + (oh * s->width_out + ow) * BLOCK + part;
                const vec bias = call->bias != NULL ? vec_load(call->bias + channel) : (vec){0};
                const vec sum = depthwise_pixel(s, x + part, w + part, rows, oh, ow, bias);

                vec_store(call->y + n * call->y_stride + to,
                          finish_vector(call, sum, channel,
                                        call->residual != NULL
                                            ? call->residual + n * call->residual_stride + to
                                            : NULL));
            }
    }
}

#endif
