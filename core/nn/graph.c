/* Appending nodes and parameters to a graph, with the limits that keep every size computable. */
#include "graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GROWTH = 32,          /* nodes and declarations are allocated by this many */
    MOST_NODES = 4096,    /* far above any network we know */
    MOST_FLOATS = 1 << 30 /* of one activation or one parameter: 4 GiB */
};

void medtl_graph_init(medtl_graph *graph)
{
    memset(graph, 0, sizeof *graph);
    graph->norm_epsilon = 1e-5f;
    graph->conv_initialiser = MEDTL_INIT_HE;
    graph->linear_weight_initialiser = MEDTL_INIT_FAN_IN;
    graph->linear_bias_initialiser = MEDTL_INIT_FAN_IN;
}

void medtl_graph_clear(medtl_graph *graph)
{
    free(graph->nodes);
    free(graph->declarations);
    medtl_graph_init(graph);
}

medtl_status medtl_graph_finish(const medtl_graph *graph, medtl_error *err)
{
    if (graph->status != MEDTL_OK && err != NULL)
        *err = graph->error;
    return graph->status;
}

/* Room for one more item in an array that grows by GROWTH. */
static bool reserve(medtl_graph *graph, void **items, size_t count, size_t item_size)
{
    void *grown;

    if (count % GROWTH != 0)
        return true;
    grown = realloc(*items, (count + GROWTH) * item_size);
    if (grown == NULL) {
        graph->status = medtl_fail(&graph->error, MEDTL_E_MEMORY, "out of memory for a network");
        return false;
    }
    *items = grown;
    return true;
}

static bool fits(medtl_shape shape)
{
    size_t size = shape.channels;

    if (size == 0 || shape.height == 0 || shape.width == 0 || size > MOST_FLOATS)
        return false;
    if (shape.height > MOST_FLOATS / size)
        return false;
    size *= shape.height;
    return shape.width <= MOST_FLOATS / size;
}

medtl_node *medtl_graph_append(medtl_graph *graph, const medtl_node *prototype)
{
    medtl_shape in[MEDTL_NODE_MAX_INPUTS];
    medtl_node *node;

    if (graph->status != MEDTL_OK ||
        !reserve(graph, (void **)&graph->nodes, graph->node_count, sizeof *graph->nodes))
        return NULL;
    node = &graph->nodes[graph->node_count];
    *node = *prototype;
    for (size_t i = 0; i < node->input_count; i++)
        in[i] = graph->nodes[node->inputs[i]].shape;
    graph->status = node->ops->plan(node, in, &graph->error);
    if (graph->status == MEDTL_OK && (!fits(node->shape) || graph->node_count >= MOST_NODES))
        graph->status = medtl_fail(&graph->error, MEDTL_E_UNSUPPORTED,
                                   "%s %s: the network is too large", node->ops->kind, node->name);
    if (graph->status != MEDTL_OK)
        return NULL;
    graph->node_count++;
    return node;
}

void medtl_graph_declare(medtl_graph *graph, const char *suffix, medtl_parameter_role role,
                         medtl_initialiser initialiser, const size_t *shape, size_t dimensions)
{
    medtl_node *node;
    medtl_declaration *d;

    if (graph->status != MEDTL_OK ||
        !reserve(graph, (void **)&graph->declarations, graph->declaration_count,
                 sizeof *graph->declarations))
        return;
    node = &graph->nodes[graph->node_count - 1];
    d = &graph->declarations[graph->declaration_count];
    memset(d, 0, sizeof *d);
    snprintf(d->name, sizeof d->name, "%s%s%s%s", graph->prefix, node->name,
             node->name[0] != '\0' ? "." : "", suffix);
    d->dimensions = dimensions;
    d->size = 1;
    for (size_t i = 0; i < dimensions; i++) {
        d->shape[i] = shape[i];
        if (shape[i] == 0 || shape[i] > MOST_FLOATS / d->size) {
            graph->status =
                medtl_fail(&graph->error, MEDTL_E_UNSUPPORTED, "%s is too large", d->name);
            return;
        }
        d->size *= shape[i];
    }
    d->role = role;
    d->stage = graph->stage;
    d->initialiser = initialiser;
    d->deviation = graph->deviation;
    d->fan_in = dimensions > 1 ? d->size / shape[0] : d->size;
    d->fan_out = dimensions > 1 ? d->size / shape[1] : d->size;
    if (dimensions == 1 && node->parameter_count > 0) /* a bias starts as its weight's fan says */
        d->fan_in = d[-1].fan_in;
    node->parameters[node->parameter_count++] = graph->declaration_count++;
}

void medtl_graph_name_output(medtl_graph *graph, size_t index, const char *name, bool training_only)
{
    medtl_output *output;

    if (graph->status != MEDTL_OK || graph->prefix[0] != '\0')
        return; /* members of an ensemble would all have the same names */
    if (graph->output_count == MEDTL_MOST_OUTPUTS || strlen(name) >= sizeof output->name) {
        graph->status =
            medtl_fail(&graph->error, MEDTL_E_UNSUPPORTED,
                       "more than %d named outputs, or a name too long", MEDTL_MOST_OUTPUTS);
        return;
    }
    output = &graph->outputs[graph->output_count++];
    snprintf(output->name, sizeof output->name, "%s", name);
    output->node = index;
    output->training_only = training_only;
}

void medtl_graph_heads(medtl_graph *graph, size_t x, const medtl_network_spec *spec,
                       const char *name)
{
    medtl_graph_name_output(graph, x, "features", false);
    graph->stage++;
    x = medtl_graph_dropout(graph, x, spec->dropout);
    for (size_t i = 0; i < graph->head_count; i++) {
        const medtl_head *head = &graph->heads[i];
        const size_t y = medtl_graph_linear(graph, x, head->classes, "heads.%s", head->name);

        medtl_graph_name_output(graph, y, head->name, false);
    }
    switch (spec->classifier.kind) {
    case MEDTL_CLASSIFIER_LINEAR:
        (void)medtl_graph_linear(graph, x, spec->classes, "%s", name);
        break;
    case MEDTL_CLASSIFIER_NEIGHBOURS:
        (void)medtl_graph_neighbours(graph, x, spec->classes, spec->classifier.vectors,
                                     spec->classifier.neighbours, name);
        break;
    case MEDTL_CLASSIFIER_KERNEL:
        (void)medtl_graph_kernel(graph, x, spec->classes, spec->classifier.vectors, name);
        break;
    }
}

const medtl_output *medtl_graph_find_output(const medtl_graph *graph, const char *name)
{
    for (size_t i = 0; i < graph->output_count; i++)
        if (strcmp(graph->outputs[i].name, name) == 0)
            return &graph->outputs[i];
    return NULL;
}

bool medtl_graph_is_output(const medtl_graph *graph, size_t index)
{
    for (size_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i].node == index)
            return true;
    return false;
}

size_t medtl_graph_reader_count(const medtl_graph *graph, size_t index)
{
    size_t count = 0;

    for (size_t i = 0; i < graph->output_count; i++)
        count += graph->outputs[i].node == index;
    for (size_t i = index + 1; i < graph->node_count; i++)
        for (size_t k = 0; k < graph->nodes[i].input_count; k++)
            count += graph->nodes[i].inputs[k] == index;
    return count;
}

size_t medtl_graph_last_reader(const medtl_graph *graph, size_t index)
{
    size_t last = index;

    for (size_t i = index + 1; i < graph->node_count; i++)
        for (size_t k = 0; k < graph->nodes[i].input_count; k++)
            if (graph->nodes[i].inputs[k] == index)
                last = i;
    return last;
}
