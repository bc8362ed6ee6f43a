/* Node kinds that no architecture ends up with, each in ONNX Runtime: small graphs made by hand. Skipped where it is not
 * installed (node with onnxruntime-node in NODE_PATH). */
#include "core/base/file.h"
#include "core/nn/network_parts.h"
#include "core/onnx/export_nodes.h"
#include "nn_model.h"
#include "run_onnx.h"

#include <criterion/parameterized.h>

enum { CHANNELS = 3, HEIGHT = 7, WIDTH = 5, MOST_OUTPUTS = 1024 };

static size_t build_silu(medtl_graph *g) { return medtl_graph_silu(g, 0); }
static size_t build_sigmoid(medtl_graph *g) { return medtl_graph_sigmoid(g, 0); }
static size_t build_gelu(medtl_graph *g) { return medtl_graph_gelu(g, 0); }
static size_t build_softmax(medtl_graph *g) { return medtl_graph_softmax(g, 0); }
static size_t build_nearest(medtl_graph *g) { return medtl_graph_upsample(g, 0, 3, false); }
static size_t build_bilinear(medtl_graph *g) { return medtl_graph_upsample(g, 0, 2, true); }
static size_t build_adaptive(medtl_graph *g) { return medtl_graph_adaptive_avg_pool(g, 0, 3, 2); }
static size_t build_global_max(medtl_graph *g) { return medtl_graph_global_max_pool(g, 0); }
static size_t build_average(medtl_graph *g)
{
    return medtl_graph_avg_pool(g, 0, (medtl_pool_options){.kernel = 3, .stride = 2, .pad = 1});
}
static size_t build_counted_average(medtl_graph *g)
{
    return medtl_graph_avg_pool(
        g, 0, (medtl_pool_options){.kernel = 3, .stride = 2, .pad = 1, .count_pad = true});
}
static size_t build_subsample(medtl_graph *g)
{
    return medtl_graph_subsample(
        g, 0, (medtl_subsample_options){.stride = 2, .before = 1, .channels = 6});
}

/* A table that stays in this process' image: parameters are indices into it. */
static const struct kind {
    const char *name;
    size_t (*build)(medtl_graph *g);
} kinds[] = {
    {"silu", build_silu},
    {"sigmoid", build_sigmoid},
    {"gelu", build_gelu},
    {"softmax", build_softmax},
    {"upsample, nearest", build_nearest},
    {"upsample, bilinear", build_bilinear},
    {"adaptive average", build_adaptive},
    {"global maximum", build_global_max},
    {"average", build_average},
    {"average with padding", build_counted_average},
    {"subsample", build_subsample},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

static void write_onnx(const medtl_network *network, const char *path)
{
    const medtl_graph *graph = &network->graph;
    const int64_t image[] = {CHANNELS, HEIGHT, WIDTH};
    const int64_t result[] = {(int64_t)medtl_shape_size(graph->nodes[graph->node_count - 1].shape)};
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    Onnx__OperatorSetIdProto operators = ONNX__OPERATOR_SET_ID_PROTO__INIT, *list[] = {&operators};
    medtl_onnx_writer writer;
    unsigned char *bytes;
    size_t size;

    medtl_onnx_writer_init(&writer);
    medtl_onnx_input(&writer, "input", image, 3);
    medtl_onnx_output(&writer, medtl_onnx_export_nodes(&writer, network, "input"), result, 1);
    cr_assert_eq(writer.status, MEDTL_OK, "%s", writer.error.message);
    writer.graph.name = medtl_onnx_text(&writer, "kind");
    operators.has_version = true;
    operators.version = 17;
    model.has_ir_version = true;
    model.ir_version = 8;
    model.n_opset_import = 1;
    model.opset_import = list;
    model.graph = &writer.graph;
    size = onnx__model_proto__get_packed_size(&model);
    bytes = malloc(size);
    cr_assert_not_null(bytes);
    onnx__model_proto__pack(&model, bytes);
    cr_assert_eq(medtl_file_replace(path, bytes, size, NULL), MEDTL_OK);
    free(bytes);
    medtl_onnx_writer_clear(&writer);
}

ParameterizedTestParameters(onnx_kinds, give_our_numbers)
{
    static size_t indices[KIND_COUNT];

    for (size_t i = 0; i < KIND_COUNT; i++)
        indices[i] = i;
    return cr_make_param_array(size_t, indices, KIND_COUNT);
}

ParameterizedTest(size_t *index, onnx_kinds, give_our_numbers)
{
    const size_t sizes[] = {CHANNELS, HEIGHT, WIDTH};
    medtl_graph graph;
    medtl_network *network = NULL;
    medtl_trainer_pass *pass = NULL;
    float *input = nn_make_input(RUN_ONNX_IMAGES * CHANNELS * HEIGHT * WIDTH);
    float theirs[RUN_ONNX_IMAGES * MOST_OUTPUTS];
    const float *ours;
    size_t outputs;
    char path[256];
    int code;

    medtl_graph_init(&graph);
    (void)medtl_graph_input(&graph, (medtl_shape){CHANNELS, HEIGHT, WIDTH});
    (void)kinds[*index].build(&graph);
    outputs = medtl_shape_size(graph.nodes[graph.node_count - 1].shape);
    cr_assert_leq(outputs, MOST_OUTPUTS);
    graph.nodes[graph.node_count - 1].relu = false;
    cr_assert_eq(medtl_network_from_graph_take(&graph, 1, &network, NULL), MEDTL_OK);
    network->spec.classes = (uint32_t)outputs; /* all of an image are the result */
    nn_temporary_path(path, sizeof path);
    write_onnx(network, path);
    code = run_onnx(path, input, sizes, outputs, theirs);
    unlink(path);
    if (code == RUN_ONNX_NOT_INSTALLED)
        cr_skip("node with onnxruntime-node is not installed (NODE_PATH)");
    cr_assert_eq(code, 0, "%s: ONNX Runtime refuses the file", kinds[*index].name);
    cr_assert_eq(medtl_trainer_pass_create(network, RUN_ONNX_IMAGES, 1, &pass, NULL), MEDTL_OK);
    ours = medtl_trainer_pass_evaluate(pass, input, RUN_ONNX_IMAGES);
    for (size_t i = 0; i < RUN_ONNX_IMAGES * outputs; i++)
        cr_assert(fabs((double)ours[i] - (double)theirs[i]) <= 1e-6, "%s: %zu: %g, not %g",
                  kinds[*index].name, i, (double)theirs[i], (double)ours[i]);
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
    free(input);
}
