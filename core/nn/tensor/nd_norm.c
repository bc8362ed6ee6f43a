/* Normalisations as inference has them. */
#include "nd_families.h"

#include "core/nn/loops.h"

#include <math.h>

enum { BATCH, INSTANCE, LAYER, LOCAL };

typedef struct state {
    float epsilon;
    size_t outer, inner;     /* LayerNormalization: rows and their length */
    float alpha, beta, bias; /* LRN */
    size_t size;
} state;

/* Inputs first..last are one number for each channel. */
static medtl_status check_vectors(const medtl_nd_infer *c, size_t first, size_t last)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    medtl_status status;

    if (x->rank < 2)
        return MEDTL_ND_REFUSE(c, "an input without channels");
    for (size_t k = 0; k <= last; k++) {
        const medtl_nd_type *v = medtl_nd_in(c, k);

        if ((status = medtl_nd_expect(c, k, MEDTL_ND_FLOAT)) != MEDTL_OK)
            return status;
        if (k >= first && (v->rank != 1 || v->size[0] != x->size[1]))
            return MEDTL_ND_REFUSE(c, "input %zu does not have one number for each of %zu channels",
                                   k, x->size[1]);
    }
    return MEDTL_OK;
}

static medtl_status infer_batch(const medtl_nd_infer *c)
{
    state *s = medtl_nd_state(c, sizeof *s);
    medtl_status status;

    if (s == NULL)
        return MEDTL_E_MEMORY;
    if ((status = check_vectors(c, 1, 4)) != MEDTL_OK)
        return status;
    if (medtl_nd_attribute_int(c->node, "training_mode", 0) != 0 ||
        (c->graph->opset < 7 && medtl_nd_attribute_int(c->node, "is_test", 0) == 0) ||
        medtl_nd_wants(c, 1))
        return MEDTL_ND_LACK(c, "training mode");
    if (medtl_nd_attribute_int(c->node, "spatial", 1) == 0)
        return MEDTL_ND_LACK(c, "spatial = 0");
    s->epsilon = medtl_nd_attribute_float(c->node, "epsilon", 1e-5f);
    return medtl_nd_out(c, 0, medtl_nd_in(c, 0));
}

static size_t plane_size(const medtl_nd_type *x)
{
    size_t count = 1;

    for (size_t d = 2; d < x->rank; d++)
        count *= x->size[d];
    return count;
}

static void batch_plane(void *context, size_t plane, size_t worker)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    const medtl_nd_type *x = medtl_nd_in_type(call, 0);
    const size_t channel = plane % x->size[1], count = plane_size(x);
    const float *scale = call->in[1], *shift = call->in[2], *mean = call->in[3],
                *variance = call->in[4];
    const double by = (double)scale[channel] / sqrt((double)variance[channel] + (double)s->epsilon);

    (void)worker;
    medtl_loops_get()->scale_shift(
        (const float *)call->in[0] + plane * count, (float *)call->out[0] + plane * count, count,
        (float)by, (float)((double)shift[channel] - (double)mean[channel] * by), call->node->relu);
}

static void run_batch(const medtl_nd_call *call)
{
    const medtl_nd_type *x = medtl_nd_in_type(call, 0);

    medtl_nd_for(call, x->size[0] * x->size[1], batch_plane, (void *)call);
}

static medtl_status infer_instance(const medtl_nd_infer *c)
{
    state *s = medtl_nd_state(c, sizeof *s);
    medtl_status status;

    if (s == NULL)
        return MEDTL_E_MEMORY;
    if ((status = check_vectors(c, 1, 2)) != MEDTL_OK)
        return status;
    s->epsilon = medtl_nd_attribute_float(c->node, "epsilon", 1e-5f);
    return medtl_nd_out(c, 0, medtl_nd_in(c, 0));
}

/* Mean, and 1 / sqrt(variance + epsilon): two passes, so that a large mean costs no digits. */
static void moments(const float *x, size_t count, float epsilon, double *mean, double *inverse)
{
    double squares = 0.0;

    *mean = medtl_loops_get()->sum(x, count) / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += ((double)x[i] - *mean) * ((double)x[i] - *mean);
    *inverse = 1.0 / sqrt(squares / (double)count + (double)epsilon);
}

static void instance_plane(void *context, size_t plane, size_t worker)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    const medtl_nd_type *type = medtl_nd_in_type(call, 0);
    const size_t channel = plane % type->size[1], count = plane_size(type);
    const float *x = (const float *)call->in[0] + plane * count;
    float *y = (float *)call->out[0] + plane * count;
    double mean, inverse;

    (void)worker;
    moments(x, count, s->epsilon, &mean, &inverse);
    for (size_t i = 0; i < count; i++)
        y[i] = (float)(((double)x[i] - mean) * inverse *
                           (double)((const float *)call->in[1])[channel] +
                       (double)((const float *)call->in[2])[channel]);
}

static void run_instance(const medtl_nd_call *call)
{
    const medtl_nd_type *x = medtl_nd_in_type(call, 0);

    medtl_nd_for(call, plane_size(x) > 0 ? x->size[0] * x->size[1] : 0, instance_plane,
                 (void *)call);
}

static medtl_status infer_layer(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    medtl_nd_type rest = *x;
    size_t axis;
    medtl_status status;
    state *s = medtl_nd_state(c, sizeof *s);

    if (s == NULL)
        return MEDTL_E_MEMORY;
    if ((status = medtl_nd_axis(c, medtl_nd_attribute_int(c->node, "axis", -1), x->rank, &axis)) !=
        MEDTL_OK)
        return status;
    s->epsilon = medtl_nd_attribute_float(c->node, "epsilon", 1e-5f);
    s->outer = s->inner = 1;
    for (size_t d = 0; d < x->rank; d++) {
        *(d < axis ? &s->outer : &s->inner) *= x->size[d];
        rest.size[d] = d < axis ? x->size[d] : 1;
    }
    for (size_t k = 0; k < c->node->input_count; k++) {
        if ((status = medtl_nd_expect(c, k, MEDTL_ND_FLOAT)) != MEDTL_OK)
            return status;
        if (k > 0 && medtl_nd_in(c, k) != NULL && medtl_nd_count(medtl_nd_in(c, k)) != s->inner)
            return MEDTL_ND_LACK(c, "input %zu that is not of the normalised shape", k);
    }
    if ((status = medtl_nd_out(c, 0, x)) != MEDTL_OK ||
        (status = medtl_nd_out(c, 1, &rest)) != MEDTL_OK)
        return status;
    return medtl_nd_out(c, 2, &rest);
}

static void layer_row(void *context, size_t row, size_t worker)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    const medtl_nd_node *node = call->node;
    const float *x = (const float *)call->in[0] + row * s->inner, *scale = call->in[1];
    const float *bias = node->input_count > 2 ? call->in[2] : NULL;
    float *y = (float *)call->out[0] + row * s->inner;
    double mean, inverse;

    (void)worker;
    moments(x, s->inner, s->epsilon, &mean, &inverse);
    for (size_t i = 0; i < s->inner; i++)
        y[i] = (float)(((double)x[i] - mean) * inverse * (double)scale[i] +
                       (bias != NULL ? (double)bias[i] : 0.0));
    if (node->output_count > 1 && call->out[1] != NULL)
        ((float *)call->out[1])[row] = (float)mean;
    if (node->output_count > 2 && call->out[2] != NULL)
        ((float *)call->out[2])[row] = (float)inverse;
}

static void run_layer(const medtl_nd_call *call)
{
    const state *s = call->node->state;

    medtl_nd_for(call, s->inner > 0 ? s->outer : 0, layer_row, (void *)call);
}

static medtl_status infer_local(const medtl_nd_infer *c)
{
    const int64_t size = medtl_nd_attribute_int(c->node, "size", 0);
    state *s = medtl_nd_state(c, sizeof *s);
    medtl_status status;

    if (s == NULL)
        return MEDTL_E_MEMORY;
    if ((status = medtl_nd_expect(c, 0, MEDTL_ND_FLOAT)) != MEDTL_OK)
        return status;
    if (medtl_nd_in(c, 0)->rank < 2 || size < 1 || size > 65536)
        return MEDTL_ND_REFUSE(c, "a size of %lld, or an input without channels", (long long)size);
    s->size = (size_t)size;
    s->alpha = medtl_nd_attribute_float(c->node, "alpha", 1e-4f);
    s->beta = medtl_nd_attribute_float(c->node, "beta", 0.75f);
    s->bias = medtl_nd_attribute_float(c->node, "bias", 1.0f);
    return medtl_nd_out(c, 0, medtl_nd_in(c, 0));
}

/* Local response normalisation (Krizhevsky et al. 2012): over neighbouring channels. */
static void local_plane(void *context, size_t plane, size_t worker)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    const medtl_nd_type *type = medtl_nd_in_type(call, 0);
    const size_t channels = type->size[1], channel = plane % channels, count = plane_size(type);
    const size_t before = (s->size - 1) / 2, behind = s->size - 1 - before;
    const size_t first = channel > before ? channel - before : 0;
    const size_t end = channel + behind + 1 < channels ? channel + behind + 1 : channels;
    const float *image = (const float *)call->in[0] + (plane - channel) * count;

    (void)worker;
    for (size_t i = 0; i < count; i++) {
        double squares = 0.0;

        for (size_t k = first; k < end; k++)
            squares += (double)image[k * count + i] * (double)image[k * count + i];
        ((float *)call->out[0])[plane * count + i] =
            (float)((double)image[channel * count + i] /
                    pow((double)s->bias + (double)s->alpha / (double)s->size * squares,
                        (double)s->beta));
    }
}

static void run_local(const medtl_nd_call *call)
{
    const medtl_nd_type *x = medtl_nd_in_type(call, 0);

    medtl_nd_for(call, x->size[0] * x->size[1], local_plane, (void *)call);
}

const medtl_nd_op medtl_nd_norm_ops[] = {
    {"BatchNormalization", BATCH, MEDTL_ND_RELU | MEDTL_ND_IN_PLACE, 5, 5, 5,
     "epsilon:f momentum:f training_mode:i spatial:i is_test:i ", infer_batch, NULL, run_batch},
    {"InstanceNormalization", INSTANCE, 0, 3, 3, 1, "epsilon:f ", infer_instance, NULL,
     run_instance},
    {"LRN", LOCAL, 0, 1, 1, 1, "alpha:f beta:f bias:f size:i ", infer_local, NULL, run_local},
    {"LayerNormalization", LAYER, 0, 2, 3, 3, "axis:i epsilon:f stash_type:i ", infer_layer, NULL,
     run_layer},
    {0},
};
