/* Nodes of a graph under construction: what they read, write and are told must fit their operator. */
#include "nd_graph.h"

#include <stdlib.h>
#include <string.h>

static bool copy_attribute(const medtl_nd_attribute *from, medtl_nd_attribute *to)
{
    *to = (medtl_nd_attribute){.kind = from->kind, .list = from->list, .count = from->count};
    to->name = strdup(from->name);
    if (from->kind == MEDTL_ND_TEXT) {
        to->text = strdup(from->text);
        return to->name != NULL && to->text != NULL;
    }
    if (from->kind == MEDTL_ND_INTS)
        to->ints = calloc(from->count + 1, sizeof *to->ints);
    else
        to->floats = calloc(from->count + 1, sizeof *to->floats);
    if (to->name == NULL || (to->ints == NULL && to->floats == NULL))
        return false;
    if (from->count > 0 && to->ints != NULL)
        memcpy(to->ints, from->ints, from->count * sizeof *to->ints);
    if (from->count > 0 && to->floats != NULL)
        memcpy(to->floats, from->floats, from->count * sizeof *to->floats);
    return true;
}

static char kind_letter(const medtl_nd_attribute *a)
{
    return a->kind == MEDTL_ND_TEXT   ? 't'
           : a->kind == MEDTL_ND_INTS ? (a->list ? 'I' : 'i')
                                      : (a->list ? 'F' : 'f');
}

/* Operators list the attributes they honour, with their kinds; one that they do not know would change what they mean. */
static bool knows(const medtl_nd_op *op, const medtl_nd_attribute *attribute)
{
    const size_t length = strlen(attribute->name);
    const char *at = op->attributes;

    while ((at = strstr(at, attribute->name)) != NULL) {
        if ((at == op->attributes || at[-1] == ' ') && at[length] == ':' &&
            at[length + 1] == kind_letter(attribute))
            return true;
        at += 1;
    }
    return false;
}

static medtl_status copy_attributes(medtl_nd_graph *graph, medtl_nd_node *node,
                                    const medtl_nd_attribute *attributes, size_t count,
                                    medtl_error *err)
{
    node->attributes = calloc(count + 1, sizeof *node->attributes);
    if (node->attributes == NULL)
        return medtl_nd_no_memory(graph, err);
    for (size_t i = 0; i < count; i++) {
        if (attributes[i].name[0] == '\0' || !knows(node->op, &attributes[i]))
            return medtl_nd_refuse(graph, node, err, MEDTL_E_UNSUPPORTED,
                                   "the attribute \"%.40s\" (or its type) is not supported",
                                   attributes[i].name);
        if (medtl_nd_attribute_find(node, attributes[i].name) != NULL)
            return medtl_nd_refuse(graph, node, err, MEDTL_E_FORMAT,
                                   "the attribute \"%.40s\" is there twice", attributes[i].name);
        if (!copy_attribute(&attributes[i], &node->attributes[node->attribute_count++]))
            return medtl_nd_no_memory(graph, err);
    }
    return MEDTL_OK;
}

static medtl_status connect_inputs(medtl_nd_graph *graph, medtl_nd_node *node,
                                   const char *const *names, size_t count, medtl_error *err)
{
    const medtl_nd_op *op = node->op;

    while (count > 0 && names[count - 1][0] == '\0')
        count--; /* left out at the end: as if it were not there */
    if (count < op->least || (op->most > 0 && count > op->most))
        return medtl_nd_refuse(graph, node, err, MEDTL_E_FORMAT, "%zu inputs", count);
    node->inputs = calloc(count + 1, sizeof *node->inputs);
    if (node->inputs == NULL)
        return medtl_nd_no_memory(graph, err);
    node->input_count = count;
    for (size_t i = 0; i < count; i++) {
        node->inputs[i] =
            names[i][0] != '\0' ? medtl_nd_graph_find(graph, names[i]) : MEDTL_ND_NONE;
        if (names[i][0] == '\0' && (i < op->least || op->most == 0))
            return medtl_nd_refuse(graph, node, err, MEDTL_E_FORMAT, "input %zu is missing", i);
        if (names[i][0] != '\0' && node->inputs[i] == MEDTL_ND_NONE)
            return medtl_nd_refuse(
                graph, node, err, MEDTL_E_FORMAT,
                "reads \"%.80s\", which nothing before it writes: it dangles, or "
                "the graph has a cycle or is out of order",
                names[i]);
    }
    return MEDTL_OK;
}

static medtl_status connect_outputs(medtl_nd_graph *graph, medtl_nd_node *node,
                                    const char *const *names, size_t count, medtl_error *err)
{
    while (count > 0 && names[count - 1][0] == '\0')
        count--;
    if (count < 1)
        return medtl_nd_refuse(graph, node, err, MEDTL_E_FORMAT, "has no output");
    if (count > node->op->outputs)
        return medtl_nd_refuse(graph, node, err, MEDTL_E_UNSUPPORTED,
                               "%zu outputs; at most %zu are supported", count, node->op->outputs);
    node->outputs = calloc(count, sizeof *node->outputs);
    if (node->outputs == NULL)
        return medtl_nd_no_memory(graph, err);
    for (size_t i = 0; i < count; i++) {
        medtl_status status;

        node->outputs[node->output_count++] = MEDTL_ND_NONE;
        if (names[i][0] == '\0')
            continue;
        if ((status = medtl_nd_add_value(graph, names[i], &node->outputs[i], err)) != MEDTL_OK)
            return status;
        graph->values[node->outputs[i]].written = true;
    }
    return MEDTL_OK;
}

medtl_status medtl_nd_graph_add_node(medtl_nd_graph *graph, const char *op, const char *name,
                                     const char *const *inputs, size_t input_count,
                                     const char *const *outputs, size_t output_count,
                                     const medtl_nd_attribute *attributes, size_t attribute_count,
                                     medtl_error *err)
{
    medtl_nd_node *node;
    medtl_status status;

    if (medtl_nd_op_find(op) == NULL) {
        size_t named = 0;

        while (named + 1 < output_count && outputs[named][0] == '\0')
            named++;
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s: node \"%.80s\": the operator %.40s (opset %u) is not supported",
                          graph->path, name[0] != '\0' || output_count == 0 ? name : outputs[named],
                          op, graph->opset);
    }
    if (graph->node_count == MEDTL_ND_MOST_NODES)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: more than %d nodes", graph->path,
                          MEDTL_ND_MOST_NODES);
    if (graph->node_count == graph->node_room) {
        const size_t room = graph->node_room > 0 ? graph->node_room * 2 : 64;
        medtl_nd_node *grown = realloc(graph->nodes, room * sizeof *grown);

        if (grown == NULL)
            return medtl_nd_no_memory(graph, err);
        graph->nodes = grown;
        graph->node_room = room;
    }
    node = &graph->nodes[graph->node_count++];
    memset(node, 0, sizeof *node);
    node->op = medtl_nd_op_find(op);
    node->name = strndup(name, MEDTL_ND_MOST_NAME);
    if (node->name == NULL)
        return medtl_nd_no_memory(graph, err);
    if ((status = connect_inputs(graph, node, inputs, input_count, err)) != MEDTL_OK ||
        (status = connect_outputs(graph, node, outputs, output_count, err)) != MEDTL_OK)
        return status;
    return copy_attributes(graph, node, attributes, attribute_count, err);
}
