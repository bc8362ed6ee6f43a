/* ModelProto and GraphProto: what the model is written for, its initialisers, inputs, nodes and outputs. */
#include "onnx_parts.h"

#include <string.h>

static const char *text_of(const char *text) { return text != NULL ? text : ""; }

/* The opset of ONNX's own operators. Others may be named, as long as no node uses them. */
static medtl_status find_opset(const char *path, const Onnx__ModelProto *model, int64_t *opset,
                               medtl_error *err)
{
    bool found = false;

    if (model->graph == NULL)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: an ONNX file without a graph", path);
    if (model->has_ir_version && model->ir_version < 3)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s: IR version %lld of ONNX; 3 and later are supported", path,
                          (long long)model->ir_version);
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const char *domain = text_of(model->opset_import[i]->domain);

        if (domain[0] != '\0' && strcmp(domain, "ai.onnx") != 0)
            continue;
        if (found)
            return medtl_fail(err, MEDTL_E_FORMAT, "%s: names its opset twice", path);
        found = true;
        *opset = model->opset_import[i]->version;
    }
    if (!found)
        return medtl_fail(err, MEDTL_E_FORMAT,
                          "%s: does not say which opset of ONNX it is written for", path);
    return MEDTL_OK;
}

static medtl_status add_initialisers(medtl_nd_graph *graph, const Onnx__GraphProto *proto,
                                     medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    if (proto->n_sparse_initializer > 0)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "%s: sparse initialisers", graph->path);
    for (size_t i = 0; i < proto->n_initializer && status == MEDTL_OK; i++) {
        medtl_onnx_tensor tensor;

        status = medtl_onnx_convert(graph->path, text_of(proto->initializer[i]->name),
                                    proto->initializer[i], &tensor, err);
        if (status == MEDTL_OK)
            status =
                medtl_nd_graph_add_constant(graph, tensor.name, &tensor.type, tensor.data, err);
        medtl_onnx_tensor_clear(&tensor);
    }
    return status;
}

static const medtl_onnx_tensor *find_bound(const medtl_onnx_options *options, const char *name)
{
    for (size_t i = 0; i < options->bound_count; i++)
        if (strcmp(options->bound[i].name, name) == 0)
            return &options->bound[i];
    return NULL;
}

static medtl_status input_type(const medtl_nd_graph *graph, const Onnx__ValueInfoProto *proto,
                               const medtl_onnx_options *options, medtl_nd_type *type,
                               medtl_error *err)
{
    const char *name = text_of(proto->name);
    const Onnx__TypeProto__Tensor *tensor;

    if (proto->type == NULL || proto->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ||
        (tensor = proto->type->tensor_type)->shape == NULL)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s: input \"%.80s\" is not a tensor of a known shape", graph->path,
                          name);
    if (!medtl_onnx_element(tensor->elem_type, &type->element))
        return medtl_fail(
            err, MEDTL_E_UNSUPPORTED,
            "%s: input \"%.80s\": elements of %s; float32, int64, int32 and bool are supported",
            graph->path, name, medtl_onnx_type_name(tensor->elem_type));
    if (tensor->shape->n_dim > MEDTL_ND_RANK)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s: input \"%.80s\" has more than %d dimensions", graph->path, name,
                          MEDTL_ND_RANK);
    type->rank = tensor->shape->n_dim;
    for (size_t d = 0; d < type->rank; d++) {
        const Onnx__TensorShapeProto__Dimension *dim = tensor->shape->dim[d];
        const bool given = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;

        if (!given && options->open_sizes[d] == 0)
            return medtl_fail(err, MEDTL_E_ARGUMENT,
                              "%s: input \"%.80s\" leaves size %zu open; it must be given",
                              graph->path, name, d);
        if (given && (dim->dim_value < 0 || (uint64_t)dim->dim_value > MEDTL_ND_MOST_ELEMENTS))
            return medtl_fail(err, MEDTL_E_FORMAT, "%s: input \"%.80s\" has a size of %lld",
                              graph->path, name, (long long)dim->dim_value);
        type->size[d] = given ? (size_t)dim->dim_value : options->open_sizes[d];
    }
    return MEDTL_OK;
}

static medtl_status add_inputs(medtl_nd_graph *graph, const Onnx__GraphProto *proto,
                               const medtl_onnx_options *options, medtl_error *err)
{
    for (size_t i = 0; i < proto->n_input; i++) {
        const char *name = text_of(proto->input[i]->name);
        const medtl_onnx_tensor *bound = find_bound(options, name);
        medtl_nd_type type = {0};
        medtl_status status;

        if (medtl_nd_graph_find(graph, name) != MEDTL_ND_NONE)
            continue; /* an initialiser is its default, which we keep (and old files list all of them) */
        if (bound != NULL)
            status = medtl_nd_graph_add_constant(graph, name, &bound->type, bound->data, err);
        else if ((status = input_type(graph, proto->input[i], options, &type, err)) == MEDTL_OK)
            status = medtl_nd_graph_add_input(graph, name, &type, err);
        if (status != MEDTL_OK)
            return status;
    }
    return MEDTL_OK;
}

static medtl_status build(const Onnx__GraphProto *proto, const medtl_onnx_options *options,
                          medtl_nd_graph *graph, medtl_error *err)
{
    medtl_status status;

    if ((status = add_initialisers(graph, proto, err)) != MEDTL_OK ||
        (status = add_inputs(graph, proto, options, err)) != MEDTL_OK)
        return status;
    for (size_t i = 0; i < proto->n_node; i++)
        if ((status = medtl_onnx_add_node(graph, proto->node[i], err)) != MEDTL_OK)
            return status;
    if (proto->n_output == 0 || proto->n_output > 1024)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: a graph of %zu outputs", graph->path,
                          proto->n_output);
    for (size_t i = 0; i < proto->n_output; i++)
        if ((status = medtl_nd_graph_add_output(graph, text_of(proto->output[i]->name), err)) !=
            MEDTL_OK)
            return status;
    return MEDTL_OK;
}

medtl_status medtl_onnx_parse(const char *path, const unsigned char *bytes, size_t size,
                              const medtl_onnx_options *options, medtl_nd_graph **out,
                              medtl_error *err)
{
    ProtobufCMessage *message =
        medtl_onnx_unpack(path, &onnx__model_proto__descriptor, bytes, size, err);
    const Onnx__ModelProto *model = (const Onnx__ModelProto *)message;
    medtl_nd_graph *graph = NULL;
    int64_t opset = 0;
    medtl_status status;

    *out = NULL;
    if (message == NULL)
        return MEDTL_E_FORMAT;
    if ((status = find_opset(path, model, &opset, err)) == MEDTL_OK &&
        (status = medtl_nd_graph_create(path, opset, &graph, err)) == MEDTL_OK &&
        (status = build(model->graph, options, graph, err)) == MEDTL_OK) {
        *out = graph;
        graph = NULL;
    }
    medtl_nd_graph_destroy(graph);
    medtl_onnx_free(message);
    return status;
}
