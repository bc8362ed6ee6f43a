/* What stands in an exported ONNX file, read again with protobuf-c: the network's own nodes, parameters and names. */
#include "core/base/file.h"
#include "core/nn/model_parts.h"
#include "core/onnx/export.h"
#include "nn_tiny.h"

#include <criterion/parameterized.h>
#include <onnx.pb-c.h>

typedef struct exported {
    medtl_network *network;
    Onnx__ModelProto *file;
    char sha256[65];
} exported;

static Onnx__ModelProto *read_onnx(const char *path)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    Onnx__ModelProto *file;

    cr_assert_eq(medtl_file_read(path, SIZE_MAX, &bytes, &size, NULL), MEDTL_OK);
    file = onnx__model_proto__unpack(NULL, size, bytes);
    cr_assert_not_null(file, "protobuf-c cannot read the file");
    free(bytes);
    return file;
}

static exported make_exported(const nn_tiny *t, bool probabilities)
{
    const medtl_onnx_export_options options = {probabilities};
    char model_path[256], path[256];
    medtl_error err = {0};
    medtl_model *model;
    exported e;

    e.network = nn_tiny_network(t);
    nn_temporary_path(model_path, sizeof model_path);
    nn_temporary_path(path, sizeof path);
    nn_save(e.network, false, model_path);
    model = nn_load(model_path);
    memcpy(e.sha256, medtl_model_get_info(model)->sha256, sizeof e.sha256);
    medtl_model_destroy(model);
    cr_assert_eq(medtl_onnx_export(model_path, &options, path, &err), MEDTL_OK, "%s: %s",
                 t->architecture, err.message);
    e.file = read_onnx(path);
    unlink(model_path);
    unlink(path);
    return e;
}

static void clear(exported *e)
{
    onnx__model_proto__free_unpacked(e->file, NULL);
    medtl_network_destroy(e->network);
}

static const Onnx__TensorProto *find_tensor(const Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, name) == 0)
            return graph->initializer[i];
    return NULL;
}

static size_t count_operators(const Onnx__GraphProto *graph, const char *type)
{
    size_t count = 0;

    for (size_t i = 0; i < graph->n_node; i++)
        count += strcmp(graph->node[i]->op_type, type) == 0;
    return count;
}

static size_t count_nodes(const medtl_network *network, const char *kind)
{
    size_t count = 0;

    for (size_t i = 0; i < network->graph.node_count; i++)
        count += strcmp(network->graph.nodes[i].ops->kind, kind) == 0;
    return count;
}

static const char *property(const Onnx__ModelProto *file, const char *key)
{
    for (size_t i = 0; i < file->n_metadata_props; i++)
        if (strcmp(file->metadata_props[i]->key, key) == 0)
            return file->metadata_props[i]->value;
    return "(absent)";
}

ParameterizedTestParameters(onnx_export, every_parameter_is_there_once_with_its_name_shape_and_bits)
{
    static nn_tiny cases[NN_TINY_MOST];

    return cr_make_param_array(nn_tiny, cases, nn_tiny_all(cases));
}

ParameterizedTest(nn_tiny *t, onnx_export,
                  every_parameter_is_there_once_with_its_name_shape_and_bits)
{
    exported e = make_exported(t, false);

    for (size_t i = 0; i < medtl_network_parameter_count(e.network); i++) {
        const medtl_parameter *p = medtl_network_parameter(e.network, i);
        const Onnx__TensorProto *tensor = find_tensor(e.file->graph, p->name);

        cr_assert_not_null(tensor, "%s: no %s", t->architecture, p->name);
        cr_expect_eq(tensor->data_type, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
        cr_assert_eq(tensor->n_dims, p->dimensions, "%s", p->name);
        for (size_t k = 0; k < p->dimensions; k++)
            cr_expect_eq((size_t)tensor->dims[k], p->shape[k], "%s", p->name);
        cr_assert_eq(tensor->n_float_data, p->size, "%s", p->name);
        cr_expect_eq(memcmp(tensor->float_data, p->value, p->size * sizeof(float)), 0, "%s",
                     p->name);
    }
    clear(&e);
}

/* Whoever walks the list once knows every name before it is used, and meets none twice. */
ParameterizedTestParameters(onnx_export, names_are_defined_once_and_before_use)
{
    static nn_tiny cases[NN_TINY_MOST];

    return cr_make_param_array(nn_tiny, cases, nn_tiny_all(cases));
}

static bool defined(const Onnx__GraphProto *graph, size_t before, const char *name)
{
    bool found = strcmp(name, graph->input[0]->name) == 0 || find_tensor(graph, name) != NULL;

    for (size_t i = 0; i < before && !found; i++)
        found = strcmp(graph->node[i]->output[0], name) == 0;
    return found;
}

ParameterizedTest(nn_tiny *t, onnx_export, names_are_defined_once_and_before_use)
{
    exported e = make_exported(t, true);
    const Onnx__GraphProto *graph = e.file->graph;

    cr_assert_eq(graph->n_input, 1);
    cr_assert_eq(graph->n_output, 1);
    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];

        for (size_t k = 0; k < node->n_input; k++)
            cr_expect(node->input[k][0] == '\0' || defined(graph, i, node->input[k]),
                      "%s: %s reads %s", t->architecture, node->name, node->input[k]);
        cr_assert_eq(node->n_output, 1);
        cr_expect(!defined(graph, i, node->output[0]), "%s: %s is there twice", t->architecture,
                  node->output[0]);
    }
    cr_expect(defined(graph, graph->n_node, graph->output[0]->name));
    for (size_t i = 0; i < graph->n_initializer; i++)
        cr_expect_eq(find_tensor(graph, graph->initializer[i]->name), graph->initializer[i],
                     "%s: %s is there twice", t->architecture, graph->initializer[i]->name);
    clear(&e);
}

/* Kinds that are one operator each, whatever else an architecture is made of. */
ParameterizedTestParameters(onnx_export, a_node_is_its_operator)
{
    static nn_tiny cases[NN_TINY_MOST];

    return cr_make_param_array(nn_tiny, cases, nn_tiny_all(cases));
}

ParameterizedTest(nn_tiny *t, onnx_export, a_node_is_its_operator)
{
    static const char *const pairs[][2] = {
        {"conv2d", "Conv"},   {"batch_norm", "BatchNormalization"},     {"max_pool", "MaxPool"},
        {"concat", "Concat"}, {"global_avg_pool", "GlobalAveragePool"},
    };
    exported e = make_exported(t, false);

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        cr_expect_eq(count_operators(e.file->graph, pairs[i][1]),
                     count_nodes(e.network, pairs[i][0]), "%s: %s", t->architecture, pairs[i][0]);
    clear(&e);
}

static void expect_dims(const Onnx__ValueInfoProto *value, const char *name, const int64_t *dims,
                        size_t count)
{
    const Onnx__TensorShapeProto *shape = value->type->tensor_type->shape;

    cr_expect_str_eq(value->name, name);
    cr_expect_eq(value->type->tensor_type->elem_type, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    cr_assert_eq(shape->n_dim, count + 1);
    cr_expect_eq(shape->dim[0]->value_case, ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM,
                 "the batch is open");
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(shape->dim[i + 1]->dim_value, dims[i]);
}

Test(onnx_export, says_what_goes_in_what_comes_out_and_what_it_is)
{
    const nn_tiny t = {"resnet18", 8, 3, 44, 36, 3};
    exported e = make_exported(&t, false);
    const Onnx__ModelProto *file = e.file;

    expect_dims(file->graph->input[0], "input", (const int64_t[]){3, 44, 36}, 3);
    expect_dims(file->graph->output[0], "logits", (const int64_t[]){3}, 1);
    cr_expect_eq(file->ir_version,
                 8); /* ONNX 1.12's, which has opset 17 (onnx/docs/Versioning.md) */
    cr_assert_eq(file->n_opset_import, 1);
    cr_expect_eq(file->opset_import[0]->version, 17);
    cr_expect_str_eq(file->producer_name, "medtl");
    cr_expect_str_eq(property(file, "classes"), "[\"benign\",\"malignant\",\"other\"]");
    cr_expect_str_eq(property(file, "normaliser"), "resize 64x48");
    cr_expect_str_eq(property(file, "temperature"), "1.25");
    cr_expect_str_eq(property(file, "output"), "logits");
    cr_expect_str_eq(property(file, "name"), "test-model");
    cr_expect_str_eq(property(file, "architecture"), "resnet18");
    cr_expect_str_eq(property(file, "sha256"), e.sha256);
    cr_expect_not_null(strstr(property(file, "notice"), "does not diagnose"));
    cr_expect_not_null(strstr(file->doc_string, "does not diagnose"));
    clear(&e);
}

Test(onnx_export, probabilities_are_the_softmax_of_logits_over_temperature)
{
    const nn_tiny t = {"resnet18", 8, 3, 44, 36, 3};
    exported e = make_exported(&t, true);
    const Onnx__GraphProto *graph = e.file->graph;
    const Onnx__NodeProto *softmax = graph->node[graph->n_node - 1];
    const Onnx__NodeProto *division = graph->node[graph->n_node - 2];
    const Onnx__TensorProto *temperature = find_tensor(graph, division->input[1]);

    expect_dims(graph->output[0], "probabilities", (const int64_t[]){3}, 1);
    cr_expect_str_eq(softmax->op_type, "Softmax");
    cr_expect_str_eq(softmax->output[0], "probabilities");
    cr_expect_str_eq(softmax->input[0], division->output[0]);
    cr_expect_str_eq(division->op_type, "Div");
    cr_assert_not_null(temperature);
    cr_assert_eq(temperature->n_float_data, 1);
    cr_expect_eq(temperature->float_data[0], 1.25f);
    clear(&e);
}

Test(onnx_export, the_same_model_gives_the_same_bytes)
{
    const nn_tiny t = {"hybrid2", 8, 3, 44, 36, 3};
    const medtl_onnx_export_options options = {false};
    medtl_network *network = nn_tiny_network(&t);
    char model_path[256], path[256];
    unsigned char *bytes[2];
    size_t size[2];

    nn_temporary_path(model_path, sizeof model_path);
    nn_temporary_path(path, sizeof path);
    nn_save(network, false, model_path);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(medtl_onnx_export(model_path, &options, path, NULL), MEDTL_OK);
        cr_assert_eq(medtl_file_read(path, SIZE_MAX, &bytes[i], &size[i], NULL), MEDTL_OK);
    }
    cr_assert_eq(size[0], size[1]);
    cr_expect_eq(memcmp(bytes[0], bytes[1], size[0]), 0);
    free(bytes[0]);
    free(bytes[1]);
    unlink(model_path);
    unlink(path);
    medtl_network_destroy(network);
}

Test(onnx_export, a_failure_leaves_the_old_file)
{
    const medtl_onnx_export_options options = {false};
    char path[256];
    unsigned char *bytes;
    size_t size;
    medtl_error err = {0};

    nn_temporary_path(path, sizeof path);
    cr_assert_eq(medtl_file_replace(path, "old", 3, NULL), MEDTL_OK);
    cr_expect_eq(medtl_onnx_export(path, &options, path, &err), MEDTL_E_FORMAT);
    cr_expect_not_null(strstr(err.message, path), "%s", err.message);
    cr_assert_eq(medtl_file_read(path, 10, &bytes, &size, NULL), MEDTL_OK);
    cr_expect_eq(size, 3);
    free(bytes);
    unlink(path);
}
