/* The naive convolution loops, in double and without any cleverness: the truth that every fast path is
 * tested against. Never called by the product. */
#include "kernels.h"

/* The input coordinate that output coordinate `out` sees through kernel tap `tap`.
 * @return false where that is padding. */
static bool source(size_t out, size_t stride, size_t tap, size_t dilation, size_t pad,
                   size_t extent, size_t *in)
{
    const size_t padded = out * stride + tap * dilation;

    if (padded < pad || padded - pad >= extent)
        return false;
    *in = padded - pad;
    return true;
}

static size_t x_index(const medtl_conv_shape *s, size_t c, size_t ih, size_t iw)
{
    return (c * s->height_in + ih) * s->width_in + iw;
}

static size_t y_index(const medtl_conv_shape *s, size_t k, size_t oh, size_t ow)
{
    return (k * s->height_out + oh) * s->width_out + ow;
}

/* w[k][c within the group][kh][kw] */
static size_t w_index(const medtl_conv_shape *s, size_t k, size_t c, size_t kh, size_t kw)
{
    return ((k * (s->channels_in / s->groups) + c) * s->kernel_h + kh) * s->kernel_w + kw;
}

static size_t first_channel_of_group(const medtl_conv_shape *s, size_t k)
{
    return k / (s->channels_out / s->groups) * (s->channels_in / s->groups);
}

static double output_value(const medtl_conv_shape *s, const float *weight, const float *x, size_t k,
                           size_t oh, size_t ow)
{
    const size_t first = first_channel_of_group(s, k);
    double sum = 0.0;
    size_t ih, iw;

    for (size_t c = 0; c < s->channels_in / s->groups; c++)
        for (size_t kh = 0; kh < s->kernel_h; kh++)
            for (size_t kw = 0; kw < s->kernel_w; kw++)
                if (source(oh, s->stride_h, kh, s->dilation_h, s->pad_top, s->height_in, &ih) &&
                    source(ow, s->stride_w, kw, s->dilation_w, s->pad_left, s->width_in, &iw))
                    sum +=
                        (double)weight[w_index(s, k, c, kh, kw)] * x[x_index(s, first + c, ih, iw)];
    return sum;
}

void medtl_conv_forward_reference(const medtl_conv_shape *shape, const float *weight,
                                  const float *bias, const float *x, float *y)
{
    for (size_t k = 0; k < shape->channels_out; k++)
        for (size_t oh = 0; oh < shape->height_out; oh++)
            for (size_t ow = 0; ow < shape->width_out; ow++)
                y[y_index(shape, k, oh, ow)] = (float)(output_value(shape, weight, x, k, oh, ow) +
                                                       (bias != NULL ? (double)bias[k] : 0.0));
}

/* The output coordinate that sees input coordinate `in` through `tap`, if there is one. */
static bool destination(size_t in, size_t stride, size_t tap, size_t dilation, size_t pad,
                        size_t extent_out, size_t *out)
{
    const size_t padded = in + pad;

    if (padded < tap * dilation || (padded - tap * dilation) % stride != 0)
        return false;
    *out = (padded - tap * dilation) / stride;
    return *out < extent_out;
}

static double data_gradient_value(const medtl_conv_shape *s, const float *weight, const float *dy,
                                  size_t channel, size_t ih, size_t iw)
{
    const size_t group_in = s->channels_in / s->groups, group_out = s->channels_out / s->groups;
    const size_t group = channel / group_in, c = channel % group_in;
    double sum = 0.0;
    size_t oh, ow;

    for (size_t k = group * group_out; k < (group + 1) * group_out; k++)
        for (size_t kh = 0; kh < s->kernel_h; kh++)
            for (size_t kw = 0; kw < s->kernel_w; kw++)
                if (destination(ih, s->stride_h, kh, s->dilation_h, s->pad_top, s->height_out,
                                &oh) &&
                    destination(iw, s->stride_w, kw, s->dilation_w, s->pad_left, s->width_out, &ow))
                    sum += (double)weight[w_index(s, k, c, kh, kw)] * dy[y_index(s, k, oh, ow)];
    return sum;
}

void medtl_conv_backward_data_reference(const medtl_conv_shape *shape, const float *weight,
                                        const float *dy, float *dx)
{
    for (size_t c = 0; c < shape->channels_in; c++)
        for (size_t ih = 0; ih < shape->height_in; ih++)
            for (size_t iw = 0; iw < shape->width_in; iw++)
                dx[x_index(shape, c, ih, iw)] =
                    (float)data_gradient_value(shape, weight, dy, c, ih, iw);
}

static double weight_gradient_value(const medtl_conv_shape *s, const float *x, const float *dy,
                                    size_t k, size_t c, size_t kh, size_t kw)
{
    const size_t channel = first_channel_of_group(s, k) + c;
    double sum = 0.0;
    size_t ih, iw;

    for (size_t oh = 0; oh < s->height_out; oh++)
        for (size_t ow = 0; ow < s->width_out; ow++)
            if (source(oh, s->stride_h, kh, s->dilation_h, s->pad_top, s->height_in, &ih) &&
                source(ow, s->stride_w, kw, s->dilation_w, s->pad_left, s->width_in, &iw))
                sum += (double)dy[y_index(s, k, oh, ow)] * x[x_index(s, channel, ih, iw)];
    return sum;
}

void medtl_conv_backward_weight_reference(const medtl_conv_shape *shape, const float *x,
                                          const float *dy, float *dw)
{
    for (size_t k = 0; k < shape->channels_out; k++)
        for (size_t c = 0; c < shape->channels_in / shape->groups; c++)
            for (size_t kh = 0; kh < shape->kernel_h; kh++)
                for (size_t kw = 0; kw < shape->kernel_w; kw++)
                    dw[w_index(shape, k, c, kh, kw)] +=
                        (float)weight_gradient_value(shape, x, dy, k, c, kh, kw);
}
