#include "graph_writer.h"

#include "core/base/c_locale.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROWTH = 64 }; /* lists grow by this many */

/* Memory is handed out piecewise and freed together: a graph is many small things of one lifetime. */
struct medtl_onnx_block {
    medtl_onnx_block *next;
    max_align_t bytes[]; /* what is handed out */
};

static char nothing[1] = ""; /* what names are after a failure */

void medtl_onnx_writer_init(medtl_onnx_writer *w)
{
    memset(w, 0, sizeof *w);
    onnx__graph_proto__init(&w->graph);
}

void medtl_onnx_writer_clear(medtl_onnx_writer *w)
{
    while (w->blocks != NULL) {
        medtl_onnx_block *next = w->blocks->next;

        free(w->blocks);
        w->blocks = next;
    }
    memset(w, 0, sizeof *w);
}

void *medtl_onnx_take(medtl_onnx_writer *w, size_t size)
{
    medtl_onnx_block *block;

    if (w->status != MEDTL_OK)
        return NULL;
    block = size <= SIZE_MAX / 2 ? calloc(1, sizeof *block + size) : NULL;
    if (block == NULL) {
        w->status = medtl_fail(&w->error, MEDTL_E_MEMORY, "out of memory for an ONNX graph");
        return NULL;
    }
    block->next = w->blocks;
    w->blocks = block;
    return block->bytes;
}

static void *copy_of(medtl_onnx_writer *w, const void *bytes, size_t size)
{
    void *copy = medtl_onnx_take(w, size);

    if (copy != NULL && size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

char *medtl_onnx_text(medtl_onnx_writer *w, const char *format, ...)
{
    va_list arguments;
    int length;
    char *text;

    va_start(arguments, format);
    length = medtl_vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    text = length >= 0 ? medtl_onnx_take(w, (size_t)length + 1) : NULL;
    if (text == NULL)
        return nothing;
    va_start(arguments, format);
    medtl_vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

/* Append one pointer to a list that is replaced by a longer one every GROWTH items. */
static void append(medtl_onnx_writer *w, void *list, size_t *count, void *item)
{
    void **items;

    memcpy(&items, list, sizeof items); /* all lists are arrays of pointers to messages */
    if (item == NULL)
        return;
    if (*count % GROWTH == 0) {
        void **longer = medtl_onnx_take(w, (*count + GROWTH) * sizeof *longer);

        if (longer == NULL)
            return;
        if (*count > 0)
            memcpy(longer, items, *count * sizeof *longer);
        items = longer;
        memcpy(list, &items, sizeof items);
    }
    items[(*count)++] = item;
}

/* Operators' outputs and tensors live in one space of names. */
static bool taken(const medtl_onnx_writer *w, const char *name)
{
    for (size_t i = 0; i < w->graph.n_node; i++)
        if (strcmp(w->graph.node[i]->output[0], name) == 0)
            return true;
    for (size_t i = 0; i < w->graph.n_initializer; i++)
        if (strcmp(w->graph.initializer[i]->name, name) == 0)
            return true;
    for (size_t i = 0; i < w->graph.n_input; i++)
        if (strcmp(w->graph.input[i]->name, name) == 0)
            return true;
    return false;
}

static char *unique(medtl_onnx_writer *w, const char *name)
{
    char *text = medtl_onnx_text(w, "%s", name);

    for (int number = 2; taken(w, text) && w->status == MEDTL_OK; number++)
        text = medtl_onnx_text(w, "%s.%d", name, number);
    return text;
}

static Onnx__TensorShapeProto__Dimension *dimension(medtl_onnx_writer *w, int64_t size)
{
    Onnx__TensorShapeProto__Dimension *d = medtl_onnx_take(w, sizeof *d);

    if (d == NULL)
        return NULL;
    onnx__tensor_shape_proto__dimension__init(d);
    d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    d->dim_value = size;
    return d;
}

static Onnx__TensorShapeProto__Dimension *open_dimension(medtl_onnx_writer *w)
{
    Onnx__TensorShapeProto__Dimension *d = dimension(w, 0);

    if (d == NULL)
        return NULL;
    d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    d->dim_param = medtl_onnx_text(w, "N");
    return d;
}

static Onnx__ValueInfoProto *described(medtl_onnx_writer *w, const char *name, const int64_t *dims,
                                       size_t count)
{
    Onnx__ValueInfoProto *value = medtl_onnx_take(w, sizeof *value);
    Onnx__TypeProto *type = medtl_onnx_take(w, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = medtl_onnx_take(w, sizeof *tensor);
    Onnx__TensorShapeProto *shape = medtl_onnx_take(w, sizeof *shape);

    if (value == NULL || type == NULL || tensor == NULL || shape == NULL)
        return NULL;
    onnx__value_info_proto__init(value);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    append(w, &shape->dim, &shape->n_dim, open_dimension(w));
    for (size_t i = 0; i < count; i++)
        append(w, &shape->dim, &shape->n_dim, dimension(w, dims[i]));
    tensor->has_elem_type = true;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    value->name = medtl_onnx_text(w, "%s", name);
    value->type = type;
    return value;
}

void medtl_onnx_input(medtl_onnx_writer *w, const char *name, const int64_t *dims, size_t count)
{
    append(w, &w->graph.input, &w->graph.n_input, described(w, name, dims, count));
}

void medtl_onnx_output(medtl_onnx_writer *w, const char *name, const int64_t *dims, size_t count)
{
    append(w, &w->graph.output, &w->graph.n_output, described(w, name, dims, count));
}

static Onnx__TensorProto *tensor_of(medtl_onnx_writer *w, const char *name, const int64_t *dims,
                                    size_t count, Onnx__TensorProto__DataType type)
{
    Onnx__TensorProto *tensor = medtl_onnx_take(w, sizeof *tensor);

    if (tensor == NULL)
        return NULL;
    onnx__tensor_proto__init(tensor);
    tensor->name = unique(w, name);
    tensor->dims = copy_of(w, dims, count * sizeof *dims);
    tensor->n_dims = count;
    tensor->has_data_type = true;
    tensor->data_type = type;
    append(w, &w->graph.initializer, &w->graph.n_initializer, tensor);
    return w->status == MEDTL_OK ? tensor : NULL;
}

const char *medtl_onnx_floats(medtl_onnx_writer *w, const char *name, const int64_t *dims,
                              size_t count, const float *values)
{
    Onnx__TensorProto *tensor =
        tensor_of(w, name, dims, count, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);

    if (tensor == NULL)
        return nothing;
    tensor->n_float_data = 1;
    for (size_t i = 0; i < count; i++)
        tensor->n_float_data *= (size_t)dims[i];
    tensor->float_data = (float *)values; /* only read */
    return tensor->name;
}

const char *medtl_onnx_wholes(medtl_onnx_writer *w, const char *name, const int64_t *values,
                              size_t count)
{
    const int64_t dims[] = {(int64_t)count};
    Onnx__TensorProto *tensor = tensor_of(w, name, dims, 1, ONNX__TENSOR_PROTO__DATA_TYPE__INT64);

    if (tensor == NULL)
        return nothing;
    tensor->int64_data = copy_of(w, values, count * sizeof *values);
    tensor->n_int64_data = tensor->int64_data != NULL ? count : 0;
    return tensor->name;
}

const char *medtl_onnx_operator(medtl_onnx_writer *w, const char *type, const char *name,
                                const char *const *inputs, size_t input_count)
{
    Onnx__NodeProto *node = medtl_onnx_take(w, sizeof *node);

    if (node == NULL)
        return nothing;
    onnx__node_proto__init(node);
    node->op_type = medtl_onnx_text(w, "%s", type);
    node->name = unique(w, name);
    for (size_t i = 0; i < input_count; i++)
        append(w, &node->input, &node->n_input, medtl_onnx_text(w, "%s", inputs[i]));
    append(w, &node->output, &node->n_output, node->name);
    if (w->status == MEDTL_OK)
        append(w, &w->graph.node, &w->graph.n_node, node);
    return w->status == MEDTL_OK ? node->name : nothing;
}

static Onnx__AttributeProto *attribute(medtl_onnx_writer *w, const char *name,
                                       Onnx__AttributeProto__AttributeType type)
{
    Onnx__AttributeProto *a = medtl_onnx_take(w, sizeof *a);
    Onnx__NodeProto *node;

    if (a == NULL)
        return NULL;
    onnx__attribute_proto__init(a);
    a->name = medtl_onnx_text(w, "%s", name);
    a->has_type = true;
    a->type = type;
    node = w->graph.node[w->graph.n_node - 1];
    append(w, &node->attribute, &node->n_attribute, a);
    return a;
}

void medtl_onnx_set_whole(medtl_onnx_writer *w, const char *name, int64_t value)
{
    Onnx__AttributeProto *a = attribute(w, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);

    if (a == NULL)
        return;
    a->has_i = true;
    a->i = value;
}

void medtl_onnx_set_wholes(medtl_onnx_writer *w, const char *name, const int64_t *values,
                           size_t count)
{
    Onnx__AttributeProto *a = attribute(w, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);

    if (a == NULL)
        return;
    a->ints = copy_of(w, values, count * sizeof *values);
    a->n_ints = a->ints != NULL ? count : 0;
}

void medtl_onnx_set_real(medtl_onnx_writer *w, const char *name, float value)
{
    Onnx__AttributeProto *a = attribute(w, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);

    if (a == NULL)
        return;
    a->has_f = true;
    a->f = value;
}

void medtl_onnx_set_text(medtl_onnx_writer *w, const char *name, const char *value)
{
    Onnx__AttributeProto *a = attribute(w, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);

    if (a == NULL)
        return;
    a->has_s = true;
    a->s.len = strlen(value);
    a->s.data = (uint8_t *)medtl_onnx_text(w, "%s", value);
}
