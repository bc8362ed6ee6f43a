/* Direct convolution: a product over pixels for each tap, of rows that were copied with their padding, or of the
 * input itself where there is none. */
#ifndef MEDTL_NN_BLOCKED_DIRECT_H
#define MEDTL_NN_BLOCKED_DIRECT_H

#include "conv_parts.h"
#include "product.h"

/* Every second pixel is what there is most of, and a constant makes vectors of it. */
static void copy_strided(float *to, const float *from, size_t count, size_t stride, size_t depth)
{
    if (depth == 1 && stride == 2) {
        for (size_t i = 0; i < count; i++)
            to[i] = from[2 * i];
    } else if (depth == BLOCK) {
        for (size_t i = 0; i < count; i++)
            memcpy(to + i * BLOCK, from + i * stride * BLOCK, BLOCK * sizeof *to);
    } else {
        for (size_t i = 0; i < count; i++)
            to[i] = from[i * stride];
    }
}

/* One row of a staged plane: elements first + i * stride of the input's row, zeros where there are none. */
static void stage_row(const float *row, size_t in, ptrdiff_t first, size_t stride, size_t depth,
                      float *to, size_t count)
{
    const ptrdiff_t step = (ptrdiff_t)stride;
    size_t low = first < 0 ? (size_t)((-first + step - 1) / step) : 0;
    size_t high = first < (ptrdiff_t)in ? (size_t)(((ptrdiff_t)in - first + step - 1) / step) : 0;

    high = high < count ? high : count;
    low = low < high ? low : high;
    zero_floats(to, low * depth);
    if (stride == 1) {
        copy_floats(to + low * depth, row + (size_t)(first + (ptrdiff_t)low) * depth,
                    (high - low) * depth);
    } else {
        copy_strided(to + low * depth, row + (size_t)(first + (ptrdiff_t)low * step) * depth,
                     high - low, stride, depth);
    }
    zero_floats(to + high * depth, (count - high) * depth);
}

static void run_stage(const medtl_blocked_conv *c, const medtl_blocked_call *call, size_t item)
{
    const medtl_conv_shape *s = &c->shape;
    const size_t n = item / c->steps, step = item % c->steps;
    const size_t row_step = s->kernel_h == 1 ? s->stride_h : 1, row = s->width_in * c->depth;
    const float *plane = call->x + n * call->x_stride + step * s->height_in * row;
    float *to = call->shared + item * c->stage_plane;

    for (size_t phase = 0; phase < medtl_blocked_phases(c); phase++)
        for (size_t r = 0; r < c->stage_h; r++, to += c->stage_w * c->depth) {
            const size_t from = r * row_step - s->pad_top; /* wraps below zero: is then too large */

            if (from < s->height_in)
                stage_row(plane + from * row, s->width_in,
                          (ptrdiff_t)phase - (ptrdiff_t)s->pad_left, s->stride_w, c->depth, to,
                          c->stage_w);
            else
                zero_floats(to, c->stage_w * c->depth);
        }
}

/* Where each tap reads, from the first pixel of a band on. */
static void tap_sources(const medtl_blocked_conv *c, size_t *source)
{
    const medtl_conv_shape *s = &c->shape;
    const size_t row = c->stage_w * c->depth;

    for (size_t i = 0; i < s->kernel_h; i++)
        for (size_t j = 0; j < s->kernel_w; j++) {
            const size_t column = j * s->dilation_w, stride = c->staged ? s->stride_w : 1;

            source[i * s->kernel_w + j] = (column % stride * c->stage_h + i * s->dilation_h) * row +
                                          column / stride * c->depth;
        }
}

/* One band of rows (flat: of pixels) of one image, and one chunk of output channels. */
typedef struct direct_item {
    size_t n, first, count, channel, channel_end;
    size_t share, shares; /* which of the chunk's items it is */
} direct_item;

static direct_item direct_item_at(const medtl_blocked_conv *c, size_t images, size_t item)
{
    const medtl_conv_shape *s = &c->shape;
    const size_t rows = c->flat ? s->height_out * s->width_out : s->height_out;
    direct_item d;

    d.first = item % c->bands * c->band;
    d.count = minimum(c->band, rows - d.first);
    d.n = item / c->bands % images;
    d.channel = item / c->bands / images * c->chunk;
    d.channel_end = minimum(d.channel + c->chunk, s->channels_out);
    d.shares = c->bands * images;
    d.share = item % d.shares;
    return d;
}

/* A band for one group of output channels and one block of steps. */
static void multiply_band(const medtl_blocked_conv *c, const product *p, const direct_item *d,
                          size_t channels)
{
    const medtl_conv_shape *s = &c->shape;
    const size_t row = c->stage_w * c->depth, out_row = s->width_out * BLOCK;
    const size_t stride = c->staged && s->kernel_h > 1 ? s->stride_h : 1;

    if (c->flat)
        product_rows(p, channels, c->depth, p->x + d->first * c->depth, 0, d->first * BLOCK, 0, 1,
                     d->count);
    else
        product_rows(p, channels, c->depth, p->x + d->first * stride * row, stride * row,
                     d->first * out_row, out_row, d->count, s->width_out);
}

/* The part of `next` that this item fetches: all items of a chunk share it, since it is wanted when they are done. */
static weights_ahead part_of_next(const direct_item *d, weights_ahead next)
{
    const size_t part = medtl_divide_up(next.floats, d->shares * BLOCK) * BLOCK;
    const size_t before = minimum(d->share * part, next.floats);

    return (weights_ahead){next.from + before, minimum(part, next.floats - before)};
}

/* What will be read after a product: the next group of the same steps, the first group of the next steps, or that of the
 * next chunk. */
static weights_ahead next_weights(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                                  const direct_item *d, size_t k, size_t first)
{
    const medtl_conv_shape *s = &c->shape;
    const size_t row = s->kernel_h * s->kernel_w * c->depth;
    size_t channel = k + c->group, channels;
    weights_ahead next = {0};

    if (channel >= d->channel_end) {
        first += c->block_steps;
        channel = d->channel;
        if (first >= c->steps) {
            first = 0;
            channel = d->channel_end;
        }
    }
    if (channel >= s->channels_out)
        return next;
    channels = minimum(c->group, s->channels_out - channel);
    next.from = call->packed + (channel * c->steps + channels * first) * row;
    next.floats = channels * minimum(c->block_steps, c->steps - first) * row;
    return channel == d->channel_end ? part_of_next(d, next) : next;
}

/* A band of the input, normalised, in scratch. */
static void normalise_band(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                           const direct_item *d, size_t pitch)
{
    const size_t plane = c->shape.height_in * c->shape.width_in * BLOCK;
    const float *x = call->x + d->n * call->x_stride + d->first * BLOCK;
    float *to = call->scratch;

    for (size_t step = 0; step < c->steps; step++, x += plane, to += pitch)
        for (size_t part = 0; part < BLOCK; part += VECTOR) {
            const float *factors = call->input_factors + step * BLOCK + part;
            const vec scale = vec_load(factors), shift = vec_load(factors + c->shape.channels_in);

            for (size_t i = part; i < d->count * BLOCK; i += BLOCK) {
                const vec v = vec_load(x + i) * scale + shift;

                vec_store(to + i, c->input_relu ? vec_relu(v) : v);
            }
        }
}

static void run_band(const medtl_blocked_conv *c, const medtl_blocked_call *call, size_t item)
{
    const medtl_conv_shape *s = &c->shape;
    const direct_item d = direct_item_at(c, call->count, item);
    const size_t taps = s->kernel_h * s->kernel_w, pixels = s->height_out * s->width_out;
    const float *x =
        c->staged ? call->shared + d.n * c->steps * c->stage_plane : call->x + d.n * call->x_stride;
    const bool in_place = call->residual == call->y; /* sums begin with it */
    const size_t pitch = c->input_norm ? medtl_winograd_pitch(c->band) : c->stage_plane;
    size_t source[MEDTL_BLOCKED_MOST_TAPS];

    tap_sources(c, source);
    if (c->input_norm) {
        normalise_band(c, call, &d, pitch);
        x = call->scratch - d.first * BLOCK;
    }
    for (size_t first = 0; first < c->steps; first += c->block_steps) {
        const size_t steps = minimum(c->block_steps, c->steps - first);

        for (size_t k = d.channel; k < d.channel_end; k += c->group) {
            const size_t channels = minimum(c->group, s->channels_out - k);
            const product p = {
                .x = x + first * pitch,
                .source = source,
                .sources = taps,
                .steps = steps,
                .step_pitch = pitch,
                .w = call->packed + (k * c->steps + channels * first) * taps * c->depth,
                .y = call->y + d.n * call->y_stride + k * pixels,
                .y_block = pixels * BLOCK,
                .add = first > 0 || in_place,
                .last = first + steps == c->steps,
                .ahead = next_weights(c, call, &d, k, first),
                .f = {.bias = call->bias != NULL ? call->bias + k : NULL,
                      .scale = call->scale != NULL ? call->scale + k : NULL,
                      .shift = call->scale != NULL ? call->shift + k : NULL,
                      .residual = call->residual != NULL && !in_place
                                      ? call->residual + d.n * call->residual_stride + k * pixels
                                      : NULL,
                      .relu = call->relu}};

            multiply_band(c, &p, &d, channels);
        }
    }
}

static void run_direct(const medtl_blocked_conv *c, const medtl_blocked_call *call, size_t stage,
                       size_t item)
{
    if (c->staged && stage == 0)
        run_stage(c, call, item);
    else
        run_band(c, call, item);
}

#endif
