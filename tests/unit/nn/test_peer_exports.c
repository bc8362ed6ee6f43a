/* Full-size networks with the weights, inputs and outputs that PyTorch exported (NAME.safetensors,
 * NAME.input.npy, NAME.output.npy in $MEDTL_PEER_EXPORTS). Skipped where there are none. */
#include "core/nn/network.h"
#include "nn_model.h"

#include <criterion/parameterized.h>

enum { PIXELS = 224, CHANNELS = 3 };

/* The last `count` floats of a .npy file: little-endian float32 in C order is what numpy writes here. */
static float *read_npy(const char *path, size_t count)
{
    float *values = malloc(count * sizeof *values);
    FILE *stream = fopen(path, "rb");

    cr_assert_not_null(stream, "%s", path);
    cr_assert_eq(fseek(stream, -(long)(count * sizeof *values), SEEK_END), 0);
    cr_assert_eq(fread(values, sizeof *values, count, stream), count);
    fclose(stream);
    return values;
}

struct export_case {
    char architecture[16];
    uint32_t classes;
};

ParameterizedTestParameters(peer_exports, outputs_agree)
{
    static struct export_case cases[] = {{"hybrid2", 2},
                                         {"hybrid6", 4},
                                         {"resnet18", 1000},
                                         {"resnet50", 1000},
                                         {"densenet121", 1000}};

    return cr_make_param_array(struct export_case, cases, sizeof cases / sizeof cases[0]);
}

static void compare(const char *what, const float *got, const float *expected, size_t count)
{
    double largest = 0.0, worst = 0.0;

    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)expected[i]));
        worst = fmax(worst, fabs((double)got[i] - (double)expected[i]));
    }
    cr_expect(worst <= 1e-4 * largest, "%s: off by %g of %g", what, worst, largest);
}

ParameterizedTest(struct export_case *c, peer_exports, outputs_agree)
{
    const char *folder = getenv("MEDTL_PEER_EXPORTS");
    char path[512], saved[256];
    medtl_network *network;
    medtl_model *model;
    medtl_predictor *predictor = NULL;
    medtl_trainer_pass *pass = NULL;
    medtl_error err = {0};
    float *input, *output, *logits = calloc(c->classes, sizeof *logits);

    snprintf(path, sizeof path, "%s/%s.safetensors", folder != NULL ? folder : "", c->architecture);
    if (folder == NULL || access(path, R_OK) != 0)
        cr_skip("no PyTorch exports of %s in $MEDTL_PEER_EXPORTS", c->architecture);
    network = nn_make_network(c->architecture, 0, CHANNELS, PIXELS, PIXELS, c->classes);
    cr_assert_eq(medtl_network_load(network, path, NULL, 0, &err), MEDTL_OK, "%s", err.message);
    snprintf(path, sizeof path, "%s/%s.input.npy", folder, c->architecture);
    input = read_npy(path, CHANNELS * PIXELS * PIXELS);
    snprintf(path, sizeof path, "%s/%s.output.npy", folder, c->architecture);
    output = read_npy(path, c->classes);

    cr_assert_eq(medtl_trainer_pass_create(network, 1, 2, &pass, NULL), MEDTL_OK);
    compare("pass", medtl_trainer_pass_evaluate(pass, input, 1), output, c->classes);

    nn_temporary_path(saved, sizeof saved);
    {
        const char **names = calloc(c->classes, sizeof *names);
        const medtl_model_description description = {.class_names = names, .temperature = 1.0f};

        cr_assert_eq(medtl_network_save(network, &description, false, saved, &err), MEDTL_OK, "%s",
                     err.message);
        free(names);
    }
    model = nn_load(saved);
    unlink(saved);
    cr_assert_eq(medtl_predictor_create(model, 1, 2, &predictor, NULL), MEDTL_OK);
    medtl_predictor_run_logits(predictor, input, 1, logits);
    compare("predictor", logits, output, c->classes);
    medtl_predictor_destroy(predictor);
    medtl_model_destroy(model);
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
    free(input);
    free(output);
    free(logits);
}
