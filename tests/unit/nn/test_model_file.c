/* Model files: what is written is read, and what does not check out is refused. */
#include "core/nn/safetensors.h"
#include "nn_model.h"

#include <criterion/parameterized.h>

static unsigned char *read_file(const char *path, size_t *size)
{
    FILE *stream = fopen(path, "rb");
    unsigned char *bytes = malloc(1 << 20);

    *size = fread(bytes, 1, 1 << 20, stream);
    fclose(stream);
    return bytes;
}

static void write_file(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *stream = fopen(path, "wb");

    cr_assert_eq(fwrite(bytes, 1, size, stream), size);
    fclose(stream);
}

Test(model_file, says_what_was_described)
{
    medtl_network *network = nn_make_network("hybrid2", 4, 1, 48, 64, 3);
    const medtl_model_info *info;
    medtl_model *model;
    char path[256], command[300], line[100] = "";
    FILE *pipe;

    nn_temporary_path(path, sizeof path);
    nn_save(network, false, path);
    model = nn_load(path);
    info = medtl_model_get_info(model);
    cr_expect_str_eq(info->name, "test-model");
    cr_expect_str_eq(info->version, "1.2.3");
    cr_expect_str_eq(info->architecture, "hybrid2");
    cr_expect_str_eq(info->architecture_arguments, "{\"width\":4,\"dropout\":0.5}");
    cr_expect(info->channels == 1 && info->height == 48 && info->width == 64 &&
              info->class_count == 3);
    cr_expect_str_eq(info->class_names[0], "benign");
    cr_expect_str_eq(info->class_names[2], "other");
    cr_expect_str_eq(info->normaliser, "resize 64x48");
    cr_expect_eq(info->temperature, 1.25f);
    cr_expect_str_eq(info->provenance, "{\"seed\":7,\"data\":[\"a\",0.5]}");
    /* By hand from the layer table: stems 48 + 412, block1 1392, norm1 40, block2 13536, skip2 156, norm2 72,
     * fc1 7400, fc2 603. */
    cr_expect_eq(info->parameter_count, 23659);

    snprintf(command, sizeof command, "sha256sum %s", path);
    pipe = popen(command, "r");
    cr_assert_not_null(fgets(line, sizeof line, pipe));
    pclose(pipe);
    cr_expect_eq(strncmp(line, info->sha256, 64), 0, "%s", info->sha256);
    cr_expect_eq(strlen(info->sha256), 64);
    medtl_model_destroy(model);
    medtl_network_destroy(network);
    unlink(path);
}

Test(model_file, keeps_every_bit_in_f32)
{
    medtl_network *network = nn_make_network("resnet18", 4, 3, 32, 32, 2);
    medtl_network *other = nn_make_network("resnet18", 4, 3, 32, 32, 2);
    char path[256], report[200];

    nn_temporary_path(path, sizeof path);
    nn_save(network, false, path);
    for (size_t i = 0; i < medtl_network_parameter_count(other); i++)
        memset(medtl_network_parameter(other, i)->value, 0,
               medtl_network_parameter(other, i)->size * sizeof(float));
    cr_assert_eq(medtl_network_load(other, path, report, sizeof report, NULL), MEDTL_OK);
    cr_expect_not_null(strstr(report, "102 tensors matched"), "%s", report);
    for (size_t i = 0; i < medtl_network_parameter_count(other); i++) {
        const medtl_parameter *p = medtl_network_parameter(network, i);

        cr_expect_eq(
            memcmp(p->value, medtl_network_parameter(other, i)->value, p->size * sizeof(float)), 0,
            "%s", p->name);
    }
    medtl_network_destroy(network);
    medtl_network_destroy(other);
    unlink(path);
}

Test(model_file, keeps_eleven_bits_of_weights_and_all_of_the_rest_in_f16)
{
    medtl_network *network = nn_make_network("resnet18", 4, 3, 32, 32, 2);
    medtl_network *other = nn_make_network("resnet18", 4, 3, 32, 32, 2);
    char path[256];

    nn_temporary_path(path, sizeof path);
    nn_save(network, true, path);
    cr_assert_eq(medtl_network_load(other, path, NULL, 0, NULL), MEDTL_OK);
    for (size_t i = 0; i < medtl_network_parameter_count(other); i++) {
        const medtl_parameter *p = medtl_network_parameter(network, i);
        const float *got = medtl_network_parameter(other, i)->value;
        /* Half a unit of the last of 11 bits; below 2^-14 half of the subnormal step 2^-24. */
        for (size_t k = 0; k < p->size; k++)
            cr_assert(
                fabsf(got[k] - p->value[k]) <=
                    (p->dimensions > 1 ? fmaxf(fabsf(p->value[k]) * 0x1p-11f, 0x1p-25f) : 0.0f),
                "%s[%zu]", p->name, k);
    }
    medtl_network_destroy(network);
    medtl_network_destroy(other);
    unlink(path);
}

Test(model_file, the_same_network_gives_the_same_bytes)
{
    medtl_network *network = nn_make_network("hybrid2", 2, 1, 16, 16, 2);
    char path[256];
    unsigned char *bytes[2];
    size_t sizes[2];

    nn_temporary_path(path, sizeof path);
    for (int i = 0; i < 2; i++) {
        nn_save(network, false, path);
        bytes[i] = read_file(path, &sizes[i]);
    }
    cr_assert_eq(sizes[0], sizes[1]);
    cr_assert_eq(memcmp(bytes[0], bytes[1], sizes[0]), 0);
    free(bytes[0]);
    free(bytes[1]);
    medtl_network_destroy(network);
    unlink(path);
}

/* --- Fine-tuning: what medtl_network_load tolerates, and what not. --- */

Test(network_load, another_number_of_classes_keeps_its_fresh_head)
{
    medtl_network *from = nn_make_network("resnet18", 4, 3, 32, 32, 5), *to = NULL;
    medtl_network_spec spec = *medtl_network_get_spec(from);
    char path[256], report[200];
    float fresh;

    nn_temporary_path(path, sizeof path);
    medtl_network_parameter(from, 0)->value[0] = 0.75f;
    {
        const medtl_model_description description = nn_description();

        cr_assert_eq(medtl_network_save(from, &description, false, path, NULL), MEDTL_OK);
    }
    spec.classes = 2;
    cr_assert_eq(medtl_network_create(&spec, 3, &to, NULL), MEDTL_OK);
    fresh = medtl_network_parameter(to, 100)->value[0];
    cr_assert_str_eq(medtl_network_parameter(to, 100)->name, "fc.weight");
    cr_assert_eq(medtl_network_load(to, path, report, sizeof report, NULL), MEDTL_OK);
    cr_expect_str_eq(report,
                     "100 tensors matched, 0 summed over input channels, 2 of the head kept their "
                     "initial values, 2 in the file not used");
    cr_expect_eq(medtl_network_parameter(to, 0)->value[0], 0.75f);
    cr_expect_eq(medtl_network_parameter(to, 100)->value[0], fresh);
    medtl_network_destroy(from);
    medtl_network_destroy(to);
    unlink(path);
}

Test(network_load, a_grey_input_sums_the_colour_filters)
{
    medtl_network *from = nn_make_network("resnet18", 4, 3, 32, 32, 2);
    medtl_network *to = nn_make_network("resnet18", 4, 1, 32, 32, 2);
    const float *rgb = medtl_network_parameter(from, 0)->value;
    const float *grey = medtl_network_parameter(to, 0)->value;
    char path[256];

    nn_temporary_path(path, sizeof path);
    nn_save(from, false, path);
    cr_assert_eq(medtl_network_load(to, path, NULL, 0, NULL), MEDTL_OK);
    for (size_t k = 0; k < 4; k++)
        for (size_t i = 0; i < 49; i++)
            cr_expect_float_eq(grey[k * 49 + i],
                               rgb[k * 147 + i] + rgb[k * 147 + 49 + i] + rgb[k * 147 + 98 + i],
                               1e-6);
    medtl_network_destroy(from);
    medtl_network_destroy(to);
    unlink(path);
}

struct misfit {
    char label[32], architecture[16];
    uint32_t width, channels;
};

ParameterizedTestParameters(network_load, refuses_other_networks_and_changes_nothing)
{
    static struct misfit cases[] = {
        {"another width", "resnet18", 6, 3},
        {"another architecture", "hybrid2", 4, 3},
        {"a deeper one", "resnet34", 4, 3},
    };
    return cr_make_param_array(struct misfit, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct misfit *c, network_load, refuses_other_networks_and_changes_nothing)
{
    medtl_network *from = nn_make_network("resnet18", 4, 3, 32, 32, 2);
    medtl_network *to = nn_make_network(c->architecture, c->width, c->channels, 32, 32, 2);
    medtl_network *same = nn_make_network(c->architecture, c->width, c->channels, 32, 32, 2);
    medtl_error err = {0};
    char path[256];

    medtl_network_parameter(from, 1)->value[0] = 0.75f;
    nn_temporary_path(path, sizeof path);
    nn_save(from, false, path);
    cr_expect_eq(medtl_network_load(to, path, NULL, 0, &err), MEDTL_E_FORMAT, "%s", c->label);
    cr_expect_not_null(strstr(err.message, path), "%s: %s", c->label, err.message);
    for (size_t i = 0; i < medtl_network_parameter_count(to); i++)
        cr_expect_eq(memcmp(medtl_network_parameter(to, i)->value,
                            medtl_network_parameter(same, i)->value,
                            medtl_network_parameter(to, i)->size * sizeof(float)),
                     0, "%s: %s changed", c->label, medtl_network_parameter(to, i)->name);
    medtl_network_destroy(from);
    medtl_network_destroy(to);
    medtl_network_destroy(same);
    unlink(path);
}

/* --- Damaged models. --- */

#define GOOD_ARCHITECTURE "\"architecture\":{\"name\":\"hybrid2\",\"width\":2}"
#define GOOD_INPUT        "\"input\":{\"channels\":1,\"height\":16,\"width\":16}"
#define GOOD_CLASSES      "\"classes\":[\"a\",\"b\"]"
#define GOOD_REST         GOOD_ARCHITECTURE "," GOOD_INPUT "," GOOD_CLASSES

struct metadata_case {
    char label[40], text[400];
    medtl_status status;
};

ParameterizedTestParameters(model_file, believes_only_metadata_that_checks_out)
{
    static struct metadata_case cases[] = {
        {"all that is needed", "{\"format\":1," GOOD_REST "}", MEDTL_OK},
        {"not JSON", "format 1", MEDTL_E_FORMAT},
        {"a list", "[1]", MEDTL_E_FORMAT},
        {"no format", "{" GOOD_REST "}", MEDTL_E_FORMAT},
        {"a format of the future", "{\"format\":2," GOOD_REST "}", MEDTL_E_UNSUPPORTED},
        {"an unknown architecture",
         "{\"format\":1,\"architecture\":{\"name\":\"vgg\"}," GOOD_INPUT "," GOOD_CLASSES "}",
         MEDTL_E_UNSUPPORTED},
        {"an architecture that is a string",
         "{\"format\":1,\"architecture\":\"hybrid2\"," GOOD_INPUT "," GOOD_CLASSES "}",
         MEDTL_E_FORMAT},
        {"no architecture", "{\"format\":1," GOOD_INPUT "," GOOD_CLASSES "}", MEDTL_E_FORMAT},
        {"a width of nothing",
         "{\"format\":1,\"architecture\":{\"name\":\"hybrid2\",\"width\":0}," GOOD_INPUT
         "," GOOD_CLASSES "}",
         MEDTL_E_FORMAT},
        {"another width than the tensors have",
         "{\"format\":1,\"architecture\":{\"name\":\"hybrid2\",\"width\":3}," GOOD_INPUT
         "," GOOD_CLASSES "}",
         MEDTL_E_FORMAT},
        {"a width the file cannot hold",
         "{\"format\":1,\"architecture\":{\"name\":\"resnet50\",\"width\":1024}," GOOD_INPUT
         "," GOOD_CLASSES "}",
         MEDTL_E_FORMAT},
        {"dropout above one",
         "{\"format\":1,\"architecture\":{\"name\":\"hybrid2\",\"width\":2,\"dropout\":2}"
         "," GOOD_INPUT "," GOOD_CLASSES "}",
         MEDTL_E_FORMAT},
        {"no classes", "{\"format\":1," GOOD_ARCHITECTURE "," GOOD_INPUT "}", MEDTL_E_FORMAT},
        {"an empty list of classes",
         "{\"format\":1,\"classes\":[]," GOOD_ARCHITECTURE "," GOOD_INPUT "}", MEDTL_E_FORMAT},
        {"a class that is a number",
         "{\"format\":1,\"classes\":[1,2]," GOOD_ARCHITECTURE "," GOOD_INPUT "}", MEDTL_E_FORMAT},
        {"a class too many",
         "{\"format\":1,\"classes\":[\"a\",\"b\",\"c\"]," GOOD_ARCHITECTURE "," GOOD_INPUT "}",
         MEDTL_E_FORMAT},
        {"no input", "{\"format\":1," GOOD_ARCHITECTURE "," GOOD_CLASSES "}", MEDTL_E_FORMAT},
        {"an input without height",
         "{\"format\":1,\"input\":{\"channels\":1,\"width\":16}," GOOD_ARCHITECTURE "," GOOD_CLASSES
         "}",
         MEDTL_E_FORMAT},
        {"a huge input",
         "{\"format\":1,\"input\":{\"channels\":1,\"height\":900000,\"width\":16}"
         "," GOOD_ARCHITECTURE "," GOOD_CLASSES "}",
         MEDTL_E_UNSUPPORTED},
        {"temperature zero", "{\"format\":1,\"temperature\":0," GOOD_REST "}", MEDTL_E_FORMAT},
        {"temperature as text", "{\"format\":1,\"temperature\":\"1\"," GOOD_REST "}",
         MEDTL_E_FORMAT},
        {"a name that is a list", "{\"format\":1,\"name\":[]," GOOD_REST "}", MEDTL_E_FORMAT},
        {"provenance that nests without end",
         "{\"format\":1,\"provenance\":{\"a\":"
         "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
         "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}," GOOD_REST "}",
         MEDTL_E_FORMAT},
        {"provenance as text", "{\"format\":1,\"provenance\":\"x\"," GOOD_REST "}", MEDTL_E_FORMAT},
        {"the same key twice", "{\"format\":1,\"format\":1," GOOD_REST "}", MEDTL_E_FORMAT},
    };
    return cr_make_param_array(struct metadata_case, cases, sizeof cases / sizeof cases[0]);
}

/* The tensors of hybrid2 at width 2 under the metadata `text`; `change` may alter them first. */
static void write_model(const char *path, const char *key, const char *text,
                        void (*change)(medtl_to_store *tensors, size_t *count))
{
    medtl_network *network = nn_make_network("hybrid2", 2, 1, 16, 16, 2);
    size_t count = medtl_network_parameter_count(network);
    medtl_to_store *tensors = calloc(count + 1, sizeof *tensors);

    for (size_t i = 0; i < count; i++) {
        const medtl_parameter *p = medtl_network_parameter(network, i);

        tensors[i] = (medtl_to_store){p->name, p->shape, p->dimensions, p->value, p->size, false};
    }
    if (change != NULL)
        change(tensors, &count);
    cr_assert_eq(medtl_safetensors_write(path, key, text, tensors, count, NULL), MEDTL_OK);
    free(tensors);
    medtl_network_destroy(network);
}

static void expect_load(const char *label, const char *path, medtl_status status)
{
    medtl_model *model = NULL;
    medtl_error err = {0};

    cr_expect_eq(medtl_model_load(path, &model, &err), status, "%s: %s", label, err.message);
    cr_expect_eq(model == NULL, status != MEDTL_OK, "%s", label);
    medtl_model_destroy(model);
}

ParameterizedTest(struct metadata_case *c, model_file, believes_only_metadata_that_checks_out)
{
    char path[256];

    nn_temporary_path(path, sizeof path);
    write_model(path, "medtl", c->text, NULL);
    expect_load(c->label, path, c->status);
    unlink(path);
}

static void leave_one_out(medtl_to_store *tensors, size_t *count)
{
    memmove(&tensors[3], &tensors[4], (*count - 4) * sizeof *tensors);
    --*count;
}

static void add_one(medtl_to_store *tensors, size_t *count)
{
    tensors[*count] = tensors[*count - 1];
    tensors[*count].name = "extra.weight";
    ++*count;
}

static void rename_one(medtl_to_store *tensors, size_t *count)
{
    (void)count;
    tensors[5].name = "stem1.9.weight";
}

static void turn_one(medtl_to_store *tensors, size_t *count)
{
    static const size_t shape[4] = {2, 1, 9, 1};

    (void)count;
    tensors[0].shape = shape; /* as many values in another order */
}

static void flatten_one(medtl_to_store *tensors, size_t *count)
{
    static const size_t shape[1] = {18};

    (void)count;
    tensors[0].shape = shape;
    tensors[0].dimensions = 1;
}

static void negate_a_variance(medtl_to_store *tensors, size_t *count)
{
    static const float values[2] = {1.0f, -1.0f};

    (void)count;
    cr_assert_str_eq(tensors[5].name, "stem1.1.running_var");
    tensors[5].values = values;
}

Test(model_file, tensors_must_be_those_of_the_architecture)
{
    static const struct {
        const char *label;
        void (*change)(medtl_to_store *tensors, size_t *count);
    } cases[] = {
        {"one missing", leave_one_out}, {"one too many", add_one},
        {"one renamed", rename_one},    {"one of another shape", turn_one},
        {"one flattened", flatten_one}, {"a negative variance", negate_a_variance},
    };
    char path[256];

    nn_temporary_path(path, sizeof path);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_model(path, "medtl", "{\"format\":1," GOOD_REST "}", cases[i].change);
        expect_load(cases[i].label, path, MEDTL_E_FORMAT);
    }
    write_model(path, "other", "{\"format\":1," GOOD_REST "}", NULL);
    expect_load("no metadata of ours", path, MEDTL_E_FORMAT);
    unlink(path);
    expect_load("no file", path, MEDTL_E_IO);
    expect_load("a folder", P_tmpdir, MEDTL_E_IO);
}

Test(model_file, a_weight_that_is_not_a_number_is_refused)
{
    char path[256];
    unsigned char *bytes;
    size_t size;

    nn_temporary_path(path, sizeof path);
    write_model(path, "medtl", "{\"format\":1," GOOD_REST "}", NULL);
    bytes = read_file(path, &size);
    memcpy(bytes + size - 4, "\x00\x00\xc0\x7f", 4); /* the last value: NaN */
    write_file(path, bytes, size);
    expect_load("NaN", path, MEDTL_E_FORMAT);
    memcpy(bytes + size - 4, "\x00\x00\x80\xff", 4); /* minus infinity */
    write_file(path, bytes, size);
    expect_load("infinity", path, MEDTL_E_FORMAT);
    write_file(path, bytes, size - 1);
    expect_load("truncated", path, MEDTL_E_FORMAT);
    write_file(path, bytes, 0);
    expect_load("empty", path, MEDTL_E_FORMAT);
    free(bytes);
    unlink(path);
}

Test(model_file, is_not_written_with_a_description_that_would_not_be_read)
{
    medtl_network *network = nn_make_network("hybrid2", 2, 1, 16, 16, 2);
    medtl_model_description description = nn_description();
    char path[256];

    nn_temporary_path(path, sizeof path);
    unlink(path);
    description.provenance = "not JSON";
    cr_expect_eq(medtl_network_save(network, &description, false, path, NULL), MEDTL_E_ARGUMENT);
    description.provenance = NULL;
    description.name = "\xff\xfe";
    cr_expect_eq(medtl_network_save(network, &description, false, path, NULL), MEDTL_E_ARGUMENT);
    description.name = NULL;
    description.temperature = NAN;
    cr_expect_neq(medtl_network_save(network, &description, false, path, NULL), MEDTL_OK);
    description.temperature = 1.0f;
    cr_expect_neq(access(path, F_OK), 0);
    cr_expect_eq(medtl_network_save(network, &description, false, path, NULL), MEDTL_OK);
    expect_load("a sparse description", path, MEDTL_OK);
    medtl_network_destroy(network);
    unlink(path);
}
