/* Networks with weights that others published, on pictures whose answers they published too. The files lie in
 * weights/ of $MEDTL_TEST_DATA, else of shared/data beside the repository; skipped where there are none. */
#include "core/train/picture.h"
#include "nn_model.h"

enum { PICTURES = 10, SIZE = 224, CLASSES = 1000, CHANNELS = 3 };

/* By how much a probability may differ from the published one. */
static const double tolerance = 1e-4;

static const char *data_path(char *path, size_t size, const char *name)
{
    const char *folder = getenv("MEDTL_TEST_DATA");

    snprintf(path, size, "%s/weights/%s",
             folder != NULL ? folder : MEDTL_SOURCE_DIR "/../shared/data", name);
    if (access(path, R_OK) != 0)
        cr_skip("no published weights (%s)", name);
    return path;
}

static medtl_network *load(const char *architecture, uint32_t size, uint32_t classes,
                           const char *name, size_t expected)
{
    medtl_network *network = nn_make_network(architecture, 0, CHANNELS, size, size, classes);
    char path[512], report[256], start[32];
    medtl_error err = {0};

    cr_assert_eq(medtl_network_load(network, data_path(path, sizeof path, name), report,
                                    sizeof report, &err),
                 MEDTL_OK, "%s", err.message);
    snprintf(start, sizeof start, "%zu tensors matched", expected);
    cr_expect_eq(strncmp(report, start, strlen(start)), 0, "%s", report);
    return network;
}

/* Planes of values as the published outputs were made from: the weights are those of a network of int8 values, and
 * its input has the step 1/127.5 and its zero at 127 (a zero point of -1 on signed bytes). Keras' own scaling,
 * x / 127.5 - 1, lies half a step lower and moves single probabilities by 0.003. */
static void read_picture(int number, float *input)
{
    char path[512], name[64];
    medtl_picture picture;
    unsigned char *bytes;
    FILE *stream;
    long size;

    snprintf(name, sizeof name, "golden-images/%d.jpg", number);
    stream = fopen(data_path(path, sizeof path, name), "rb");
    cr_assert_not_null(stream);
    fseek(stream, 0, SEEK_END);
    size = ftell(stream);
    rewind(stream);
    bytes = malloc((size_t)size);
    cr_assert_eq(fread(bytes, 1, (size_t)size, stream), (size_t)size);
    fclose(stream);
    cr_assert_eq(medtl_picture_decode(bytes, (size_t)size, name, &picture, NULL), MEDTL_OK);
    free(bytes);
    cr_assert(picture.rows == SIZE && picture.columns == SIZE && picture.samples == CHANNELS);
    for (size_t c = 0; c < CHANNELS; c++)
        for (size_t i = 0; i < (size_t)SIZE * SIZE; i++)
            input[c * SIZE * SIZE + i] =
                ((float)((const uint8_t *)picture.pixels)[i * CHANNELS + c] - 127.0f) / 127.5f;
    medtl_picture_clear(&picture);
}

static float *read_golden(void)
{
    float *golden = malloc(sizeof(float) * PICTURES * CLASSES);
    char path[512];
    FILE *stream =
        fopen(data_path(path, sizeof path, "imagenet-mobilenetv2-golden-probs.npy"), "rb");

    /* The values are the end of the file: little-endian float32 in C order. */
    cr_assert_eq(fseek(stream, -(long)(sizeof(float) * PICTURES * CLASSES), SEEK_END), 0);
    cr_assert_eq(fread(golden, sizeof(float), PICTURES * CLASSES, stream),
                 (size_t)PICTURES * CLASSES);
    fclose(stream);
    return golden;
}

static size_t largest(const float *row)
{
    size_t best = 0;

    for (size_t k = 1; k < CLASSES; k++)
        best = row[k] > row[best] ? k : best;
    return best;
}

Test(published_weights, mobilenet_v2_answers_as_published)
{
    static const char *names[CLASSES];
    const medtl_model_description description = {.class_names = names, .temperature = 1.0f};
    medtl_network *network = load("mobilenet_v2_keras", SIZE, CLASSES,
                                  "imagenet-mobilenetv2-1.0-224-f16.safetensors", 106);
    float *golden = read_golden(), *input = malloc(sizeof(float) * CHANNELS * SIZE * SIZE);
    float *got = malloc(sizeof(float) * CLASSES);
    medtl_predictor *predictor = NULL;
    medtl_model *model;
    char path[256];

    nn_temporary_path(path, sizeof path);
    cr_assert_eq(medtl_network_save(network, &description, false, path, NULL), MEDTL_OK);
    model = nn_load(path);
    unlink(path);
    cr_assert_eq(medtl_predictor_create(model, 1, 2, &predictor, NULL), MEDTL_OK);
    for (int n = 0; n < PICTURES; n++) {
        const float *expected = golden + (size_t)n * CLASSES;
        double worst = 0.0;
        size_t best;

        read_picture(n, input);
        medtl_predictor_run(predictor, input, 1, got);
        for (size_t k = 0; k < CLASSES; k++)
            worst = fmax(worst, fabs((double)got[k] - (double)expected[k]));
        cr_expect(worst <= tolerance, "picture %d: a probability is off by %g", n, worst);
        best = largest(got);
        cr_expect_eq(best, largest(expected), "picture %d: class %zu, published %zu", n, best,
                     largest(expected));
    }
    medtl_predictor_destroy(predictor);
    medtl_model_destroy(model);
    medtl_network_destroy(network);
    free(golden);
    free(input);
    free(got);
}

/* No picture of its data set is at hand; its weights fit by name, and every logit is a number. */
Test(published_weights, resnet20_loads_and_runs)
{
    medtl_network *network = load("resnet20", 32, 10, "cifar10-resnet20.safetensors", 97);
    float *input = nn_make_input((size_t)CHANNELS * 32 * 32);
    medtl_trainer_pass *pass = NULL;
    const float *logits;

    cr_assert_eq(medtl_trainer_pass_create(network, 1, 1, &pass, NULL), MEDTL_OK);
    logits = medtl_trainer_pass_evaluate(pass, input, 1);
    for (size_t k = 0; k < 10; k++)
        cr_expect(isfinite(logits[k]) && fabsf(logits[k]) < 100.0f, "logit %zu: %g", k,
                  (double)logits[k]);
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
    free(input);
}
