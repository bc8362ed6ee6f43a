/* Exported files in the hands of others: ONNX's own checker, and ONNX Runtime, which must give our numbers.
 * Skipped where they are not installed (python3-onnx; node with onnxruntime-node in NODE_PATH). */
#include "core/base/file.h"
#include "core/onnx/export.h"
#include "nn_tiny.h"
#include "run_onnx.h"

#include <criterion/parameterized.h>

enum { IMAGES = RUN_ONNX_IMAGES, MOST_CLASSES = 8 };

static char model_path[256], onnx_path[256]; /* removed after each test */

static void remove_files(void)
{
    if (model_path[0] != '\0')
        unlink(model_path);
    if (onnx_path[0] != '\0')
        unlink(onnx_path);
}

TestSuite(onnx_runtime, .fini = remove_files);

/* A model of the case as our file and as ONNX. Paths have room for 256. */
static void write_both(const nn_tiny *t, bool probabilities, medtl_views views, char *model_file,
                       char *onnx_file)
{
    medtl_model_description description = nn_description();
    const medtl_onnx_export_options options = {probabilities};
    medtl_network *network = nn_tiny_network(t);
    medtl_error err = {0};

    nn_temporary_path(model_file, 256);
    nn_temporary_path(onnx_file, 256);
    description.views = views;
    cr_assert_eq(medtl_network_save(network, &description, false, model_file, &err), MEDTL_OK, "%s",
                 err.message);
    medtl_network_destroy(network);
    cr_assert_eq(medtl_onnx_export(model_file, &options, onnx_file, &err), MEDTL_OK, "%s",
                 err.message);
}

static void run_ours(const medtl_model *model, const float *input, bool probabilities,
                     float *output)
{
    medtl_predictor *predictor = NULL;

    cr_assert_eq(medtl_predictor_create(model, IMAGES, 1, &predictor, NULL), MEDTL_OK);
    if (probabilities)
        medtl_predictor_run(predictor, input, IMAGES, output);
    else
        medtl_predictor_run_logits(predictor, input, IMAGES, output);
    medtl_predictor_destroy(predictor);
}

/* Removes neither file. */
static void compare_files(const char *model_file, const char *onnx_file, bool probabilities)
{
    medtl_model *model = nn_load(model_file);
    const medtl_model_info *info = medtl_model_get_info(model);
    const size_t sizes[] = {info->channels, info->height, info->width}, classes = info->class_count;
    float *input = nn_make_input(IMAGES * sizes[0] * sizes[1] * sizes[2]);
    float ours[IMAGES * MOST_CLASSES], theirs[IMAGES * MOST_CLASSES];
    double largest = 0.0, worst = 0.0;
    int code;

    cr_assert_leq(classes, MOST_CLASSES);
    run_ours(model, input, probabilities, ours);
    code = run_onnx(onnx_file, input, sizes, classes, theirs);
    if (code == RUN_ONNX_NOT_INSTALLED) {
        remove_files(); /* Criterion leaves a skipped test without its .fini */
        cr_skip("node with onnxruntime-node is not installed (NODE_PATH)");
    }
    cr_assert_eq(code, 0, "%s: ONNX Runtime refuses the file", info->architecture);
    for (size_t i = 0; i < IMAGES * classes; i++) {
        largest = fmax(largest, fabs((double)ours[i]));
        worst = fmax(worst, fabs((double)ours[i] - (double)theirs[i]));
    }
    cr_expect(worst <= 1e-4 * largest, "%s: off by %g of %g", info->architecture, worst, largest);
    cr_log_info("%s: relative error %.2g", info->architecture, worst / largest);
    medtl_model_destroy(model);
    free(input);
}

static void compare(const nn_tiny *t, bool probabilities, medtl_views views)
{
    write_both(t, probabilities, views, model_path, onnx_path);
    compare_files(model_path, onnx_path, probabilities);
}

ParameterizedTestParameters(onnx_runtime, gives_our_numbers)
{
    static nn_tiny cases[NN_TINY_MOST];

    return cr_make_param_array(nn_tiny, cases, nn_tiny_all(cases));
}

ParameterizedTest(nn_tiny *t, onnx_runtime, gives_our_numbers)
{
    compare(t, false, MEDTL_VIEWS_ONE);
}

Test(onnx_runtime, gives_our_probabilities)
{
    const nn_tiny t = {"resnet18", 8, 1, 33, 35, 7};

    compare(&t, true, MEDTL_VIEWS_ONE);
}

/* Models that average over mirror images and turns: the file does it, too. */
ParameterizedTestParameters(onnx_runtime, gives_the_mean_over_views)
{
    static int views[] = {MEDTL_VIEWS_FLIP_X, MEDTL_VIEWS_FLIPS, MEDTL_VIEWS_SYMMETRIES};

    return cr_make_param_array(int, views, sizeof views / sizeof views[0]);
}

ParameterizedTest(int *views, onnx_runtime, gives_the_mean_over_views)
{
    const nn_tiny t = {"resnet20", 4, 3, 32, 32, 3};

    compare(&t, *views == MEDTL_VIEWS_FLIPS, (medtl_views)*views);
}

struct shipped_case {
    char path[64];
};

/* The models that come with the product, whatever they are made of. */
ParameterizedTestParameters(onnx_runtime, gives_the_numbers_of_the_shipped_models)
{
    static struct shipped_case cases[] = {{"config/models/dermoscopy.safetensors"},
                                          {"config/models/mammography.safetensors"}};

    return cr_make_param_array(struct shipped_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct shipped_case *c, onnx_runtime, gives_the_numbers_of_the_shipped_models)
{
    const medtl_onnx_export_options options = {true};
    char path[512];
    medtl_error err = {0};

    snprintf(path, sizeof path, "%s/%s", MEDTL_SOURCE_DIR, c->path);
    nn_temporary_path(onnx_path, sizeof onnx_path);
    cr_assert_eq(medtl_onnx_export(path, &options, onnx_path, &err), MEDTL_OK, "%s", err.message);
    compare_files(path, onnx_path, true);
}

/* One process for all files: the checker takes long to start. Debian's python3 has python3-onnx; the first in the path
 * may be another. */
Test(onnx_runtime, the_checker_of_onnx_finds_nothing)
{
    static const char script[] = "import sys\n"
                                 "try:\n"
                                 "    import onnx, onnx.checker\n"
                                 "except ImportError:\n"
                                 "    sys.exit(77)\n"
                                 "for path in sys.argv[1:]:\n"
                                 "    onnx.checker.check_model(onnx.load(path), full_check=True)\n";
    const char *arguments[NN_TINY_MOST + 4] = {"python3", "-c", script};
    char models[NN_TINY_MOST][256], files[NN_TINY_MOST][256];
    const size_t count = medtl_architecture_count();
    int code;

    cr_assert_leq(count, NN_TINY_MOST);
    for (size_t i = 0; i < count; i++) {
        const nn_tiny t = nn_tiny_at(i);

        write_both(&t, i % 2 == 1, MEDTL_VIEWS_ONE, models[i], files[i]);
        arguments[3 + i] = files[i];
    }
    code = run_program(arguments);
    if (code == RUN_ONNX_NOT_INSTALLED) {
        arguments[0] = "/usr/bin/python3";
        code = run_program(arguments);
    }
    for (size_t i = 0; i < count; i++) {
        unlink(models[i]);
        unlink(files[i]);
    }
    if (code == RUN_ONNX_NOT_INSTALLED)
        cr_skip("python3-onnx is not installed");
    cr_expect_eq(code, 0);
}
