/* Making a graph smaller without changing what it says: dead nodes go, names for the same thing are joined, a batch
 * norm disappears in the convolution before it, a ReLU or an addition in the node that it follows. */
#include "nd_op.h"
#include "nd_plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct work {
    medtl_nd_graph *graph;
    size_t *readers; /* of each value: live nodes and outputs that read it */
    size_t *writer;  /* of each value: its live node; MEDTL_ND_NONE */
} work;

medtl_status medtl_nd_sweep(medtl_nd_graph *graph, medtl_error *err)
{
    bool *wanted = calloc(graph->value_count + 1, sizeof *wanted);

    if (wanted == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", graph->path);
    for (size_t i = 0; i < graph->output_count; i++)
        wanted[graph->outputs[i]] = true;
    for (size_t i = graph->node_count; i-- > 0;) {
        medtl_nd_node *node = &graph->nodes[i];
        bool needed = false;

        for (size_t k = 0; k < node->output_count; k++)
            needed = needed || (node->outputs[k] != MEDTL_ND_NONE && wanted[node->outputs[k]]);
        node->dead = node->dead || !needed;
        for (size_t k = 0; k < node->input_count && !node->dead; k++)
            if (node->inputs[k] != MEDTL_ND_NONE)
                wanted[node->inputs[k]] = true;
    }
    free(wanted);
    return MEDTL_OK;
}

static void count_readers(work *w)
{
    const medtl_nd_graph *g = w->graph;

    memset(w->readers, 0, g->value_count * sizeof *w->readers);
    for (size_t i = 0; i < g->value_count; i++)
        w->writer[i] = MEDTL_ND_NONE;
    for (size_t i = 0; i < g->node_count; i++) {
        if (g->nodes[i].dead)
            continue;
        for (size_t k = 0; k < g->nodes[i].input_count; k++)
            if (g->nodes[i].inputs[k] != MEDTL_ND_NONE)
                w->readers[g->nodes[i].inputs[k]]++;
        for (size_t k = 0; k < g->nodes[i].output_count; k++)
            if (g->nodes[i].outputs[k] != MEDTL_ND_NONE)
                w->writer[g->nodes[i].outputs[k]] = i;
    }
    for (size_t i = 0; i < g->output_count; i++)
        w->readers[g->outputs[i]]++;
}

static bool is(const medtl_nd_node *node, const char *op)
{
    return strcmp(node->op->name, op) == 0;
}

/* Let whoever reads an Identity or a Dropout read its input. */
static void join_names(work *w)
{
    medtl_nd_graph *g = w->graph;

    for (size_t i = 0; i < g->node_count; i++)
        for (size_t k = 0; k < g->nodes[i].input_count; k++) {
            size_t *input = &g->nodes[i].inputs[k];

            while (*input != MEDTL_ND_NONE && w->writer[*input] != MEDTL_ND_NONE) {
                const medtl_nd_node *from = &g->nodes[w->writer[*input]];

                if ((!is(from, "Identity") && !is(from, "Dropout")) || *input != from->outputs[0])
                    break;
                *input = from->inputs[0];
            }
        }
}

/* The live node that writes input k of `node`, if nobody else reads that; else NULL. */
static medtl_nd_node *only_source(const work *w, const medtl_nd_node *node, size_t k)
{
    const size_t value = node->inputs[k];

    if (value == MEDTL_ND_NONE || w->readers[value] != 1 || w->writer[value] == MEDTL_ND_NONE)
        return NULL;
    return &w->graph->nodes[w->writer[value]];
}

/* `node` goes, and `into` writes its result. */
static void absorb(work *w, medtl_nd_node *into, medtl_nd_node *node)
{
    into->outputs[0] = node->outputs[0];
    w->writer[node->outputs[0]] = (size_t)(into - w->graph->nodes);
    node->dead = true;
}

static const float *constant_of(const work *w, const medtl_nd_node *node, size_t k)
{
    if (k >= node->input_count || node->inputs[k] == MEDTL_ND_NONE)
        return NULL;
    return w->graph->values[node->inputs[k]].data;
}

/* A constant that replaces input k of `node`, under a name that no sane file has (one that has it is refused). */
static medtl_status set_constant(work *w, medtl_nd_node *node, size_t k, const medtl_nd_type *type,
                                 const float *data, medtl_error *err)
{
    char name[32];
    medtl_status status;

    snprintf(name, sizeof name, "\x01%zu", w->graph->value_count);
    status = medtl_nd_graph_add_constant(w->graph, name, type, data, err);
    if (status == MEDTL_OK)
        node->inputs[k] = w->graph->value_count - 1;
    return status;
}

/* Of the values that the norm applies to channel k: y = by x + plus. */
static void norm_factors(const work *w, const medtl_nd_node *norm, size_t k, double *by,
                         double *plus)
{
    const float *scale = constant_of(w, norm, 1), *shift = constant_of(w, norm, 2);
    const float *mean = constant_of(w, norm, 3), *variance = constant_of(w, norm, 4);

    *by = (double)scale[k] /
          sqrt((double)variance[k] + (double)medtl_nd_attribute_float(norm, "epsilon", 1e-5f));
    *plus = (double)shift[k] - (double)mean[k] * *by;
}

static medtl_status scale_weights(work *w, medtl_nd_node *conv, const medtl_nd_node *norm,
                                  float *weight, float *bias, medtl_error *err)
{
    const medtl_nd_type shape = w->graph->values[conv->inputs[1]].type;
    const medtl_nd_type channels = {MEDTL_ND_FLOAT, 1, {shape.size[0]}};
    const size_t each = medtl_nd_count(&shape) / shape.size[0];
    const float *old = constant_of(w, conv, 1), *old_bias = constant_of(w, conv, 2);
    medtl_status status;

    for (size_t k = 0; k < shape.size[0]; k++) {
        double by, plus;

        norm_factors(w, norm, k, &by, &plus);
        for (size_t i = 0; i < each; i++)
            weight[k * each + i] = (float)((double)old[k * each + i] * by);
        bias[k] = (float)(plus + by * (old_bias != NULL ? (double)old_bias[k] : 0.0));
    }
    if ((status = set_constant(w, conv, 1, &shape, weight, err)) != MEDTL_OK)
        return status;
    conv->input_count = 3; /* there is room: it was allocated for one more */
    return set_constant(w, conv, 2, &channels, bias, err);
}

static medtl_status fold_norm(work *w, medtl_nd_node *norm, medtl_error *err)
{
    medtl_nd_node *conv = only_source(w, norm, 0);
    medtl_status status = MEDTL_OK;
    float *weight, *bias;
    bool known = conv != NULL && is(conv, "Conv") && !conv->relu && conv->input_count < 4 &&
                 constant_of(w, conv, 1) != NULL &&
                 (conv->input_count < 3 || conv->inputs[2] == MEDTL_ND_NONE ||
                  constant_of(w, conv, 2) != NULL);

    for (size_t k = 1; k < 5; k++)
        known = known && constant_of(w, norm, k) != NULL;
    if (!known)
        return MEDTL_OK;
    weight =
        medtl_nd_allocate(MEDTL_ND_FLOAT, medtl_nd_count(&w->graph->values[conv->inputs[1]].type));
    bias = medtl_nd_allocate(MEDTL_ND_FLOAT, w->graph->values[conv->inputs[1]].type.size[0]);
    if (weight == NULL || bias == NULL)
        status = medtl_nd_refuse(w->graph, conv, err, MEDTL_E_MEMORY, "out of memory");
    else if ((status = scale_weights(w, conv, norm, weight, bias, err)) == MEDTL_OK)
        absorb(w, conv, norm);
    free(weight);
    free(bias);
    return status;
}

static void fuse_relu(work *w, medtl_nd_node *relu)
{
    medtl_nd_node *from = only_source(w, relu, 0);

    if (from == NULL || (from->op->flags & MEDTL_ND_RELU) == 0 || from->relu ||
        w->graph->values[relu->inputs[0]].type.element != MEDTL_ND_FLOAT)
        return;
    from->relu = true;
    absorb(w, from, relu);
}

/* The convolution moves to the place of the addition, where the other summand is there. The later of two is taken. */
static medtl_status fuse_addition(work *w, medtl_nd_node *add, medtl_error *err)
{
    const medtl_nd_value *values = w->graph->values;
    medtl_nd_node *conv = NULL, moved;
    size_t *inputs, other = 0;

    for (size_t k = 0; k < 2; k++) {
        medtl_nd_node *from = only_source(w, add, k);

        if (from != NULL && is(from, "Conv") && !from->relu && from->input_count < 4 &&
            (conv == NULL || from > conv) &&
            medtl_nd_same_shape(&values[add->inputs[0]].type, &values[add->inputs[1]].type)) {
            conv = from;
            other = add->inputs[1 - k];
        }
    }
    if (conv == NULL)
        return MEDTL_OK;
    inputs = realloc(conv->inputs, 4 * sizeof *inputs);
    if (inputs == NULL)
        return medtl_nd_refuse(w->graph, conv, err, MEDTL_E_MEMORY, "out of memory");
    conv->inputs = inputs;
    for (size_t k = conv->input_count; k < 3; k++)
        inputs[k] = MEDTL_ND_NONE;
    inputs[3] = other;
    conv->input_count = 4;
    conv->outputs[0] = add->outputs[0];
    moved = *conv;
    *conv = *add;
    *add = moved;
    conv->dead = true;
    w->writer[add->outputs[0]] = (size_t)(add - w->graph->nodes);
    return MEDTL_OK;
}

static medtl_status fuse(work *w, medtl_error *err)
{
    medtl_nd_graph *g = w->graph;
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; i < g->node_count && status == MEDTL_OK; i++) {
        medtl_nd_node *node = &g->nodes[i];

        if (node->dead)
            continue;
        if (is(node, "BatchNormalization"))
            status = fold_norm(w, node, err);
        else if (is(node, "Add"))
            status = fuse_addition(w, node, err);
        else if (is(node, "Relu"))
            fuse_relu(w, node);
    }
    return status;
}

medtl_status medtl_nd_rewrite(medtl_nd_graph *graph, medtl_error *err)
{
    /* Folding a norm makes two constants more. */
    const size_t room = graph->value_count + 2 * graph->node_count + 1;
    work w = {graph, calloc(room, sizeof *w.readers), calloc(room, sizeof *w.writer)};
    medtl_status status;

    if (w.readers == NULL || w.writer == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", graph->path);
        goto done;
    }
    for (size_t i = 0; i < room; i++)
        w.writer[i] = MEDTL_ND_NONE;
    count_readers(&w);
    join_names(&w);
    if ((status = medtl_nd_sweep(graph, err)) != MEDTL_OK)
        goto done;
    count_readers(&w);
    if ((status = fuse(&w, err)) == MEDTL_OK)
        status = medtl_nd_sweep(graph, err);
done:
    free(w.readers);
    free(w.writer);
    return status;
}
