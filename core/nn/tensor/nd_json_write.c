#include "nd_json.h"

#include "nd_op.h"

#include <math.h>

static json_t *shape_of(const medtl_nd_type *type)
{
    json_t *shape = json_array();

    for (size_t d = 0; d < type->rank; d++)
        (void)json_array_append_new(shape, json_integer((json_int_t)type->size[d]));
    return shape;
}

static json_t *describe(const medtl_nd_value *value)
{
    return json_pack("{s:s, s:s, s:o}", "name", value->name, "type",
                     medtl_nd_element_name(value->type.element), "shape", shape_of(&value->type));
}

static json_t *constant(const medtl_nd_value *value)
{
    json_t *values = json_array();

    for (size_t i = 0; i < medtl_nd_count(&value->type); i++)
        (void)json_array_append_new(values,
                                    json_integer(value->type.element == MEDTL_ND_INT
                                                     ? (json_int_t)((const int64_t *)value->data)[i]
                                                     : (json_int_t)((const bool *)value->data)[i]));
    return json_pack("{s:s, s:s, s:o, s:o}", "name", value->name, "type",
                     medtl_nd_element_name(value->type.element), "shape", shape_of(&value->type),
                     "values", values);
}

/* Floats are JSON reals and whole numbers integers, so that reading tells them apart. NULL for what JSON cannot hold. */
static json_t *number(const medtl_nd_attribute *a, size_t i)
{
    return a->kind == MEDTL_ND_INTS ? json_integer(a->ints[i]) : json_real((double)a->floats[i]);
}

static json_t *attribute(const medtl_nd_attribute *a)
{
    json_t *list;

    if (a->kind == MEDTL_ND_TEXT)
        return json_string(a->text);
    if (!a->list)
        return number(a, 0);
    list = json_array();
    for (size_t i = 0; i < a->count; i++)
        if (json_array_append_new(list, number(a, i)) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *names(const medtl_nd_graph *graph, const size_t *values, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(list, json_string(values[i] != MEDTL_ND_NONE
                                                        ? graph->values[values[i]].name
                                                        : "")) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *node_of(const medtl_nd_graph *graph, const medtl_nd_node *node)
{
    json_t *attributes = json_object();

    for (size_t i = 0; i < node->attribute_count; i++)
        if (json_object_set_new(attributes, node->attributes[i].name,
                                attribute(&node->attributes[i])) != 0) {
            json_decref(attributes);
            return NULL;
        }
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "op", node->op->name, "name", node->name,
                     "inputs", names(graph, node->inputs, node->input_count), "outputs",
                     names(graph, node->outputs, node->output_count), "attributes", attributes);
}

/* Constants that no float tensor of the file holds. */
static int add_constants(const medtl_nd_graph *graph, json_t *list)
{
    int failed = 0;

    for (size_t i = 0; i < graph->value_count; i++)
        if (graph->values[i].data != NULL && graph->values[i].type.element != MEDTL_ND_FLOAT)
            failed |= json_array_append_new(list, constant(&graph->values[i]));
    return failed;
}

medtl_status medtl_nd_json_write(const medtl_nd_graph *graph, json_t **out, medtl_error *err)
{
    json_t *inputs = json_array(), *nodes = json_array(), *constants = json_array();
    int failed = add_constants(graph, constants);

    for (size_t i = 0; i < graph->input_count; i++)
        failed |= json_array_append_new(inputs, describe(&graph->values[graph->inputs[i]]));
    for (size_t i = 0; i < graph->node_count; i++)
        if (!graph->nodes[i].dead)
            failed |= json_array_append_new(nodes, node_of(graph, &graph->nodes[i]));
    *out = json_pack("{s:i, s:o, s:o, s:o, s:o}", "opset", (int)graph->opset, "inputs", inputs,
                     "outputs", names(graph, graph->outputs, graph->output_count), "constants",
                     constants, "nodes", nodes);
    if (failed != 0 || *out == NULL) {
        json_decref(*out);
        *out = NULL;
        return medtl_fail(err, MEDTL_E_FORMAT,
                          "%s: a name that is not UTF-8, or an attribute that is not finite",
                          graph->path);
    }
    return MEDTL_OK;
}
