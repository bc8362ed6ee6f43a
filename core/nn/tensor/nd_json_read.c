#include "nd_json.h"

#include "nd_op.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_NAMES = 4096, MOST_ATTRIBUTES = 32, MOST_NUMBERS = 4096 };

static medtl_status refuse(const medtl_nd_graph *graph, const char *what, size_t index,
                           medtl_error *err)
{
    return medtl_fail(err, MEDTL_E_FORMAT, "%s: metadata: \"graph\": %s %zu is malformed",
                      graph->path, what, index);
}

static bool read_type(const json_t *json, medtl_nd_type *type)
{
    static const medtl_nd_element elements[] = {MEDTL_ND_FLOAT, MEDTL_ND_INT, MEDTL_ND_BOOL};
    const char *name = json_string_value(json_object_get(json, "type"));
    const json_t *shape = json_object_get(json, "shape");
    bool found = false;

    for (size_t i = 0; name != NULL && i < 3; i++)
        if (strcmp(name, medtl_nd_element_name(elements[i])) == 0) {
            type->element = elements[i];
            found = true;
        }
    type->rank = json_array_size(shape);
    if (!found || !json_is_array(shape) || type->rank > MEDTL_ND_RANK)
        return false;
    for (size_t d = 0; d < type->rank; d++) {
        const json_t *size = json_array_get(shape, d);

        if (!json_is_integer(size) || json_integer_value(size) < 0 ||
            (uintmax_t)json_integer_value(size) > MEDTL_ND_MOST_ELEMENTS)
            return false;
        type->size[d] = (size_t)json_integer_value(size);
    }
    return medtl_nd_fits(type, MEDTL_ND_MOST_ELEMENTS);
}

static medtl_status read_inputs(const json_t *list, medtl_nd_graph *graph, medtl_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *json = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(json, "name"));
        medtl_nd_type type = {0};
        medtl_status status;

        if (name == NULL || !read_type(json, &type))
            return refuse(graph, "input", i, err);
        if ((status = medtl_nd_graph_add_input(graph, name, &type, err)) != MEDTL_OK)
            return status;
    }
    return MEDTL_OK;
}

/* Whole numbers and truth values, as many as there are in the text: a shape alone allocates nothing. */
static bool read_values(const json_t *values, const medtl_nd_type *type, void *data)
{
    for (size_t i = 0; i < json_array_size(values); i++) {
        const json_t *v = json_array_get(values, i);

        if (!json_is_integer(v))
            return false;
        if (type->element == MEDTL_ND_INT)
            ((int64_t *)data)[i] = (int64_t)json_integer_value(v);
        else
            ((bool *)data)[i] = json_integer_value(v) != 0;
    }
    return true;
}

static medtl_status read_constant(const json_t *json, size_t index, medtl_nd_graph *graph,
                                  medtl_error *err)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    const json_t *values = json_object_get(json, "values");
    medtl_nd_type type = {0};
    medtl_status status;
    void *data;

    if (name == NULL || !read_type(json, &type) || type.element == MEDTL_ND_FLOAT ||
        !json_is_array(values) || json_array_size(values) != medtl_nd_count(&type))
        return refuse(graph, "constant", index, err);
    data = medtl_nd_allocate(type.element, medtl_nd_count(&type));
    if (data == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", graph->path);
    status = read_values(values, &type, data)
                 ? medtl_nd_graph_add_constant(graph, name, &type, data, err)
                 : refuse(graph, "constant", index, err);
    free(data);
    return status;
}

/* The numbers of `json`, which is one or a list, into `ints` or `floats`. */
static bool read_numbers(const json_t *json, medtl_nd_attribute *out)
{
    const size_t count = json_is_array(json) ? json_array_size(json) : 1;

    out->list = json_is_array(json);
    if (count > MOST_NUMBERS)
        return false;
    out->ints = calloc(count + 1, sizeof *out->ints);
    out->floats = calloc(count + 1, sizeof *out->floats);
    if (out->ints == NULL || out->floats == NULL)
        return false;
    for (; out->count < count; out->count++) {
        const json_t *v = out->list ? json_array_get(json, out->count) : json;

        if (!json_is_number(v))
            return false;
        if (out->count == 0)
            out->kind = json_is_integer(v) ? MEDTL_ND_INTS : MEDTL_ND_FLOATS;
        if (json_is_integer(v) != (out->kind == MEDTL_ND_INTS))
            return false;
        out->ints[out->count] = (int64_t)json_integer_value(v);
        out->floats[out->count] = (float)json_number_value(v);
    }
    return true;
}

/* Names and texts are borrowed from the JSON. */
static bool read_attributes(json_t *json, medtl_nd_attribute *out, size_t *count)
{
    const char *key;
    json_t *value;

    *count = 0;
    json_object_foreach(json, key, value)
    {
        medtl_nd_attribute *a;

        if (*count == MOST_ATTRIBUTES)
            return false;
        a = &out[(*count)++];
        a->name = (char *)key;
        if (json_is_string(value)) {
            a->kind = MEDTL_ND_TEXT;
            a->text = (char *)json_string_value(value);
        } else if (!read_numbers(value, a)) {
            return false;
        }
    }
    return true;
}

/* A list of names, borrowed. NULL for anything else. */
static const char **read_names(const json_t *list, size_t *count)
{
    const char **names;

    *count = json_array_size(list);
    if (!json_is_array(list) || *count > MOST_NAMES)
        return NULL;
    names = calloc(*count + 1, sizeof *names);
    for (size_t i = 0; names != NULL && i < *count; i++) {
        names[i] = json_string_value(json_array_get(list, i));
        if (names[i] == NULL) {
            free(names);
            return NULL;
        }
    }
    return names;
}

static medtl_status read_node(json_t *json, size_t index, medtl_nd_graph *graph, medtl_error *err)
{
    medtl_nd_attribute attributes[MOST_ATTRIBUTES] = {0};
    const char *op = json_string_value(json_object_get(json, "op"));
    const char *name = json_string_value(json_object_get(json, "name"));
    size_t input_count, output_count, attribute_count;
    const char **inputs = read_names(json_object_get(json, "inputs"), &input_count);
    const char **outputs = read_names(json_object_get(json, "outputs"), &output_count);
    medtl_status status;

    if (!read_attributes(json_object_get(json, "attributes"), attributes, &attribute_count) ||
        op == NULL || name == NULL || inputs == NULL || outputs == NULL)
        status = refuse(graph, "node", index, err);
    else
        status = medtl_nd_graph_add_node(graph, op, name, inputs, input_count, outputs,
                                         output_count, attributes, attribute_count, err);
    for (size_t i = 0; i < attribute_count; i++) {
        free(attributes[i].ints);
        free(attributes[i].floats);
    }
    free(inputs);
    free(outputs);
    return status;
}

medtl_status medtl_nd_json_read(const json_t *json, medtl_nd_graph *graph, medtl_error *err)
{
    const json_t *constants = json_object_get(json, "constants"),
                 *nodes = json_object_get(json, "nodes");
    size_t output_count;
    const char **outputs = read_names(json_object_get(json, "outputs"), &output_count);
    medtl_status status = MEDTL_OK;

    if (outputs == NULL || output_count == 0)
        status = refuse(graph, "output", 0, err);
    else
        status = read_inputs(json_object_get(json, "inputs"), graph, err);
    for (size_t i = 0; i < json_array_size(constants) && status == MEDTL_OK; i++)
        status = read_constant(json_array_get(constants, i), i, graph, err);
    for (size_t i = 0; i < json_array_size(nodes) && status == MEDTL_OK; i++)
        status = read_node(json_array_get(nodes, i), i, graph, err);
    for (size_t i = 0; i < output_count && status == MEDTL_OK; i++)
        status = medtl_nd_graph_add_output(graph, outputs[i], err);
    free(outputs);
    return status;
}

int64_t medtl_nd_json_opset(const json_t *json)
{
    return (int64_t)json_integer_value(json_object_get(json, "opset"));
}
