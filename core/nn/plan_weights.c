/* The weights of a plan: norms folded in double, then packed as the kernels want them. */
#include "plan_rewrite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct filling {
    const medtl_network *network;
    const medtl_graph *old;
    medtl_plan *plan;
    const medtl_made *made;
} filling;

static const float *value_of(const filling *f, size_t node, size_t parameter)
{
    return f->network->parameters[f->old->nodes[node].parameters[parameter]].value;
}

/* What batch norm `norm` does to channel c: y = scale x + shift. */
static void norm_factors(const filling *f, size_t norm, size_t c, double *scale, double *shift)
{
    const double variance = (double)value_of(f, norm, 3)[c];

    *scale = (double)value_of(f, norm, 0)[c] /
             sqrt(variance + (double)f->old->nodes[norm].u.norm.epsilon);
    *shift = (double)value_of(f, norm, 1)[c] - (double)value_of(f, norm, 2)[c] * *scale;
}

static size_t weights_per_output(const medtl_conv_shape *s)
{
    return s->channels_in / s->groups * s->kernel_h * s->kernel_w;
}

/* Of one convolution, with the norm behind it. */
static void fill_biases(const filling *f, const medtl_made_part *part, float *bias)
{
    const medtl_node *node = &f->old->nodes[part->conv];

    for (size_t k = 0; k < node->u.conv.channels_out; k++) {
        double scale = 1.0, shift = 0.0;

        if (part->norm != MEDTL_NO_NODE)
            norm_factors(f, part->norm, k, &scale, &shift);
        if (node->parameter_count > 1)
            shift += (double)value_of(f, part->conv, 1)[k] * scale;
        bias[k] = (float)shift;
    }
}

/* The weights of output channels [first, first + count) of one convolution: the network's own, or with the norm
 * behind it in `folded`. */
static const float *fold_weights(const filling *f, const medtl_made_part *part, size_t first,
                                 size_t count, float *folded)
{
    const size_t row = weights_per_output(&f->old->nodes[part->conv].u.conv);
    const float *weights = value_of(f, part->conv, 0) + first * row;

    if (part->norm == MEDTL_NO_NODE)
        return weights;
    for (size_t k = 0; k < count; k++) {
        double scale, shift;

        norm_factors(f, part->norm, first + k, &scale, &shift);
        for (size_t i = k * row; i < (k + 1) * row; i++)
            folded[i] = (float)((double)weights[i] * scale);
    }
    return folded;
}

/* Piece by piece, so that the folded weights of a few channels only exist beside the network's and the packed ones. */
static void pack_blocked(const filling *f, size_t index, float *folded)
{
    const medtl_made *made = &f->made[index];
    const medtl_blocked_conv *conv = f->plan->convs[index];
    medtl_blocked_view views[MEDTL_CONV_MOST_PARTS] = {{0}};

    for (size_t item = 0; item < medtl_blocked_pack_items(conv); item++) {
        const medtl_blocked_pack_range r = medtl_blocked_pack_range_at(conv, item);

        views[r.part] = medtl_blocked_plain_view(
            conv, r.part, fold_weights(f, &made->parts[r.part], r.first, r.count, folded));
        views[r.part].first = r.first;
        medtl_blocked_pack_item(conv, views, f->plan->weights[index].packed, item);
    }
}

/* Channels [first, first + count) of a norm. */
static void fill_factors(const filling *f, size_t norm, size_t first, size_t count, float *scales,
                         float *shifts)
{
    for (size_t c = 0; c < count; c++) {
        double scale, shift;

        norm_factors(f, norm, first + c, &scale, &shift);
        scales[c] = (float)scale;
        shifts[c] = (float)shift;
    }
}

static void fill_output_factors(const filling *f, size_t index, float *scales, float *shifts)
{
    fill_factors(f, f->made[index].norm, f->made[index].norm_first,
                 f->plan->graph.nodes[index].shape.channels, scales, shifts);
}

static void fill_conv(const filling *f, size_t index, float *folded)
{
    const medtl_made *made = &f->made[index];
    medtl_plan_weights *w = &f->plan->weights[index];
    size_t channel = 0;

    for (size_t i = 0; i < made->part_count; i++) {
        fill_biases(f, &made->parts[i], w->parameters[1] + channel);
        channel += f->old->nodes[made->parts[i].conv].u.conv.channels_out;
    }
    if (f->plan->convs[index] == NULL) {
        medtl_conv_pack(&f->plan->graph.nodes[index].u.conv,
                        fold_weights(f, &made->parts[0], 0, channel, folded), w->packed);
        return;
    }
    pack_blocked(f, index, folded);
    if (made->norm != MEDTL_NO_NODE)
        fill_output_factors(f, index, w->parameters[2], w->parameters[3]);
    if (made->input_norm != MEDTL_NO_NODE) {
        const size_t channels = f->plan->graph.nodes[index].u.conv.channels_in;

        fill_factors(f, made->input_norm, 0, channels, w->parameters[0],
                     w->parameters[0] + channels);
    }
}

static bool has_factors(const medtl_node_ops *ops)
{
    return ops == &medtl_node_affine || ops == &medtl_node_norm_avg_pool;
}

/* Any kind but convolutions and norms: its parameters as they are. */
static void fill_copies(const filling *f, size_t index)
{
    const size_t origin = f->made[index].origin;

    for (size_t i = 0; i < f->plan->graph.nodes[index].parameter_count; i++) {
        const medtl_parameter *p = &f->network->parameters[f->old->nodes[origin].parameters[i]];

        memcpy(f->plan->weights[index].parameters[i], p->value, p->size * sizeof(float));
    }
}

static float *carve(float *base, size_t *used, size_t size)
{
    float *part = base != NULL ? base + *used : NULL;

    *used += (size + 15) / 16 * 16; /* 64 bytes */
    return part;
}

static void share_out_conv(const filling *f, size_t index, size_t *used)
{
    medtl_plan *plan = f->plan;
    const medtl_node *node = &plan->graph.nodes[index];
    medtl_plan_weights *w = &plan->weights[index];
    const size_t size = plan->convs[index] != NULL ? medtl_blocked_packed_size(plan->convs[index])
                                                   : medtl_conv_packed_size(&node->u.conv);

    w->packed = carve(plan->values, used, size);
    w->parameters[1] = carve(plan->values, used, node->shape.channels);
    if (f->made[index].input_norm != MEDTL_NO_NODE)
        w->parameters[0] = carve(plan->values, used, 2 * node->u.conv.channels_in);
    if (f->made[index].norm != MEDTL_NO_NODE) {
        w->parameters[2] = carve(plan->values, used, node->shape.channels);
        w->parameters[3] = carve(plan->values, used, node->shape.channels);
    }
}

/* Measure all weights (plan->values NULL) or hand out their places. @return the floats needed. */
static size_t share_out(const filling *f)
{
    medtl_plan *plan = f->plan;
    size_t used = 0;

    for (size_t i = 1; i < plan->graph.node_count; i++) {
        const medtl_node *node = &plan->graph.nodes[i];
        medtl_plan_weights *w = &plan->weights[i];

        if (medtl_plan_is_conv(node)) {
            share_out_conv(f, i, &used);
        } else if (has_factors(node->ops)) {
            w->parameters[0] = carve(plan->values, &used, node->shape.channels);
            w->parameters[1] = carve(plan->values, &used, node->shape.channels);
        } else {
            const medtl_node *old = &f->old->nodes[f->made[i].origin];

            for (size_t k = 0; k < node->parameter_count; k++)
                w->parameters[k] =
                    carve(plan->values, &used, f->network->parameters[old->parameters[k]].size);
        }
    }
    return used;
}

/* The most floats that folding asks for at once. */
static size_t largest_folded(const filling *f)
{
    size_t largest = 0;

    for (size_t i = 1; i < f->plan->graph.node_count; i++) {
        const medtl_blocked_conv *conv = f->plan->convs[i];
        const size_t items = f->made[i].part_count == 0 ? 0
                             : conv != NULL             ? medtl_blocked_pack_items(conv)
                                                        : 1;

        for (size_t item = 0; item < items; item++) {
            const medtl_blocked_pack_range all = {0, 0,
                                                  f->plan->graph.nodes[i].u.conv.channels_out};
            const medtl_blocked_pack_range r =
                conv != NULL ? medtl_blocked_pack_range_at(conv, item) : all;
            const size_t size =
                r.count * weights_per_output(&f->old->nodes[f->made[i].parts[r.part].conv].u.conv);

            largest = size > largest ? size : largest;
        }
    }
    return largest;
}

medtl_status medtl_plan_fill_weights(const medtl_network *network, medtl_plan *plan,
                                     const medtl_made *made, medtl_error *err)
{
    const filling f = {network, &network->graph, plan, made};
    float *folded = medtl_floats_allocate(largest_folded(&f));

    plan->weights = calloc(plan->graph.node_count, sizeof *plan->weights);
    if (plan->weights != NULL)
        plan->values = medtl_floats_allocate(share_out(&f));
    if (plan->weights == NULL || plan->values == NULL || folded == NULL) {
        free(folded);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the weights of a model");
    }
    (void)share_out(&f);
    for (size_t i = 1; i < plan->graph.node_count; i++) {
        const medtl_node_ops *ops = plan->graph.nodes[i].ops;

        if (ops == &medtl_node_conv)
            fill_conv(&f, i, folded);
        else if (has_factors(ops))
            fill_output_factors(&f, i, plan->weights[i].parameters[0],
                                plan->weights[i].parameters[1]);
        else
            fill_copies(&f, i);
    }
    free(folded);
    return MEDTL_OK;
}
