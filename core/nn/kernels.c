/* Convolution for any shape with plain loops: one tile is one channel. */
#include "kernels.h"

#include <string.h>

typedef struct span { size_t first, end; } span;

/* The outputs [first, end) whose source through `tap` lies inside the input. */
static span valid_outputs(size_t out, size_t in, size_t stride, size_t offset, size_t pad)
{
    span s = {0, 0};

    if (offset < pad)
        s.first = (pad - offset + stride - 1) / stride;
    if (in + pad > offset)
        s.end = (in + pad - offset - 1) / stride + 1;
    s.end = s.end < out ? s.end : out;
    s.first = s.first < s.end ? s.first : s.end;
    return s;
}

static span rows_of(const medtl_conv_shape *s, size_t kh)
{
    return valid_outputs(s->height_out, s->height_in, s->stride_h, kh * s->dilation_h, s->pad_top);
}

static span columns_of(const medtl_conv_shape *s, size_t kw)
{
    return valid_outputs(s->width_out, s->width_in, s->stride_w, kw * s->dilation_w, s->pad_left);
}

/* Where the first valid input of output row oh and tap (kh, kw) lies within its channel. */
static size_t source_offset(const medtl_conv_shape *s, size_t oh, size_t kh, size_t kw, size_t ow)
{
    return (oh * s->stride_h + kh * s->dilation_h - s->pad_top) * s->width_in + ow * s->stride_w +
           kw * s->dilation_w - s->pad_left;
}

static size_t weight_count(const medtl_conv_shape *s)
{
    return s->channels_out * (s->channels_in / s->groups) * s->kernel_h * s->kernel_w;
}

size_t medtl_conv_packed_size(const medtl_conv_shape *shape) { return weight_count(shape); }

void medtl_conv_pack(const medtl_conv_shape *shape, const float *weight, float *packed)
{
    memcpy(packed, weight, weight_count(shape) * sizeof *packed);
}

size_t medtl_conv_tile_count(const medtl_conv_shape *shape) { return shape->channels_out; }

size_t medtl_conv_scratch_size(const medtl_conv_shape *shape)
{
    (void)shape;
    return 16;
}

static void add_tap(const medtl_conv_shape *s, float w, size_t kh, size_t kw, const float *x, float *y)
{
    const span rows = rows_of(s, kh), columns = columns_of(s, kw);

    for (size_t oh = rows.first; oh < rows.end; oh++) {
        const float *source = x + source_offset(s, oh, kh, kw, columns.first);
        float *row = y + oh * s->width_out + columns.first;

        for (size_t i = 0; i < columns.end - columns.first; i++)
            row[i] += w * source[i * s->stride_w];
    }
}

void medtl_conv_forward_tile(const medtl_conv_shape *shape, const float *packed, const float *bias,
                             const float *residual, bool relu, const float *x, float *y, size_t tile,
                             float *scratch)
{
    const size_t group_in = shape->channels_in / shape->groups;
    const size_t first = tile / (shape->channels_out / shape->groups) * group_in;
    const size_t plane = shape->height_out * shape->width_out;
    const float *w = packed + tile * group_in * shape->kernel_h * shape->kernel_w;
    float *out = y + tile * plane;

    (void)scratch;
    for (size_t i = 0; i < plane; i++)
        out[i] = bias != NULL ? bias[tile] : 0.0f;
    for (size_t c = 0; c < group_in; c++)
        for (size_t kh = 0; kh < shape->kernel_h; kh++)
            for (size_t kw = 0; kw < shape->kernel_w; kw++)
                add_tap(shape, *w++, kh, kw, x + (first + c) * shape->height_in * shape->width_in, out);
    for (size_t i = 0; i < plane; i++) {
        const float value = out[i] + (residual != NULL ? residual[tile * plane + i] : 0.0f);

        out[i] = relu && value < 0.0f ? 0.0f : value; /* NaN stays visible */
    }
}

size_t medtl_conv_backward_data_packed_size(const medtl_conv_shape *shape)
{
    return weight_count(shape);
}

void medtl_conv_backward_data_pack(const medtl_conv_shape *shape, const float *weight, float *packed)
{
    memcpy(packed, weight, weight_count(shape) * sizeof *packed);
}

size_t medtl_conv_backward_data_tile_count(const medtl_conv_shape *shape) { return shape->channels_in; }

size_t medtl_conv_backward_data_scratch_size(const medtl_conv_shape *shape)
{
    (void)shape;
    return 16;
}

static void spread_tap(const medtl_conv_shape *s, float w, size_t kh, size_t kw, const float *dy,
                       float *dx)
{
    const span rows = rows_of(s, kh), columns = columns_of(s, kw);

    for (size_t oh = rows.first; oh < rows.end; oh++) {
        float *target = dx + source_offset(s, oh, kh, kw, columns.first);
        const float *row = dy + oh * s->width_out + columns.first;

        for (size_t i = 0; i < columns.end - columns.first; i++)
            target[i * s->stride_w] += w * row[i];
    }
}

void medtl_conv_backward_data_tile(const medtl_conv_shape *shape, const float *packed, const float *dy,
                                   float *dx, size_t tile, float *scratch)
{
    const size_t group_in = shape->channels_in / shape->groups;
    const size_t group_out = shape->channels_out / shape->groups;
    const size_t taps = shape->kernel_h * shape->kernel_w;
    const size_t plane = shape->height_in * shape->width_in;
    float *out = dx + tile * plane;

    (void)scratch;
    memset(out, 0, plane * sizeof *out);
    for (size_t i = 0; i < group_out; i++) {
        const size_t k = tile / group_in * group_out + i;
        const float *w = packed + (k * group_in + tile % group_in) * taps;

        for (size_t kh = 0; kh < shape->kernel_h; kh++)
            for (size_t kw = 0; kw < shape->kernel_w; kw++)
                spread_tap(shape, *w++, kh, kw, dy + k * shape->height_out * shape->width_out, out);
    }
}

size_t medtl_conv_backward_weight_tile_count(const medtl_conv_shape *shape)
{
    return shape->channels_out;
}

size_t medtl_conv_backward_weight_scratch_size(const medtl_conv_shape *shape)
{
    (void)shape;
    return 16;
}

/* Eight sums side by side: a vector's worth, and a smaller rounding error than one long sum. */
static float tap_product(const medtl_conv_shape *s, size_t kh, size_t kw, const float *x, const float *dy)
{
    const span rows = rows_of(s, kh), columns = columns_of(s, kw);
    float sums[8] = {0}, total = 0.0f;

    for (size_t oh = rows.first; oh < rows.end; oh++) {
        const float *source = x + source_offset(s, oh, kh, kw, columns.first);
        const float *row = dy + oh * s->width_out + columns.first;
        const size_t count = columns.end - columns.first;
        size_t i = 0;

        for (; i + 8 <= count; i += 8)
            for (size_t j = 0; j < 8; j++)
                sums[j] += source[(i + j) * s->stride_w] * row[i + j];
        for (; i < count; i++)
            sums[i % 8] += source[i * s->stride_w] * row[i];
    }
    for (size_t j = 0; j < 8; j++)
        total += sums[j];
    return total;
}

void medtl_conv_backward_weight_tile(const medtl_conv_shape *shape, size_t count, const float *x,
                                     size_t x_stride, const float *dy, size_t dy_stride, float *dw,
                                     size_t tile, float *scratch)
{
    const size_t group_in = shape->channels_in / shape->groups;
    const size_t first = tile / (shape->channels_out / shape->groups) * group_in;
    const size_t x_plane = shape->height_in * shape->width_in;
    const size_t y_plane = shape->height_out * shape->width_out;

    (void)scratch;
    for (size_t n = 0; n < count; n++) {
        float *w = dw + tile * group_in * shape->kernel_h * shape->kernel_w;

        for (size_t c = 0; c < group_in; c++)
            for (size_t kh = 0; kh < shape->kernel_h; kh++)
                for (size_t kw = 0; kw < shape->kernel_w; kw++)
                    *w++ += tap_product(shape, kh, kw, x + n * x_stride + (first + c) * x_plane,
                                        dy + n * dy_stride + tile * y_plane);
    }
}

const char *medtl_kernels_name(void) { return "portable"; }
