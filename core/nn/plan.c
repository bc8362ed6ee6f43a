#include "plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NO_NODE = 0 }; /* node 0 is the input, which is neither a norm nor folded */

/* Rewriting walks the network once and appends to the plan. Nodes are named by their index in the old
 * graph unless "new" is said. */
typedef struct rewrite {
    const medtl_network *network;
    const medtl_graph *old;
    medtl_plan *plan;
    size_t *renamed; /* old node -> new node that computes it */
    size_t *origin;  /* new node -> old node whose parameters it has */
    size_t *norm;    /* new convolution -> old batch norm folded into it */
    size_t *delayed; /* old pool -> old batch norm that moves behind it */
    size_t *needed;  /* by the results, directly or through others: 0 or 1 */
} rewrite;

static bool is_conv(const medtl_node *node) { return node->ops == &medtl_node_conv; }

static size_t append(rewrite *r, const medtl_node *prototype, size_t origin)
{
    medtl_graph *g = &r->plan->graph;

    if (medtl_graph_append(g, prototype) == NULL)
        return 0;
    r->origin[g->node_count - 1] = origin;
    return g->node_count - 1;
}

static size_t append_affine(rewrite *r, size_t norm, size_t input)
{
    const medtl_node node = {.ops = &medtl_node_affine,
                             .inputs = {input},
                             .input_count = 1,
                             .relu = r->old->nodes[norm].relu};

    return append(r, &node, norm);
}

/* A mean over pixels commutes with a scale and shift of the channel, and is cheaper first. */
static bool moves_behind_pool(const rewrite *r, size_t index)
{
    const size_t reader = medtl_graph_last_reader(r->old, index);

    return !r->old->nodes[index].relu && medtl_graph_reader_count(r->old, index) == 1 &&
           r->old->nodes[reader].ops == &medtl_node_global_avg_pool;
}

static void rewrite_norm(rewrite *r, size_t index)
{
    const medtl_node *node = &r->old->nodes[index];
    const size_t input = node->inputs[0], made = r->renamed[input];
    medtl_node *conv = &r->plan->graph.nodes[made];

    if (is_conv(&r->old->nodes[input]) && medtl_graph_reader_count(r->old, input) == 1 &&
        !conv->relu) {
        conv->relu = node->relu;
        r->norm[made] = index;
        r->renamed[index] = made;
    } else if (moves_behind_pool(r, index)) {
        r->delayed[medtl_graph_last_reader(r->old, index)] = index;
        r->renamed[index] = made;
    } else {
        r->renamed[index] = append_affine(r, index, made);
    }
}

/* The input that is computed last takes the other in as it writes, if it is a convolution that nobody
 * else reads. @return false if neither does. */
static bool fuse_addition(rewrite *r, const medtl_node *node, size_t index)
{
    const size_t a = r->renamed[node->inputs[0]], b = r->renamed[node->inputs[1]];
    const size_t last = a > b ? a : b, other = a > b ? b : a;
    const size_t old = a > b ? node->inputs[0] : node->inputs[1];
    medtl_node *conv = &r->plan->graph.nodes[last];

    if (!is_conv(conv) || conv->relu || conv->input_count > 1 ||
        medtl_graph_reader_count(r->old, old) != 1)
        return false;
    conv->inputs[conv->input_count++] = other;
    conv->relu = node->relu;
    r->renamed[index] = last;
    return true;
}

static void rewrite_node(rewrite *r, size_t index)
{
    const medtl_node *old = &r->old->nodes[index];
    medtl_node node = *old;

    if (old->ops == &medtl_node_batch_norm) {
        rewrite_norm(r, index);
        return;
    }
    if (old->ops == &medtl_node_dropout) {
        r->renamed[index] = r->renamed[old->inputs[0]];
        return;
    }
    if (old->ops == &medtl_node_add && fuse_addition(r, old, index))
        return;
    for (size_t i = 0; i < node.input_count; i++)
        node.inputs[i] = r->renamed[old->inputs[i]];
    node.parameter_count = is_conv(old) ? 2 : old->parameter_count; /* folded ones have a bias */
    r->renamed[index] = append(r, &node, index);
    if (r->delayed[index] != NO_NODE)
        r->renamed[index] = append_affine(r, r->delayed[index], r->renamed[index]);
}

static const float *value_of(const rewrite *r, size_t node, size_t parameter)
{
    return r->network->parameters[r->old->nodes[node].parameters[parameter]].value;
}

/* What batch norm `norm` does to channel c: y = scale x + shift. */
static void norm_factors(const rewrite *r, size_t norm, size_t c, double *scale, double *shift)
{
    const double variance = (double)value_of(r, norm, 3)[c];

    *scale = (double)value_of(r, norm, 0)[c] /
             sqrt(variance + (double)r->old->nodes[norm].u.norm.epsilon);
    *shift = (double)value_of(r, norm, 1)[c] - (double)value_of(r, norm, 2)[c] * *scale;
}

static size_t weights_per_output(const medtl_conv_shape *s)
{
    return s->channels_in / s->groups * s->kernel_h * s->kernel_w;
}

static void fill_conv(const rewrite *r, size_t made, float *folded)
{
    const size_t origin = r->origin[made];
    const medtl_conv_shape *s = &r->old->nodes[origin].u.conv;
    const size_t row = weights_per_output(s);
    const bool has_bias = r->old->nodes[origin].parameter_count > 1;
    medtl_plan_weights *w = &r->plan->weights[made];

    for (size_t k = 0; k < s->channels_out; k++) {
        double scale = 1.0, shift = 0.0;

        if (r->norm[made] != NO_NODE)
            norm_factors(r, r->norm[made], k, &scale, &shift);
        if (has_bias)
            shift += (double)value_of(r, origin, 1)[k] * scale;
        w->parameters[1][k] = (float)shift;
        for (size_t i = k * row; i < (k + 1) * row; i++)
            folded[i] = (float)((double)value_of(r, origin, 0)[i] * scale);
    }
    medtl_conv_pack(s, folded, w->packed);
}

static void fill_affine(const rewrite *r, size_t made)
{
    medtl_plan_weights *w = &r->plan->weights[made];

    for (size_t c = 0; c < r->plan->graph.nodes[made].shape.channels; c++) {
        double scale, shift;

        norm_factors(r, r->origin[made], c, &scale, &shift);
        w->parameters[0][c] = (float)scale;
        w->parameters[1][c] = (float)shift;
    }
}

/* Any kind but convolutions and norms: its parameters as they are. */
static void fill_copies(const rewrite *r, size_t made)
{
    for (size_t i = 0; i < r->plan->graph.nodes[made].parameter_count; i++) {
        const size_t index = r->old->nodes[r->origin[made]].parameters[i];
        const medtl_parameter *p = &r->network->parameters[index];

        memcpy(r->plan->weights[made].parameters[i], p->value, p->size * sizeof(float));
    }
}

static float *carve(float *base, size_t *used, size_t size)
{
    float *part = base != NULL ? base + *used : NULL;

    *used += (size + 15) / 16 * 16; /* 64 bytes */
    return part;
}

/* Measure all weights (plan->values NULL) or hand out their places. @return the floats needed. */
static size_t share_out(const rewrite *r)
{
    medtl_plan *plan = r->plan;
    size_t used = 0;

    for (size_t i = 1; i < plan->graph.node_count; i++) {
        const medtl_node *node = &plan->graph.nodes[i];
        medtl_plan_weights *w = &plan->weights[i];

        if (is_conv(node)) {
            w->packed = carve(plan->values, &used, medtl_conv_packed_size(&node->u.conv));
            w->parameters[1] = carve(plan->values, &used, node->shape.channels);
        } else if (node->ops == &medtl_node_affine) {
            w->parameters[0] = carve(plan->values, &used, node->shape.channels);
            w->parameters[1] = carve(plan->values, &used, node->shape.channels);
        } else {
            const medtl_node *old = &r->old->nodes[r->origin[i]];

            for (size_t k = 0; k < node->parameter_count; k++)
                w->parameters[k] =
                    carve(plan->values, &used, r->network->parameters[old->parameters[k]].size);
        }
    }
    return used;
}

static size_t largest_conv(const medtl_graph *graph)
{
    size_t largest = 0;

    for (size_t i = 1; i < graph->node_count; i++)
        if (is_conv(&graph->nodes[i])) {
            const medtl_conv_shape *s = &graph->nodes[i].u.conv;
            const size_t size = s->channels_out * weights_per_output(s);

            largest = size > largest ? size : largest;
        }
    return largest;
}

static medtl_status fill_weights(rewrite *r, medtl_error *err)
{
    medtl_plan *plan = r->plan;
    float *folded = medtl_floats_allocate(largest_conv(&plan->graph));

    plan->weights = calloc(plan->graph.node_count, sizeof *plan->weights);
    if (plan->weights != NULL)
        plan->values = medtl_floats_allocate(share_out(r));
    if (plan->weights == NULL || plan->values == NULL || folded == NULL) {
        free(folded);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the weights of a model");
    }
    (void)share_out(r);
    for (size_t i = 1; i < plan->graph.node_count; i++) {
        const medtl_node_ops *ops = plan->graph.nodes[i].ops;

        if (ops == &medtl_node_conv)
            fill_conv(r, i, folded);
        else if (ops == &medtl_node_affine)
            fill_affine(r, i);
        else
            fill_copies(r, i);
    }
    free(folded);
    return MEDTL_OK;
}

/* What only training wants is left out. */
static void find_needed(rewrite *r)
{
    const medtl_graph *old = r->old;

    for (size_t i = 0; i < old->output_count; i++)
        if (!old->outputs[i].training_only)
            r->needed[old->outputs[i].node] = 1;
    r->needed[old->node_count - 1] = 1;
    for (size_t i = old->node_count - 1; i > 0; i--)
        for (size_t k = 0; r->needed[i] && k < old->nodes[i].input_count; k++)
            r->needed[old->nodes[i].inputs[k]] = 1;
}

static medtl_status rewrite_all(rewrite *r, medtl_error *err)
{
    find_needed(r);
    (void)medtl_graph_input(&r->plan->graph, r->old->nodes[0].shape);
    for (size_t i = 1; i < r->old->node_count && r->plan->graph.status == MEDTL_OK; i++)
        if (r->needed[i])
            rewrite_node(r, i);
    for (size_t i = 0; i < r->old->output_count; i++)
        if (!r->old->outputs[i].training_only)
            medtl_graph_name_output(&r->plan->graph, r->renamed[r->old->outputs[i].node],
                                    r->old->outputs[i].name, false);
    return medtl_graph_finish(&r->plan->graph, err);
}

static void measure_scratch(medtl_plan *plan)
{
    for (size_t i = 1; i < plan->graph.node_count; i++) {
        const medtl_node *node = &plan->graph.nodes[i];
        const size_t size =
            node->ops->scratch_size != NULL ? node->ops->scratch_size(node, false) : 0;

        if (size > plan->scratch)
            plan->scratch = (size + 15) / 16 * 16;
    }
}

medtl_status medtl_plan_create(const medtl_network *network, medtl_plan *plan, medtl_error *err)
{
    /* A norm that is split off makes at most one node more than it was. */
    const size_t count = 2 * network->graph.node_count;
    size_t *maps = calloc(5 * count, sizeof *maps);
    rewrite r = {network, &network->graph, plan, maps, NULL, NULL, NULL, NULL};
    medtl_status status;

    memset(plan, 0, sizeof *plan);
    medtl_graph_init(&plan->graph);
    if (maps == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a model's plan");
    r.origin = maps + count;
    r.norm = maps + 2 * count;
    r.delayed = maps + 3 * count;
    r.needed = maps + 4 * count;
    if ((status = rewrite_all(&r, err)) == MEDTL_OK &&
        (status = fill_weights(&r, err)) == MEDTL_OK &&
        (status = medtl_layout_create(&plan->graph, MEDTL_LAYOUT_INFER, NULL, &plan->layout,
                                      err)) == MEDTL_OK)
        measure_scratch(plan);
    free(maps);
    if (status != MEDTL_OK)
        medtl_plan_clear(plan);
    return status;
}

void medtl_plan_clear(medtl_plan *plan)
{
    medtl_graph_clear(&plan->graph);
    medtl_layout_clear(&plan->layout);
    free(plan->weights);
    free(plan->values);
    memset(plan, 0, sizeof *plan);
}
