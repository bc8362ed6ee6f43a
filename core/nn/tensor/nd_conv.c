/* Convolution over one to three spatial dimensions. One and two dimensions with constant weights run on the core's
 * kernels; the rest in plain loops. A fourth input, which only a plan adds, is added to the result (nd_rewrite.c). */
#include "nd_families.h"
#include "nd_window.h"

#include "core/nn/kernels.h"

#include <string.h>

typedef struct state {
    medtl_nd_window window;
    size_t channels_in, channels_out, groups;
    medtl_conv_shape shape; /* for the kernels */
    bool fits_kernels;
} state;

static medtl_status check_channels(const medtl_nd_infer *c, state *s)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0), *weight = medtl_nd_in(c, 1),
                        *bias = medtl_nd_in(c, 2);
    const int64_t groups = medtl_nd_attribute_int(c->node, "group", 1);

    if (x->rank < 3 || weight->rank != x->rank)
        return MEDTL_ND_REFUSE(c, "an input of %zu dimensions and a weight of %zu", x->rank,
                               weight->rank);
    s->channels_in = x->size[1];
    s->channels_out = weight->size[0];
    if (groups < 1 || (uint64_t)groups > s->channels_in || s->channels_in % (uint64_t)groups != 0 ||
        s->channels_out == 0 || s->channels_out % (uint64_t)groups != 0 ||
        weight->size[1] != s->channels_in / (uint64_t)groups)
        return MEDTL_ND_REFUSE(
            c, "%zu channels in %lld groups do not fit a weight of %zu x %zu channels",
            s->channels_in, (long long)groups, s->channels_out, weight->size[1]);
    if (bias != NULL && (bias->rank != 1 || bias->size[0] != s->channels_out))
        return MEDTL_ND_REFUSE(c, "the bias does not have one number for each of %zu channels",
                               s->channels_out);
    s->groups = (size_t)groups;
    return MEDTL_OK;
}

static medtl_status infer(const medtl_nd_infer *c)
{
    state *s = medtl_nd_state(c, sizeof *s);
    medtl_nd_type y = *medtl_nd_in(c, 0);
    medtl_status status;

    if (s == NULL)
        return MEDTL_E_MEMORY;
    for (size_t k = 0; k < c->node->input_count; k++)
        if ((status = medtl_nd_expect(c, k, MEDTL_ND_FLOAT)) != MEDTL_OK)
            return status;
    if ((status = check_channels(c, s)) != MEDTL_OK ||
        (status = medtl_nd_window_read(c, medtl_nd_in(c, 1)->size + 2, &s->window)) != MEDTL_OK ||
        (status = medtl_nd_window_slide(c, &s->window)) != MEDTL_OK)
        return status;
    y.size[1] = s->channels_out;
    for (size_t d = 0; d < s->window.space; d++)
        y.size[2 + d] = s->window.out[MEDTL_ND_SPACE - s->window.space + d];
    s->fits_kernels =
        medtl_nd_window_conv(&s->window, s->channels_in, s->channels_out, s->groups, &s->shape);
    return medtl_nd_out(c, 0, &y);
}

static medtl_status prepare(const medtl_nd_infer *c)
{
    const state *s = c->node->state;
    const float *weight = medtl_nd_constant(c, 1);

    if (!s->fits_kernels || weight == NULL)
        return MEDTL_OK;
    c->node->packed = medtl_nd_allocate(MEDTL_ND_FLOAT, medtl_conv_packed_size(&s->shape));
    if (c->node->packed == NULL)
        return medtl_nd_refuse(c->graph, c->node, c->err, MEDTL_E_MEMORY, "out of memory");
    medtl_conv_pack(&s->shape, weight, c->node->packed);
    c->node->scratch = medtl_conv_scratch_size(&s->shape);
    return MEDTL_OK;
}

static const float *optional(const medtl_nd_call *call, size_t k)
{
    return k < call->node->input_count ? call->in[k] : NULL;
}

static void kernel_tile(void *context, size_t item, size_t worker)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    const medtl_conv_shape *shape = &s->shape;
    const size_t images = medtl_nd_in_type(call, 0)->size[0], image = item % images,
                 tile = item / images;
    const size_t in = shape->channels_in * shape->height_in * shape->width_in;
    const size_t out = shape->channels_out * shape->height_out * shape->width_out;
    const float *residual = optional(call, 3);

    medtl_conv_forward_tile(shape, call->node->packed, optional(call, 2),
                            residual != NULL ? residual + image * out : NULL, call->node->relu,
                            (const float *)call->in[0] + image * in,
                            (float *)call->out[0] + image * out, tile,
                            call->scratch + worker * call->scratch_stride);
}

/* One result: the sum over the channels of the group and the taps that lie inside. */
static double plain_sum(const state *s, const float *x, const float *weight, const size_t *at)
{
    const medtl_nd_window *w = &s->window;
    size_t first[MEDTL_ND_SPACE], end[MEDTL_ND_SPACE], from[MEDTL_ND_SPACE];
    double sum = 0.0;

    for (size_t d = 0; d < MEDTL_ND_SPACE; d++)
        medtl_nd_window_inside(w, d, at[d], &first[d], &end[d]);
    for (size_t channel = 0; channel < s->channels_in / s->groups; channel++)
        for (size_t i = first[0]; i < end[0]; i++)
            for (size_t j = first[1]; j < end[1]; j++)
                for (size_t k = first[2]; k < end[2]; k++) {
                    const size_t tap[] = {i, j, k};

                    for (size_t d = 0; d < MEDTL_ND_SPACE; d++)
                        from[d] = at[d] * w->stride[d] + tap[d] * w->dilation[d] - w->before[d];
                    sum +=
                        (double)x[((channel * w->in[0] + from[0]) * w->in[1] + from[1]) * w->in[2] +
                                  from[2]] *
                        (double)weight[((channel * w->kernel[0] + i) * w->kernel[1] + j) *
                                           w->kernel[2] +
                                       k];
                }
    return sum;
}

static void plain_plane(void *context, size_t plane, size_t worker)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    const medtl_nd_window *w = &s->window;
    const size_t image = plane / s->channels_out, channel = plane % s->channels_out;
    const size_t of_group = s->channels_in / s->groups,
                 group = channel / (s->channels_out / s->groups);
    const size_t volume = medtl_nd_window_volume(w->out);
    const float *x = (const float *)call->in[0] +
                     (image * s->channels_in + group * of_group) * medtl_nd_window_volume(w->in);
    const float *weight =
        (const float *)call->in[1] + channel * of_group * medtl_nd_window_volume(w->kernel);
    const float *bias = optional(call, 2), *residual = optional(call, 3);
    float *y = (float *)call->out[0] + plane * volume;

    (void)worker;
    for (size_t i = 0; i < volume; i++) {
        const size_t at[] = {i / w->out[2] / w->out[1], i / w->out[2] % w->out[1], i % w->out[2]};
        float v =
            (float)(plain_sum(s, x, weight, at) + (bias != NULL ? (double)bias[channel] : 0.0));

        v += residual != NULL ? residual[plane * volume + i] : 0.0f;
        y[i] = call->node->relu && v < 0.0f ? 0.0f : v;
    }
}

static void run(const medtl_nd_call *call)
{
    const state *s = call->node->state;
    const size_t images = medtl_nd_in_type(call, 0)->size[0];

    if (call->node->packed != NULL)
        medtl_nd_for(call, images * medtl_conv_tile_count(&s->shape), kernel_tile, (void *)call);
    else
        medtl_nd_for(call, images * s->channels_out, plain_plane, (void *)call);
}

const medtl_nd_op medtl_nd_conv_ops[] = {
    {"Conv", 0, MEDTL_ND_RELU | MEDTL_ND_HEAVY, 2, 3, 1,
     "kernel_shape:I strides:I pads:I auto_pad:t dilations:I group:i ", infer, prepare, run},
    {0},
};
