/* A graph under construction: its values by name, its inputs and outputs. */
#include "nd_graph.h"

#include "core/base/c_locale.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

medtl_status medtl_nd_no_memory(const medtl_nd_graph *graph, medtl_error *err)
{
    return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", graph->path);
}

/* What messages call a node without a name: its first output. */
static const char *label(const medtl_nd_graph *graph, const medtl_nd_node *node)
{
    for (size_t k = 0; k < node->output_count && node->name[0] == '\0'; k++)
        if (node->outputs[k] != MEDTL_ND_NONE)
            return graph->values[node->outputs[k]].name;
    return node->name;
}

medtl_status medtl_nd_refuse(const medtl_nd_graph *graph, const medtl_nd_node *node,
                             medtl_error *err, medtl_status status, const char *format, ...)
{
    char reason[MEDTL_MESSAGE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    medtl_vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return medtl_fail(err, status, "%s: node \"%.80s\" (%s, opset %u): %s", graph->path,
                      label(graph, node), node->op->name, graph->opset, reason);
}

medtl_status medtl_nd_graph_create(const char *path, int64_t opset, medtl_nd_graph **out,
                                   medtl_error *err)
{
    medtl_nd_graph *graph;

    *out = NULL;
    if (opset < MEDTL_ND_OLDEST_OPSET || opset > MEDTL_ND_NEWEST_OPSET)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s: written for opset %lld of ONNX; opsets %d to %d are supported", path,
                          (long long)opset, MEDTL_ND_OLDEST_OPSET, MEDTL_ND_NEWEST_OPSET);
    graph = calloc(1, sizeof *graph);
    if (graph == NULL || (graph->path = strdup(path)) == NULL) {
        free(graph);
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    }
    graph->opset = (unsigned)opset;
    *out = graph;
    return MEDTL_OK;
}

static void clear_node(medtl_nd_node *node)
{
    for (size_t i = 0; i < node->attribute_count; i++) {
        free(node->attributes[i].name);
        free(node->attributes[i].ints);
        free(node->attributes[i].floats);
        free(node->attributes[i].text);
    }
    free(node->attributes);
    free(node->name);
    free(node->inputs);
    free(node->outputs);
    free(node->state);
    free(node->packed);
}

void medtl_nd_graph_destroy(medtl_nd_graph *graph)
{
    if (graph == NULL)
        return;
    for (size_t i = 0; i < graph->node_count; i++)
        clear_node(&graph->nodes[i]);
    for (size_t i = 0; i < graph->value_count; i++) {
        free(graph->values[i].name);
        free(graph->values[i].data);
    }
    free(graph->nodes);
    free(graph->values);
    free(graph->inputs);
    free(graph->outputs);
    free(graph->table);
    free(graph->path);
    free(graph);
}

/* FNV-1a (Fowler, Noll, Vo). */
static size_t hash(const char *name)
{
    uint64_t h = 14695981039346656037u;

    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)*name) * 1099511628211u;
    return (size_t)h;
}

/* The slot of `name`, or the free one where it belongs. */
static size_t *slot_of(const medtl_nd_graph *graph, const char *name)
{
    size_t i = hash(name) & (graph->table_size - 1);

    while (graph->table[i] != MEDTL_ND_NONE &&
           strcmp(graph->values[graph->table[i]].name, name) != 0)
        i = (i + 1) & (graph->table_size - 1);
    return &graph->table[i];
}

size_t medtl_nd_graph_find(const medtl_nd_graph *graph, const char *name)
{
    return graph->table_size > 0 ? *slot_of(graph, name) : MEDTL_ND_NONE;
}

static bool grow_table(medtl_nd_graph *graph)
{
    size_t *old = graph->table;

    graph->table_size = graph->value_room * 2; /* rooms are powers of two */
    graph->table = malloc(graph->table_size * sizeof *graph->table);
    free(old);
    if (graph->table == NULL) {
        graph->table_size = 0;
        return false;
    }
    for (size_t i = 0; i < graph->table_size; i++)
        graph->table[i] = MEDTL_ND_NONE;
    for (size_t i = 0; i < graph->value_count; i++)
        *slot_of(graph, graph->values[i].name) = i;
    return true;
}

medtl_status medtl_nd_add_value(medtl_nd_graph *graph, const char *name, size_t *out,
                                medtl_error *err)
{
    const size_t length = strlen(name);

    if (length == 0 || length > MEDTL_ND_MOST_NAME)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: a tensor's name of %zu bytes", graph->path,
                          length);
    if (graph->value_count == MEDTL_ND_MOST_VALUES)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: more than %d tensors", graph->path,
                          MEDTL_ND_MOST_VALUES);
    if (medtl_nd_graph_find(graph, name) != MEDTL_ND_NONE)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: tensor \"%.80s\" is written twice", graph->path,
                          name);
    if (graph->value_count == graph->value_room) {
        const size_t room = graph->value_room > 0 ? graph->value_room * 2 : 64;
        medtl_nd_value *grown = realloc(graph->values, room * sizeof *grown);

        if (grown == NULL)
            return medtl_nd_no_memory(graph, err);
        graph->values = grown;
        graph->value_room = room;
        if (!grow_table(graph))
            return medtl_nd_no_memory(graph, err);
    }
    memset(&graph->values[graph->value_count], 0, sizeof graph->values[0]);
    graph->values[graph->value_count].name = strdup(name);
    if (graph->values[graph->value_count].name == NULL)
        return medtl_nd_no_memory(graph, err);
    *slot_of(graph, name) = graph->value_count;
    *out = graph->value_count++;
    return MEDTL_OK;
}

static medtl_status check_type(const medtl_nd_graph *graph, const char *name,
                               const medtl_nd_type *type, medtl_error *err)
{
    if (!medtl_nd_fits(type, MEDTL_ND_MOST_ELEMENTS))
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: tensor \"%.80s\" has more than %zu elements",
                          graph->path, name, MEDTL_ND_MOST_ELEMENTS);
    return MEDTL_OK;
}

medtl_status medtl_nd_graph_add_constant(medtl_nd_graph *graph, const char *name,
                                         const medtl_nd_type *type, const void *data,
                                         medtl_error *err)
{
    size_t index, count;
    medtl_status status;

    if ((status = check_type(graph, name, type, err)) != MEDTL_OK ||
        (status = medtl_nd_add_value(graph, name, &index, err)) != MEDTL_OK)
        return status;
    count = medtl_nd_count(type);
    graph->values[index].type = *type;
    graph->values[index].written = true;
    graph->values[index].data = medtl_nd_allocate(type->element, count);
    if (graph->values[index].data == NULL)
        return medtl_nd_no_memory(graph, err);
    if (count > 0)
        memcpy(graph->values[index].data, data, count * medtl_nd_width(type->element));
    return MEDTL_OK;
}

static medtl_status append(size_t **list, size_t *count, size_t index, const medtl_nd_graph *graph,
                           medtl_error *err)
{
    size_t *grown = realloc(*list, (*count + 1) * sizeof *grown);

    if (grown == NULL)
        return medtl_nd_no_memory(graph, err);
    *list = grown;
    grown[(*count)++] = index;
    return MEDTL_OK;
}

medtl_status medtl_nd_graph_add_input(medtl_nd_graph *graph, const char *name,
                                      const medtl_nd_type *type, medtl_error *err)
{
    size_t index;
    medtl_status status;

    if ((status = check_type(graph, name, type, err)) != MEDTL_OK ||
        (status = medtl_nd_add_value(graph, name, &index, err)) != MEDTL_OK)
        return status;
    graph->values[index].type = *type;
    graph->values[index].written = true;
    return append(&graph->inputs, &graph->input_count, index, graph, err);
}

medtl_status medtl_nd_graph_add_output(medtl_nd_graph *graph, const char *name, medtl_error *err)
{
    const size_t index = medtl_nd_graph_find(graph, name);

    if (index == MEDTL_ND_NONE)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: the output \"%.80s\" is written by no node",
                          graph->path, name);
    return append(&graph->outputs, &graph->output_count, index, graph, err);
}
