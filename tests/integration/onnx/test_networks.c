/* Networks of torchvision and our own, exported to ONNX by PyTorch, give PyTorch's numbers in the plugin's predictor.
 * $MEDTL_NETWORKS is a folder of NAME.onnx with NAME.input.npy and NAME.output.npy (float32, one image); the tests are
 * skipped without it. */
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

enum { CLASSES = 1000, PIXELS = 3 * 224 * 224 };

struct network {
    char name[32];
    unsigned classes;
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
static void convert(const char *from, const char *to, unsigned classes)
{
    static const char *names[CLASSES];
    const medtl_network_spec spec = {
        .channels = 3, .height = 224, .width_px = 224, .classes = classes};
    const medtl_model_description description = {.class_names = names, .temperature = 1.0f};
    const medtl_onnx_options options = {.open_sizes = {1, 3, 224, 224}};
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
    static float input[2 * PIXELS], expected[CLASSES], got[2 * CLASSES], again[2 * CLASSES];
    medtl_predictor *several = NULL, *one = NULL;

    read_npy(n->name, ".input.npy", PIXELS, input);
    read_npy(n->name, ".output.npy", n->classes, expected);
    for (size_t i = 0; i < PIXELS; i++)
        input[PIXELS + i] = -input[i];
    cr_assert_eq(medtl_predictor_create(model, 2, 3, &several, NULL), MEDTL_OK);
    cr_assert_eq(medtl_predictor_create(model, 1, 1, &one, NULL), MEDTL_OK);
    medtl_predictor_run_logits(several, input, 2, got);
    for (size_t i = 0; i < n->classes; i++)
        cr_assert(fabs((double)got[i] - (double)expected[i]) <=
                      1e-4 * largest_of(expected, n->classes),
                  "%s: output %zu is %g, PyTorch has %g", n->name, i, (double)got[i],
                  (double)expected[i]);
    medtl_predictor_run_logits(one, input + PIXELS, 1, again + n->classes);
    medtl_predictor_run_logits(one, input, 1, again);
    cr_assert_arr_eq(got, again, 2 * n->classes * sizeof *got,
                     "%s: threads or the batch change bits", n->name);
    medtl_predictor_destroy(several);
    medtl_predictor_destroy(one);
}

ParameterizedTestParameters(networks, give_the_numbers_of_pytorch)
{
    static struct network list[] = {
        {"resnet18", 1000}, {"resnet50", 1000}, {"densenet121", 1000}, {"hybrid2", 2}, {"hybrid6", 4}};

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
    convert(from, to, n->classes);
    cr_assert_eq(medtl_model_load(to, &model, &err), MEDTL_OK, "%s", err.message);
    unlink(to);
    check_predictions(model, n);
    medtl_model_destroy(model);
}
