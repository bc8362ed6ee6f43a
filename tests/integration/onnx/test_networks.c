/* Networks of torchvision and our own, exported to ONNX by PyTorch, give PyTorch's numbers in the plugin's predictor.
 * $MEDTL_NETWORKS is a folder of NAME.onnx with NAME.input.npy and NAME.output.npy (float32, one image), as
 * tests/support/make_onnx_networks.py writes them; a network that is not there is skipped. */
#include "core/base/file.h"
#include "core/nn/tensor/nd_model.h"
#include "core/onnx/onnx_read.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLASSES = 1000, MOST_PIXELS = 3 * 299 * 299 };

struct network {
    char name[32];
    unsigned classes, side;
};

static bool path_of(char *path, size_t size, const char *name, const char *ending)
{
    const char *folder = getenv("MEDTL_NETWORKS");

    if (folder == NULL)
        return false;
    snprintf(path, size, "%s/%s%s", folder, name, ending);
    return access(path, R_OK) == 0;
}

/* The floats at the end of a .npy file. */
static void read_npy(const char *name, const char *ending, size_t count, float *values)
{
    char path[1024];
    unsigned char *bytes;
    size_t size;

    cr_assert(path_of(path, sizeof path, name, ending), "%s%s is missing", name, ending);
    cr_assert_eq(medtl_file_read(path, (size_t)1 << 30, &bytes, &size, NULL), MEDTL_OK);
    cr_assert_geq(size, count * sizeof *values);
    memcpy(values, bytes + size - count * sizeof *values, count * sizeof *values);
    free(bytes);
}

/* As medtl convert does it. */
static void convert(const char *from, const char *to, unsigned classes, unsigned side)
{
    static const char *names[CLASSES];
    const medtl_network_spec spec = {
        .channels = 3, .height = side, .width_px = side, .classes = classes};
    const medtl_model_description description = {.class_names = names, .temperature = 1.0f};
    const medtl_onnx_options options = {.open_sizes = {1, 3, side, side}};
    medtl_nd_graph *graph = NULL;
    medtl_error err = {0};
    unsigned char *bytes;
    size_t size;

    for (unsigned i = 0; i < classes; i++)
        names[i] = "x";
    cr_assert_eq(medtl_file_read(from, (size_t)1 << 31, &bytes, &size, &err), MEDTL_OK);
    cr_assert_eq(medtl_onnx_parse(from, bytes, size, &options, &graph, &err), MEDTL_OK, "%s",
                 err.message);
    free(bytes);
    cr_assert_eq(medtl_nd_model_adapt(graph, NULL, &err), MEDTL_OK, "%s", err.message);
    cr_assert_eq(medtl_nd_model_write(graph, &spec, &description, false, to, &err), MEDTL_OK, "%s",
                 err.message);
    medtl_nd_graph_destroy(graph);
}

static double largest_of(const float *x, size_t count)
{
    double largest = 0.0;

    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs((double)x[i]));
    return largest;
}

/* Two images, the second the first with its sign turned; three threads and one. */
static void check_predictions(const medtl_model *model, const struct network *n)
{
    static float input[2 * MOST_PIXELS], expected[CLASSES], got[2 * CLASSES], again[2 * CLASSES];
    const size_t pixels = (size_t)3 * n->side * n->side;
    medtl_predictor *several = NULL, *one = NULL;

    read_npy(n->name, ".input.npy", pixels, input);
    read_npy(n->name, ".output.npy", n->classes, expected);
    for (size_t i = 0; i < pixels; i++)
        input[pixels + i] = -input[i];
    cr_assert_eq(medtl_predictor_create(model, 2, 3, &several, NULL), MEDTL_OK);
    cr_assert_eq(medtl_predictor_create(model, 1, 1, &one, NULL), MEDTL_OK);
    medtl_predictor_run_logits(several, input, 2, got);
    for (size_t i = 0; i < n->classes; i++)
        cr_assert(fabs((double)got[i] - (double)expected[i]) <=
                      1e-4 * largest_of(expected, n->classes),
                  "%s: output %zu is %g, PyTorch has %g", n->name, i, (double)got[i],
                  (double)expected[i]);
    medtl_predictor_run_logits(one, input + pixels, 1, again + n->classes);
    medtl_predictor_run_logits(one, input, 1, again);
    cr_assert_arr_eq(got, again, 2 * n->classes * sizeof *got,
                     "%s: threads or the batch change bits", n->name);
    medtl_predictor_destroy(several);
    medtl_predictor_destroy(one);
}

ParameterizedTestParameters(networks, give_the_numbers_of_pytorch)
{
    static struct network list[] = {{"resnet18", 1000, 224},
                                    {"resnet50", 1000, 224},
                                    {"densenet121", 1000, 224},
                                    {"hybrid2", 2, 224},
                                    {"hybrid6", 4, 224},
                                    {"mobilenet_v2", 1000, 224},
                                    {"mobilenet_v3_small", 1000, 224},
                                    {"inception_v3", 1000, 299},
                                    {"googlenet", 1000, 224},
                                    {"efficientnet_b0", 1000, 224},
                                    {"shufflenet_v2_x1_0", 1000, 224},
                                    {"squeezenet1_1", 1000, 224},
                                    {"regnet_y_400mf", 1000, 224},
                                    {"mnasnet1_0", 1000, 224},
                                    {"alexnet", 1000, 224},
                                    {"vit_b_16", 1000, 224},
                                    {"convnext_tiny", 1000, 224}};

    return cr_make_param_array(struct network, list, sizeof list / sizeof list[0]);
}

ParameterizedTest(struct network *n, networks, give_the_numbers_of_pytorch, .timeout = 300)
{
    char from[1024], to[] = "network-XXXXXX";
    medtl_model *model = NULL;
    medtl_error err = {0};
    int descriptor;

    if (!path_of(from, sizeof from, n->name, ".onnx"))
        cr_skip("$MEDTL_NETWORKS does not hold %s.onnx", n->name);
    descriptor = mkstemp(to);
    cr_assert_geq(descriptor, 0);
    close(descriptor);
    convert(from, to, n->classes, n->side);
    cr_assert_eq(medtl_model_load(to, &model, &err), MEDTL_OK, "%s", err.message);
    unlink(to);
    check_predictions(model, n);
    medtl_model_destroy(model);
}
