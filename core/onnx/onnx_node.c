/* NodeProto: names and attributes. Constant, whose attribute is a tensor, becomes a constant of the graph, and
 * ConstantOfShape's tensor of one element a number. */
#include "onnx_parts.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_CONNECTIONS = 4096, MOST_TEXT = 255 };

static const char *text_of(const char *text) { return text != NULL ? text : ""; }

/* How messages call a node. */
static const char *label(const Onnx__NodeProto *proto)
{
    if (proto->name != NULL && proto->name[0] != '\0')
        return proto->name;
    return proto->n_output > 0 ? proto->output[0] : "";
}

static medtl_status refuse(const medtl_nd_graph *graph, const Onnx__NodeProto *proto,
                           medtl_status status, const char *why, const char *what, medtl_error *err)
{
    return medtl_fail(err, status, "%s: node \"%.80s\" (%.40s, opset %u): %s%.40s", graph->path,
                      label(proto), text_of(proto->op_type), graph->opset, why, what);
}

/* A number instead of a tensor; bool under a name of its own (nd_constant.c). */
static medtl_status number_of_tensor(const medtl_nd_graph *graph, const Onnx__NodeProto *node,
                                     const Onnx__AttributeProto *proto, medtl_nd_attribute *out,
                                     medtl_error *err)
{
    medtl_onnx_tensor tensor;
    medtl_status status = medtl_onnx_convert(graph->path, label(node), proto->t, &tensor, err);

    if (status != MEDTL_OK)
        return status;
    if (medtl_nd_count(&tensor.type) != 1)
        status = refuse(graph, node, MEDTL_E_FORMAT, "a value that is not one number", "", err);
    out->kind = tensor.type.element == MEDTL_ND_FLOAT ? MEDTL_ND_FLOATS : MEDTL_ND_INTS;
    out->count = 1;
    out->ints = calloc(1, sizeof *out->ints);
    out->floats = calloc(1, sizeof *out->floats);
    if (tensor.type.element == MEDTL_ND_BOOL) {
        free(out->name);
        out->name = strdup("truth");
    }
    if (out->ints == NULL || out->floats == NULL || out->name == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", graph->path);
    if (status == MEDTL_OK && tensor.type.element == MEDTL_ND_FLOAT)
        out->floats[0] = *(const float *)tensor.data;
    else if (status == MEDTL_OK)
        out->ints[0] = tensor.type.element == MEDTL_ND_INT ? *(const int64_t *)tensor.data
                                                           : *(const bool *)tensor.data;
    medtl_onnx_tensor_clear(&tensor);
    return status;
}

static bool copy_numbers(medtl_nd_attribute *out, const int64_t *ints, const float *floats,
                         size_t count)
{
    out->count = count;
    out->kind = ints != NULL ? MEDTL_ND_INTS : MEDTL_ND_FLOATS;
    out->ints = ints != NULL ? malloc((count + 1) * sizeof *ints) : NULL;
    out->floats = ints == NULL ? malloc((count + 1) * sizeof *floats) : NULL;
    if (out->ints == NULL && out->floats == NULL)
        return false;
    if (ints != NULL && count > 0)
        memcpy(out->ints, ints, count * sizeof *ints);
    if (ints == NULL && count > 0)
        memcpy(out->floats, floats, count * sizeof *floats);
    return true;
}

static medtl_status convert_attribute(const medtl_nd_graph *graph, const Onnx__NodeProto *node,
                                      const Onnx__AttributeProto *proto, medtl_nd_attribute *out,
                                      medtl_error *err)
{
    static const int64_t no_ints[1];
    bool complete = true;

    out->name = strdup(text_of(proto->name));
    if (proto->ref_attr_name != NULL && proto->ref_attr_name[0] != '\0')
        return refuse(graph, node, MEDTL_E_UNSUPPORTED,
                      "an attribute of a function: ", text_of(proto->name), err);
    switch (proto->type) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
        complete = copy_numbers(out, &proto->i, NULL, 1);
        break;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
        complete = copy_numbers(out, NULL, &proto->f, 1);
        break;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
        out->list = true;
        complete =
            copy_numbers(out, proto->ints != NULL ? proto->ints : no_ints, NULL, proto->n_ints);
        break;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
        out->list = true;
        complete = copy_numbers(out, NULL, proto->floats, proto->n_floats);
        break;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
        if (proto->s.len > MOST_TEXT ||
            (proto->s.len > 0 && memchr(proto->s.data, 0, proto->s.len) != NULL))
            return refuse(graph, node, MEDTL_E_FORMAT,
                          "a text that is none: ", text_of(proto->name), err);
        out->kind = MEDTL_ND_TEXT;
        out->text = strndup(proto->s.len > 0 ? (const char *)proto->s.data : "", proto->s.len);
        complete = out->text != NULL;
        break;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
        if (strcmp(text_of(node->op_type), "ConstantOfShape") == 0 && proto->t != NULL &&
            out->name != NULL)
            return number_of_tensor(graph, node, proto, out, err);
        return refuse(graph, node, MEDTL_E_UNSUPPORTED,
                      "a tensor as attribute: ", text_of(proto->name), err);
    default:
        return refuse(graph, node, MEDTL_E_UNSUPPORTED,
                      "an attribute that is no number, text or list: ", text_of(proto->name), err);
    }
    return complete && out->name != NULL
               ? MEDTL_OK
               : medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", graph->path);
}

/* The only attribute of a Constant, as a tensor. */
static medtl_status constant_value(const medtl_nd_graph *graph, const Onnx__NodeProto *node,
                                   medtl_onnx_tensor *out, medtl_error *err)
{
    const Onnx__AttributeProto *a = node->n_attribute == 1 ? node->attribute[0] : NULL;
    const char *name = a != NULL ? text_of(a->name) : "";
    const void *data = NULL;

    memset(out, 0, sizeof *out);
    if (a != NULL && strcmp(name, "value") == 0 && a->t != NULL)
        return medtl_onnx_convert(graph->path, label(node), a->t, out, err);
    if (strcmp(name, "value_float") == 0)
        data = &a->f;
    else if (strcmp(name, "value_int") == 0)
        data = &a->i;
    else if (strcmp(name, "value_floats") == 0 || strcmp(name, "value_ints") == 0)
        data = strcmp(name, "value_ints") == 0 ? (const void *)a->ints : (const void *)a->floats;
    else
        return refuse(graph, node, MEDTL_E_UNSUPPORTED,
                      "not one value that is a tensor, a number or a list", "", err);
    out->type.element = strncmp(name, "value_float", 11) == 0 ? MEDTL_ND_FLOAT : MEDTL_ND_INT;
    if (name[strlen(name) - 1] == 's') {
        out->type.rank = 1;
        out->type.size[0] = out->type.element == MEDTL_ND_FLOAT ? a->n_floats : a->n_ints;
    }
    out->data = medtl_nd_allocate(out->type.element, medtl_nd_count(&out->type));
    if (out->data == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", graph->path);
    if (data != NULL)
        memcpy(out->data, data, medtl_nd_count(&out->type) * medtl_nd_width(out->type.element));
    return MEDTL_OK;
}

static medtl_status add_constant(medtl_nd_graph *graph, const Onnx__NodeProto *proto,
                                 medtl_error *err)
{
    medtl_onnx_tensor tensor;
    medtl_status status;

    if (proto->n_output != 1 || proto->n_input != 0)
        return refuse(graph, proto, MEDTL_E_FORMAT, "a constant has one output and no inputs", "",
                      err);
    status = constant_value(graph, proto, &tensor, err);
    if (status == MEDTL_OK)
        status =
            medtl_nd_graph_add_constant(graph, proto->output[0], &tensor.type, tensor.data, err);
    medtl_onnx_tensor_clear(&tensor);
    return status;
}

medtl_status medtl_onnx_add_node(medtl_nd_graph *graph, const Onnx__NodeProto *proto,
                                 medtl_error *err)
{
    medtl_nd_attribute *attributes;
    const char *domain = text_of(proto->domain);
    medtl_status status = MEDTL_OK;

    if (domain[0] != '\0' && strcmp(domain, "ai.onnx") != 0)
        return refuse(graph, proto, MEDTL_E_UNSUPPORTED, "an operator of another domain: ", domain,
                      err);
    if (proto->n_input > MOST_CONNECTIONS || proto->n_output > MOST_CONNECTIONS)
        return refuse(graph, proto, MEDTL_E_FORMAT, "more inputs or outputs than any network has",
                      "", err);
    if (strcmp(text_of(proto->op_type), "Constant") == 0)
        return add_constant(graph, proto, err);
    attributes = calloc(proto->n_attribute + 1, sizeof *attributes);
    if (attributes == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", graph->path);
    /* An operator that we lack is named as such, whatever its attributes are. */
    for (size_t i = 0;
         i < proto->n_attribute && status == MEDTL_OK && medtl_nd_has_op(text_of(proto->op_type));
         i++)
        status = convert_attribute(graph, proto, proto->attribute[i], &attributes[i], err);
    if (status == MEDTL_OK)
        status = medtl_nd_graph_add_node(graph, text_of(proto->op_type), text_of(proto->name),
                                         (const char *const *)proto->input, proto->n_input,
                                         (const char *const *)proto->output, proto->n_output,
                                         attributes, proto->n_attribute, err);
    for (size_t i = 0; i < proto->n_attribute; i++) {
        free(attributes[i].name);
        free(attributes[i].ints);
        free(attributes[i].floats);
        free(attributes[i].text);
    }
    free(attributes);
    return status;
}
