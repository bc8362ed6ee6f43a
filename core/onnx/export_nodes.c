/* One function a node kind, and the table of them. A new kind adds its function and its line. */
#include "export_nodes.h"

enum { IMAGE_RANK = 4 };

/* What a node became: the name of its value. Values are [N][channels][height][width], or [N][channels] behind a
 * linear layer, where ONNX's operators have two dimensions. */
typedef struct value {
    const char *name;
    bool flat;
} value;

typedef struct exporter {
    medtl_onnx_writer *writer;
    const medtl_network *network;
    value *values;           /* of each node */
    const char **parameters; /* name in the file of each parameter; NULL: not yet there */
} exporter;

/* The node being exported. */
typedef struct step {
    exporter *all;
    const medtl_node *node;
    size_t index;
} step;

/* NODE/WHAT: what one of the node's operators makes. Slashes do not occur in PyTorch's names of parameters. */
static const char *value_name(const step *s, const char *what)
{
    if (s->node->name[0] != '\0')
        return medtl_onnx_text(s->all->writer, "%s/%s", s->node->name, what);
    return medtl_onnx_text(s->all->writer, "%s.%zu/%s", s->node->ops->kind, s->index, what);
}

static const char *operate(const step *s, const char *type, const char *const *inputs, size_t count)
{
    return medtl_onnx_operator(s->all->writer, type, value_name(s, type), inputs, count);
}

static const char *operate_on(const step *s, const char *type, const char *input)
{
    return operate(s, type, &input, 1);
}

/* Parameter `k` of the node as a tensor of the file; each is stored once, however many nodes read it. */
static const char *parameter(const step *s, size_t k)
{
    const size_t index = s->node->parameters[k];
    const medtl_parameter *p = &s->all->network->parameters[index];
    int64_t dims[sizeof p->shape / sizeof p->shape[0]];

    if (s->all->parameters[index] == NULL) {
        for (size_t i = 0; i < p->dimensions; i++)
            dims[i] = (int64_t)p->shape[i];
        s->all->parameters[index] =
            medtl_onnx_floats(s->all->writer, p->name, dims, p->dimensions, p->value);
    }
    return s->all->parameters[index];
}

static medtl_shape input_shape(const step *s, size_t k)
{
    return s->all->network->graph.nodes[s->node->inputs[k]].shape;
}

/* Input `k` as [N][channels][height][width]. */
static const char *image_input(const step *s, size_t k)
{
    const value v = s->all->values[s->node->inputs[k]];
    const medtl_shape shape = input_shape(s, k);
    const int64_t dims[] = {0, (int64_t)shape.channels, (int64_t)shape.height,
                            (int64_t)shape.width}; /* 0: as many as there are */
    const char *inputs[2] = {v.name, NULL};

    if (!v.flat)
        return v.name;
    inputs[1] = medtl_onnx_wholes(s->all->writer, value_name(s, "shape"), dims, IMAGE_RANK);
    return operate(s, "Reshape", inputs, 2);
}

/* Input `k` as [N][channels * height * width]. */
static const char *flat_input(const step *s, size_t k)
{
    const value v = s->all->values[s->node->inputs[k]];

    return v.flat ? v.name : operate_on(s, "Flatten", v.name); /* axis 1 is the default */
}

/* The node's result, after the ReLU that it may end in. */
static void finish(const step *s, const char *name, bool flat)
{
    if (s->node->relu)
        name = operate_on(s, "Relu", name);
    s->all->values[s->index] = (value){name, flat};
}

static void export_conv(const step *s)
{
    const medtl_conv_shape *c = &s->node->u.conv;
    const bool has_bias = s->node->parameter_count > 1;
    const char *inputs[3] = {image_input(s, 0), parameter(s, 0), has_bias ? parameter(s, 1) : ""};
    const char *name = operate(s, "Conv", inputs, has_bias ? 3 : 2);
    medtl_onnx_writer *w = s->all->writer;

    medtl_onnx_set_wholes(w, "dilations",
                          (const int64_t[]){(int64_t)c->dilation_h, (int64_t)c->dilation_w}, 2);
    medtl_onnx_set_whole(w, "group", (int64_t)c->groups);
    medtl_onnx_set_wholes(w, "kernel_shape",
                          (const int64_t[]){(int64_t)c->kernel_h, (int64_t)c->kernel_w}, 2);
    medtl_onnx_set_wholes(w, "pads",
                          (const int64_t[]){(int64_t)c->pad_top, (int64_t)c->pad_left,
                                            (int64_t)c->pad_bottom, (int64_t)c->pad_right},
                          4);
    medtl_onnx_set_wholes(w, "strides",
                          (const int64_t[]){(int64_t)c->stride_h, (int64_t)c->stride_w}, 2);
    finish(s, name, false);
}

static void export_batch_norm(const step *s)
{
    /* Scale, shift, mean, variance: the order of ONNX is PyTorch's. */
    const char *inputs[5] = {image_input(s, 0), parameter(s, 0), parameter(s, 1), parameter(s, 2),
                             parameter(s, 3)};
    const char *name = operate(s, "BatchNormalization", inputs, 5);

    medtl_onnx_set_real(s->all->writer, "epsilon", s->node->u.norm.epsilon);
    finish(s, name, false);
}

static void export_linear(const step *s)
{
    const bool has_bias = s->node->parameter_count > 1;
    const char *inputs[3] = {flat_input(s, 0), parameter(s, 0), has_bias ? parameter(s, 1) : ""};
    const char *name = operate(s, "Gemm", inputs, has_bias ? 3 : 2);

    medtl_onnx_set_whole(s->all->writer, "transB", 1); /* ours is [out][in] */
    finish(s, name, true);
}

static const char *pool(const step *s, const char *type)
{
    const int64_t kernel = (int64_t)s->node->u.pool.kernel, pad = (int64_t)s->node->u.pool.pad;
    const int64_t stride = (int64_t)s->node->u.pool.stride;
    const char *name = operate_on(s, type, image_input(s, 0));
    medtl_onnx_writer *w = s->all->writer;

    medtl_onnx_set_wholes(w, "kernel_shape", (const int64_t[]){kernel, kernel}, 2);
    medtl_onnx_set_wholes(w, "pads", (const int64_t[]){pad, pad, pad, pad}, 4);
    medtl_onnx_set_wholes(w, "strides", (const int64_t[]){stride, stride}, 2);
    return name;
}

static void export_max_pool(const step *s) { finish(s, pool(s, "MaxPool"), false); }

static void export_avg_pool(const step *s)
{
    const char *name = pool(s, "AveragePool");

    medtl_onnx_set_whole(s->all->writer, "count_include_pad", s->node->u.pool.count_pad);
    finish(s, name, false);
}

static void export_global_avg_pool(const step *s)
{
    finish(s, operate_on(s, "GlobalAveragePool", image_input(s, 0)), false);
}

/* Both inputs in the same form; where one is an image, so is the result. */
static void export_add(const step *s)
{
    const bool flat =
        s->all->values[s->node->inputs[0]].flat && s->all->values[s->node->inputs[1]].flat;
    const char *inputs[2] = {flat ? flat_input(s, 0) : image_input(s, 0),
                             flat ? flat_input(s, 1) : image_input(s, 1)};

    finish(s, operate(s, "Add", inputs, 2), flat);
}

static void export_concat(const step *s)
{
    const char *inputs[MEDTL_NODE_MAX_INPUTS], *name;

    for (size_t k = 0; k < s->node->input_count; k++)
        inputs[k] = image_input(s, k);
    name = operate(s, "Concat", inputs, s->node->input_count);
    medtl_onnx_set_whole(s->all->writer, "axis", 1);
    finish(s, name, false);
}

static void export_relu(const step *s) /* finish() has the ReLU */
{
    finish(s, s->all->values[s->node->inputs[0]].name, s->all->values[s->node->inputs[0]].flat);
}

static void export_relu6(const step *s)
{
    static const float zero = 0.0f, six = 6.0f;
    const value v = s->all->values[s->node->inputs[0]];
    medtl_onnx_writer *w = s->all->writer;
    const char *inputs[3] = {v.name, medtl_onnx_floats(w, value_name(s, "zero"), NULL, 0, &zero),
                             medtl_onnx_floats(w, value_name(s, "six"), NULL, 0, &six)};

    finish(s, operate(s, "Clip", inputs, 3), v.flat);
}

/* Every stride-th row and column, between channels of zeros. */
static void export_subsample(const step *s)
{
    const int64_t stride = (int64_t)s->node->u.subsample.stride;
    const int64_t before = (int64_t)s->node->u.subsample.before;
    const int64_t behind =
        (int64_t)s->node->shape.channels - before - (int64_t)input_shape(s, 0).channels;
    const int64_t starts[2] = {0, 0}, ends[2] = {INT64_MAX, INT64_MAX}, axes[2] = {2, 3};
    const int64_t steps[2] = {stride, stride}, pads[8] = {0, before, 0, 0, 0, behind, 0, 0};
    medtl_onnx_writer *w = s->all->writer;
    const char *slice[5] = {image_input(s, 0),
                            medtl_onnx_wholes(w, value_name(s, "starts"), starts, 2),
                            medtl_onnx_wholes(w, value_name(s, "ends"), ends, 2),
                            medtl_onnx_wholes(w, value_name(s, "axes"), axes, 2),
                            medtl_onnx_wholes(w, value_name(s, "steps"), steps, 2)};
    const char *pad[2] = {operate(s, "Slice", slice, 5),
                          medtl_onnx_wholes(w, value_name(s, "pads"), pads, 8)};

    finish(s, operate(s, "Pad", pad, 2), false); /* with zeros, by default */
}

static void export_dropout(const step *s) /* nothing, outside of training */
{
    s->all->values[s->index] = s->all->values[s->node->inputs[0]];
}

static const struct {
    const medtl_node_ops *ops;
    void (*run)(const step *s);
} exports[] = {
    {&medtl_node_conv, export_conv},
    {&medtl_node_batch_norm, export_batch_norm},
    {&medtl_node_linear, export_linear},
    {&medtl_node_max_pool, export_max_pool},
    {&medtl_node_global_avg_pool, export_global_avg_pool},
    {&medtl_node_add, export_add},
    {&medtl_node_concat, export_concat},
    {&medtl_node_relu, export_relu},
    {&medtl_node_relu6, export_relu6},
    {&medtl_node_avg_pool, export_avg_pool},
    {&medtl_node_subsample, export_subsample},
    {&medtl_node_dropout, export_dropout},
};
enum { EXPORT_COUNT = sizeof exports / sizeof exports[0] };

static void export_node(exporter *all, size_t index)
{
    const medtl_node *node = &all->network->graph.nodes[index];
    const step s = {all, node, index};
    medtl_onnx_writer *w = all->writer;

    for (size_t i = 0; i < EXPORT_COUNT; i++)
        if (exports[i].ops == node->ops) {
            exports[i].run(&s);
            return;
        }
    if (w->status == MEDTL_OK)
        w->status =
            medtl_fail(&w->error, MEDTL_E_UNSUPPORTED, "node %zu (%s %s) cannot be written as ONNX",
                       index, node->ops->kind, node->name);
}

const char *medtl_onnx_export_nodes(medtl_onnx_writer *writer, const medtl_network *network,
                                    const char *input)
{
    const medtl_graph *graph = &network->graph;
    exporter all = {writer, network, NULL, NULL};
    value result;

    all.values = medtl_onnx_take(writer, graph->node_count * sizeof *all.values);
    all.parameters = medtl_onnx_take(writer, graph->declaration_count * sizeof *all.parameters);
    if (all.values == NULL || all.parameters == NULL)
        return "";
    all.values[0] = (value){input, false};
    for (size_t i = 1; i < graph->node_count && writer->status == MEDTL_OK; i++)
        export_node(&all, i);
    result = all.values[graph->node_count - 1];
    if (result.flat)
        return result.name;
    return medtl_onnx_operator(writer, "Flatten", "result/Flatten", &result.name, 1);
}
