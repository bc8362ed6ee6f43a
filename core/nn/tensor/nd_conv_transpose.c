/* Transposed convolution over one to three spatial dimensions: the gradient of a convolution with respect to its
 * input, and so two dimensions with constant weights run on the kernels of that gradient. */
#include "nd_families.h"
#include "nd_window.h"

#include "core/nn/kernels.h"

#include <string.h>

typedef struct state {
    medtl_nd_window
        window; /* of the convolution whose gradient this is: `in` is our output, `out` our input */
    size_t channels_in, channels_out, groups;
    medtl_conv_shape shape;
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
    if (groups < 1 || (uint64_t)groups > s->channels_in || s->channels_in % (uint64_t)groups != 0 ||
        weight->size[0] != s->channels_in || weight->size[1] < 1 ||
        weight->size[1] > MEDTL_ND_MOST_ELEMENTS / (uint64_t)groups)
        return MEDTL_ND_REFUSE(
            c, "%zu channels in %lld groups do not fit a weight of %zu x %zu channels",
            s->channels_in, (long long)groups, weight->size[0], weight->size[1]);
    s->groups = (size_t)groups;
    s->channels_out = weight->size[1] * s->groups;
    if (bias != NULL && (bias->rank != 1 || bias->size[0] != s->channels_out))
        return MEDTL_ND_REFUSE(c, "the bias does not have one number for each of %zu channels",
                               s->channels_out);
    return MEDTL_OK;
}

/* `count` whole numbers in [0, 2^20] of an optional attribute, `space` of them. */
static medtl_status optional_sizes(const medtl_nd_infer *c, const char *name, size_t space,
                                   const int64_t **out)
{
    const medtl_nd_attribute *a = medtl_nd_attribute_find(c->node, name);

    *out = NULL;
    if (a == NULL)
        return MEDTL_OK;
    if (a->count != space)
        return MEDTL_ND_REFUSE(c, "%s has %zu numbers for %zu dimensions", name, a->count, space);
    for (size_t d = 0; d < space; d++)
        if (a->ints[d] < 0 || a->ints[d] > 1 << 20)
            return MEDTL_ND_REFUSE(c, "%s is out of range", name);
    *out = a->ints;
    return MEDTL_OK;
}

/* Output sizes, from pads or (output_shape, auto_pad SAME) the pads from output sizes. */
static medtl_status find_sizes(const medtl_nd_infer *c, medtl_nd_window *w)
{
    const char *automatic = medtl_nd_attribute_text(c->node, "auto_pad", "NOTSET");
    const bool same = strncmp(automatic, "SAME", 4) == 0;
    const int64_t *extra, *wanted;
    medtl_status status;

    if (!same && strcmp(automatic, "NOTSET") != 0 && strcmp(automatic, "VALID") != 0)
        return MEDTL_ND_REFUSE(c, "auto_pad \"%.20s\" is none that ONNX knows", automatic);
    if ((status = optional_sizes(c, "output_padding", w->space, &extra)) != MEDTL_OK ||
        (status = optional_sizes(c, "output_shape", w->space, &wanted)) != MEDTL_OK)
        return status;
    for (size_t d = 0; d < MEDTL_ND_SPACE; d++) {
        const size_t lead = MEDTL_ND_SPACE - w->space;
        const size_t more = d >= lead && extra != NULL ? (size_t)extra[d - lead] : 0;
        const size_t given = d < lead         ? 1
                             : wanted != NULL ? (size_t)wanted[d - lead]
                                              : w->out[d] * w->stride[d];
        const size_t whole =
            (w->out[d] - 1) * w->stride[d] + more + (w->kernel[d] - 1) * w->dilation[d] + 1;

        if (strcmp(automatic, "VALID") == 0)
            w->before[d] = w->after[d] = 0;
        if (wanted != NULL || same) {
            const size_t pad = whole > given ? whole - given : 0;

            w->before[d] = strcmp(automatic, "SAME_UPPER") == 0 ? pad / 2 : pad - pad / 2;
            w->after[d] = pad - w->before[d];
            w->in[d] = given;
        } else {
            if (w->before[d] + w->after[d] >= whole)
                return MEDTL_ND_REFUSE(c, "pads leave nothing of the output");
            w->in[d] = whole - w->before[d] - w->after[d];
        }
        if (w->in[d] == 0 || w->in[d] > MEDTL_ND_MOST_ELEMENTS)
            return MEDTL_ND_REFUSE(c, "the output has no size that could be");
    }
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
        (status = medtl_nd_window_read(c, medtl_nd_in(c, 1)->size + 2, &s->window)) != MEDTL_OK)
        return status;
    memcpy(s->window.out, s->window.in, sizeof s->window.out);
    if (medtl_nd_count(&y) == 0)
        return MEDTL_ND_REFUSE(c, "an input of no elements");
    if ((status = find_sizes(c, &s->window)) != MEDTL_OK)
        return status;
    y.size[1] = s->channels_out;
    for (size_t d = 0; d < s->window.space; d++)
        y.size[2 + d] = s->window.in[MEDTL_ND_SPACE - s->window.space + d];
    s->fits_kernels =
        medtl_nd_window_conv(&s->window, s->channels_out, s->channels_in, s->groups, &s->shape);
    return medtl_nd_out(c, 0, &y);
}

static medtl_status prepare(const medtl_nd_infer *c)
{
    const state *s = c->node->state;
    const float *weight = medtl_nd_constant(c, 1);

    if (!s->fits_kernels || weight == NULL)
        return MEDTL_OK;
    c->node->packed =
        medtl_nd_allocate(MEDTL_ND_FLOAT, medtl_conv_backward_data_packed_size(&s->shape));
    if (c->node->packed == NULL)
        return medtl_nd_refuse(c->graph, c->node, c->err, MEDTL_E_MEMORY, "out of memory");
    medtl_conv_backward_data_pack(&s->shape, weight, c->node->packed);
    c->node->scratch = medtl_conv_backward_data_scratch_size(&s->shape);
    return MEDTL_OK;
}

static void kernel_tile(void *context, size_t item, size_t worker)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    const medtl_conv_shape *shape = &s->shape;
    const size_t images = medtl_nd_in_type(call, 0)->size[0], image = item % images;

    medtl_conv_backward_data_tile(
        shape, call->node->packed,
        (const float *)call->in[0] +
            image * shape->channels_out * shape->height_out * shape->width_out,
        (float *)call->out[0] + image * shape->channels_in * shape->height_in * shape->width_in,
        item / images, call->scratch + worker * call->scratch_stride);
}

static void bias_plane(void *context, size_t plane, size_t worker)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    const size_t volume = medtl_nd_window_volume(s->window.in);
    const float bias = ((const float *)call->in[2])[plane % s->channels_out];
    float *y = (float *)call->out[0] + plane * volume;

    (void)worker;
    for (size_t i = 0; i < volume; i++)
        y[i] += bias;
}

/* The input positions whose windows cover output position `at`: those with a whole number of strides. */
static double plain_sum(const state *s, const float *x, const float *weight, const size_t *at)
{
    const medtl_nd_window *w = &s->window;
    const size_t taps = medtl_nd_window_volume(w->kernel), of_group = s->channels_out / s->groups;
    double sum = 0.0;

    for (size_t tap = 0; tap < taps; tap++) {
        const size_t of[] = {tap / w->kernel[2] / w->kernel[1], tap / w->kernel[2] % w->kernel[1],
                             tap % w->kernel[2]};
        size_t from[MEDTL_ND_SPACE];
        bool inside = true;

        for (size_t d = 0; d < MEDTL_ND_SPACE; d++) {
            const size_t shifted = at[d] + w->before[d], back = of[d] * w->dilation[d];

            inside = inside && shifted >= back && (shifted - back) % w->stride[d] == 0 &&
                     (shifted - back) / w->stride[d] < w->out[d];
            from[d] = inside ? (shifted - back) / w->stride[d] : 0;
        }
        for (size_t channel = 0; channel < s->channels_in / s->groups && inside; channel++)
            sum += (double)x[((channel * w->out[0] + from[0]) * w->out[1] + from[1]) * w->out[2] +
                             from[2]] *
                   (double)weight[channel * of_group * taps + tap];
    }
    return sum;
}

static void plain_plane(void *context, size_t plane, size_t worker)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    const medtl_nd_window *w = &s->window;
    const size_t image = plane / s->channels_out, channel = plane % s->channels_out;
    const size_t in_group = s->channels_in / s->groups, out_group = s->channels_out / s->groups;
    const size_t group = channel / out_group, taps = medtl_nd_window_volume(w->kernel);
    const float *x = (const float *)call->in[0] +
                     (image * s->channels_in + group * in_group) * medtl_nd_window_volume(w->out);
    const float *weight =
        (const float *)call->in[1] + (group * in_group * out_group + channel % out_group) * taps;
    float *y = (float *)call->out[0] + plane * medtl_nd_window_volume(w->in);

    (void)worker;
    for (size_t i = 0; i < medtl_nd_window_volume(w->in); i++) {
        const size_t at[] = {i / w->in[2] / w->in[1], i / w->in[2] % w->in[1], i % w->in[2]};

        y[i] = (float)plain_sum(s, x, weight, at);
    }
}

static void run(const medtl_nd_call *call)
{
    const state *s = call->node->state;
    const size_t images = medtl_nd_in_type(call, 0)->size[0];

    if (call->node->packed != NULL)
        medtl_nd_for(call, images * medtl_conv_backward_data_tile_count(&s->shape), kernel_tile,
                     (void *)call);
    else
        medtl_nd_for(call, images * s->channels_out, plain_plane, (void *)call);
    if (call->node->input_count > 2 && call->in[2] != NULL)
        medtl_nd_for(call, images * s->channels_out, bias_plane, (void *)call);
}

const medtl_nd_op medtl_nd_conv_transpose_ops[] = {
    {"ConvTranspose", 0, MEDTL_ND_HEAVY, 2, 3, 1,
     "kernel_shape:I strides:I pads:I auto_pad:t dilations:I group:i output_padding:I "
     "output_shape:I ",
     infer, prepare, run},
    {0},
};
