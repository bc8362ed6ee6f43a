#include "nd_op.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t medtl_nd_width(medtl_nd_element element)
{
    return element == MEDTL_ND_FLOAT ? sizeof(float)
           : element == MEDTL_ND_INT ? sizeof(int64_t)
                                     : 1;
}

const char *medtl_nd_element_name(medtl_nd_element element)
{
    return element == MEDTL_ND_FLOAT ? "float32" : element == MEDTL_ND_INT ? "int64" : "bool";
}

size_t medtl_nd_count(const medtl_nd_type *type)
{
    size_t count = 1;

    for (size_t d = 0; d < type->rank; d++)
        count *= type->size[d];
    return count;
}

bool medtl_nd_fits(const medtl_nd_type *type, size_t most)
{
    size_t count = 1; /* with sizes of zero counted as one, so that no order of sizes overflows */

    if (type->rank > MEDTL_ND_RANK)
        return false;
    for (size_t d = 0; d < type->rank; d++) {
        const size_t size = type->size[d] > 0 ? type->size[d] : 1;

        if (size > most / count)
            return false;
        count *= size;
    }
    return true;
}

bool medtl_nd_same_shape(const medtl_nd_type *a, const medtl_nd_type *b)
{
    return a->rank == b->rank && memcmp(a->size, b->size, a->rank * sizeof a->size[0]) == 0;
}

void *medtl_nd_allocate(medtl_nd_element element, size_t count)
{
    const size_t bytes = (count * medtl_nd_width(element) + 64) / 64 * 64;
    void *block = aligned_alloc(64, bytes);

    return block != NULL ? memset(block, 0, bytes) : NULL;
}

static medtl_status no_memory(const medtl_nd_graph *graph, medtl_error *err)
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
    vsnprintf(reason, sizeof reason, format, arguments);
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

static medtl_status add_value(medtl_nd_graph *graph, const char *name, size_t *out,
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
            return no_memory(graph, err);
        graph->values = grown;
        graph->value_room = room;
        if (!grow_table(graph))
            return no_memory(graph, err);
    }
    memset(&graph->values[graph->value_count], 0, sizeof graph->values[0]);
    graph->values[graph->value_count].name = strdup(name);
    if (graph->values[graph->value_count].name == NULL)
        return no_memory(graph, err);
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
        (status = add_value(graph, name, &index, err)) != MEDTL_OK)
        return status;
    count = medtl_nd_count(type);
    graph->values[index].type = *type;
    graph->values[index].written = true;
    graph->values[index].data = medtl_nd_allocate(type->element, count);
    if (graph->values[index].data == NULL)
        return no_memory(graph, err);
    if (count > 0)
        memcpy(graph->values[index].data, data, count * medtl_nd_width(type->element));
    return MEDTL_OK;
}

static medtl_status append(size_t **list, size_t *count, size_t index, const medtl_nd_graph *graph,
                           medtl_error *err)
{
    size_t *grown = realloc(*list, (*count + 1) * sizeof *grown);

    if (grown == NULL)
        return no_memory(graph, err);
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
        (status = add_value(graph, name, &index, err)) != MEDTL_OK)
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
        return no_memory(graph, err);
    for (size_t i = 0; i < count; i++) {
        if (attributes[i].name[0] == '\0' || !knows(node->op, &attributes[i]))
            return medtl_nd_refuse(graph, node, err, MEDTL_E_UNSUPPORTED,
                                   "the attribute \"%.40s\" (or its type) is not supported",
                                   attributes[i].name);
        if (medtl_nd_attribute_find(node, attributes[i].name) != NULL)
            return medtl_nd_refuse(graph, node, err, MEDTL_E_FORMAT,
                                   "the attribute \"%.40s\" is there twice", attributes[i].name);
        if (!copy_attribute(&attributes[i], &node->attributes[node->attribute_count++]))
            return no_memory(graph, err);
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
        return no_memory(graph, err);
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
        return no_memory(graph, err);
    for (size_t i = 0; i < count; i++) {
        medtl_status status;

        node->outputs[node->output_count++] = MEDTL_ND_NONE;
        if (names[i][0] == '\0')
            continue;
        if ((status = add_value(graph, names[i], &node->outputs[i], err)) != MEDTL_OK)
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
            return no_memory(graph, err);
        graph->nodes = grown;
        graph->node_room = room;
    }
    node = &graph->nodes[graph->node_count++];
    memset(node, 0, sizeof *node);
    node->op = medtl_nd_op_find(op);
    node->name = strndup(name, MEDTL_ND_MOST_NAME);
    if (node->name == NULL)
        return no_memory(graph, err);
    if ((status = connect_inputs(graph, node, inputs, input_count, err)) != MEDTL_OK ||
        (status = connect_outputs(graph, node, outputs, output_count, err)) != MEDTL_OK)
        return status;
    return copy_attributes(graph, node, attributes, attribute_count, err);
}
