/* What is said of a file that does not fit a network: every tensor in its place, and the first one by name. */
#include "core/nn/network_match.h"
#include "nn_model.h"

#include <criterion/parameterized.h>

/* resnet18 at width 2, whose tensors a test may change before they are written. */
typedef struct fixture {
    medtl_network *network;
    medtl_to_store tensors[128];
    size_t count;
    char path[256];
    medtl_safetensors *file;
    medtl_matches matches;
} fixture;

static const size_t two[1] = {2}, seven[1] = {7};
static float zeros[4096];

static void prepare(fixture *f, uint32_t channels)
{
    memset(f, 0, sizeof *f);
    f->network = nn_make_network("resnet18", 2, channels, 32, 32, 5);
    f->count = medtl_network_parameter_count(f->network);
    for (size_t i = 0; i < f->count; i++) {
        const medtl_parameter *p = medtl_network_parameter(f->network, i);

        f->tensors[i] =
            (medtl_to_store){p->name, p->shape, p->dimensions, p->value, p->size, false};
    }
    nn_temporary_path(f->path, sizeof f->path);
}

static medtl_to_store *tensor(fixture *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->tensors[i].name, name) == 0)
            return &f->tensors[i];
    cr_assert_fail("there is no tensor %s", name);
    return NULL;
}

static void match(fixture *f)
{
    cr_assert_eq(medtl_safetensors_write(f->path, "k", "v", f->tensors, f->count, NULL), MEDTL_OK);
    cr_assert_eq(medtl_safetensors_read(f->path, &f->file, NULL), MEDTL_OK);
    cr_assert_eq(medtl_network_match(f->network, f->file, &f->matches, NULL), MEDTL_OK);
}

static void clear(fixture *f)
{
    unlink(f->path);
    medtl_matches_clear(&f->matches);
    medtl_safetensors_destroy(f->file);
    medtl_network_destroy(f->network);
}

static const medtl_match *find(const fixture *f, const char *name)
{
    for (size_t i = 0; i < f->matches.count; i++) {
        const medtl_match *m = &f->matches.list[i];

        if (strcmp(m->parameter != NULL ? m->parameter->name : m->stored->name, name) == 0)
            return m;
    }
    cr_assert_fail("%s is in no list", name);
    return NULL;
}

/* The same bytes on disk, said to be of another type. */
static void change_type(const fixture *f, const char *name, const char *from, const char *to)
{
    FILE *stream = fopen(f->path, "r+b");
    char header[1 << 16] = "", pattern[128], *at;

    cr_assert_gt(fread(header, 1, sizeof header - 1, stream), 8);
    snprintf(pattern, sizeof pattern, "\"%s\":{\"dtype\":\"%s\"", name, from);
    at = strstr(header + 8, pattern);
    cr_assert_not_null(at);
    cr_assert_eq(fseek(stream, at - header + (long)strlen(name) + 13, SEEK_SET), 0);
    cr_assert_eq(fwrite(to, 1, strlen(to), stream), strlen(to));
    fclose(stream);
}

Test(network_match, every_tensor_is_in_one_list)
{
    fixture f;

    prepare(&f, 3);
    *tensor(&f, "bn1.weight") = (medtl_to_store){"bn1.weight", seven, 1, zeros, 7, false};
    *tensor(&f, "fc.weight") = (medtl_to_store){"extra.weight", two, 1, zeros, 2, false};
    f.tensors[f.count++] = (medtl_to_store){"bn1.num_batches_tracked", two, 1, zeros, 2, false};
    match(&f);
    cr_expect_eq(find(&f, "bn1.weight")->kind, MEDTL_RESHAPED);
    cr_expect_not(find(&f, "bn1.weight")->head);
    cr_expect_eq(find(&f, "fc.weight")->kind, MEDTL_MISSING);
    cr_expect(find(&f, "fc.weight")->head);
    cr_expect_eq(find(&f, "extra.weight")->kind, MEDTL_UNEXPECTED);
    cr_expect_eq(find(&f, "bn1.num_batches_tracked")->kind, MEDTL_COUNTER);
    cr_expect_eq(find(&f, "conv1.weight")->kind, MEDTL_MATCHED);
    cr_expect_eq(f.matches.count, 102 + 2);
    cr_expect_eq(f.matches.kinds[MEDTL_MATCHED], 100);
    cr_expect_eq(f.matches.kinds[MEDTL_RESHAPED] + f.matches.kinds[MEDTL_MISSING] +
                     f.matches.kinds[MEDTL_UNEXPECTED] + f.matches.kinds[MEDTL_COUNTER],
                 4);
    cr_expect_eq(f.matches.kept, 1);
    clear(&f);
}

static void drop(fixture *f, const char *name)
{
    medtl_to_store *gone = tensor(f, name);

    *gone = f->tensors[--f->count];
}

struct misfit {
    char label[40], change, expected[90];
    unsigned allowed; /* with this it fits; 0: never */
};

ParameterizedTestParameters(network_match, a_misfit_is_refused_by_name_unless_allowed)
{
    static struct misfit cases[] = {
        {"missing in the trunk", 'm', "tensor layer1.0.conv1.weight is missing", 0},
        {"missing in the head", 'h', "tensor fc.bias is missing", MEDTL_ALLOW_HEAD},
        {"another class count", 'c', "tensor fc.bias is [7], the network's [5]", MEDTL_ALLOW_HEAD},
        {"another width", 'w', "tensor bn1.bias is [7], the network's [2]", 0},
        {"one too many", 'e', "tensor extra.weight is not one of this network", MEDTL_ALLOW_EXTRA},
        {"two misfits", '2', "(one of 2 tensors that do not fit)", 0},
        {"a counter besides", 'n', "", MEDTL_ADOPT_IN_PLACE},
    };
    return cr_make_param_array(struct misfit, cases, sizeof cases / sizeof cases[0]);
}

static void spoil(fixture *f, char change)
{
    if (change == 'm' || change == '2')
        drop(f, "layer1.0.conv1.weight");
    if (change == 'h')
        drop(f, "fc.bias");
    if (change == 'c')
        *tensor(f, "fc.bias") = (medtl_to_store){"fc.bias", seven, 1, zeros, 7, false};
    if (change == 'w' || change == '2')
        *tensor(f, "bn1.bias") = (medtl_to_store){"bn1.bias", seven, 1, zeros, 7, false};
    if (change == 'e')
        f->tensors[f->count++] = (medtl_to_store){"extra.weight", two, 1, zeros, 2, false};
    if (change == 'n')
        f->tensors[f->count++] =
            (medtl_to_store){"bn1.num_batches_tracked", two, 1, zeros, 2, false};
}

ParameterizedTest(struct misfit *c, network_match, a_misfit_is_refused_by_name_unless_allowed)
{
    medtl_error err = {0};
    fixture f;
    float before;

    prepare(&f, 3);
    spoil(&f, c->change);
    match(&f);
    medtl_network_parameter(f.network, 0)->value[0] = before = 42.0f;
    if (c->expected[0] != '\0') {
        cr_expect_eq(medtl_network_adopt(f.network, "f", &f.matches, 0, &err), MEDTL_E_FORMAT);
        cr_expect_not_null(strstr(err.message, c->expected), "%s: %s", c->label, err.message);
        cr_expect_eq(medtl_network_parameter(f.network, 0)->value[0], before, "nothing changed");
    }
    if (c->allowed != 0) {
        cr_expect_eq(medtl_network_adopt(f.network, "f", &f.matches, c->allowed, &err), MEDTL_OK,
                     "%s: %s", c->label, err.message);
        cr_expect_neq(medtl_network_parameter(f.network, 0)->value[0], before);
    }
    clear(&f);
}

/* A file of half the size whose values are the upper halves of the floats: BF16 by its definition. */
static void write_bf16(const fixture *f)
{
    FILE *stream = fopen(f->path, "wb");
    char *header = NULL, shape[64];
    size_t size = 0, at = 0;
    FILE *text = open_memstream(&header, &size);

    for (size_t i = 0; i < f->count; i++, at += 2 * f->tensors[i - 1].count)
        fprintf(
            text, "%c\"%s\":{\"dtype\":\"BF16\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}",
            i == 0 ? '{' : ',', f->tensors[i].name,
            medtl_shape_text(f->tensors[i].shape, f->tensors[i].dimensions, shape, sizeof shape),
            at, at + 2 * f->tensors[i].count);
    fputc('}', text);
    cr_assert_eq(fclose(text), 0);
    for (size_t k = 0; k < 8; k++)
        fputc((int)((uint64_t)size >> (8 * k) & 255), stream);
    fputs(header, stream);
    for (size_t i = 0; i < f->count; i++)
        for (size_t k = 0; k < f->tensors[i].count; k++) {
            uint32_t bits;

            memcpy(&bits, &f->tensors[i].values[k], sizeof bits);
            fputc((int)(bits >> 16 & 255), stream);
            fputc((int)(bits >> 24), stream);
        }
    fclose(stream);
    free(header);
}

Test(network_match, weights_in_bf16_are_read_as_the_numbers_that_they_are)
{
    medtl_error err = {0};
    fixture f;

    prepare(&f, 3);
    for (size_t i = 0; i < f.count; i++) { /* quarters from -2 to 2: exact in eight bits */
        medtl_parameter *p = medtl_network_parameter(f.network, i);
        const int positive = nn_ends_with(p->name, "running_var") ? 8 : 0;

        for (size_t k = 0; k < p->size; k++)
            p->value[k] = (float)((int)(k % 17) - 8 + positive) * 0.25f;
    }
    write_bf16(&f);
    cr_assert_eq(medtl_safetensors_read(f.path, &f.file, &err), MEDTL_OK, "%s", err.message);
    cr_assert_eq(medtl_network_match(f.network, f.file, &f.matches, NULL), MEDTL_OK);
    cr_assert_eq(f.matches.kinds[MEDTL_MATCHED], f.count);
    for (size_t i = 0; i < f.count; i++) {
        medtl_parameter *p = medtl_network_parameter(f.network, i);

        memset(p->value, 0, p->size * sizeof *p->value);
    }
    cr_assert_eq(medtl_network_adopt(f.network, "f", &f.matches, 0, &err), MEDTL_OK, "%s",
                 err.message);
    for (size_t i = 0; i < f.count; i++) {
        const medtl_parameter *p = medtl_network_parameter(f.network, i);
        const int positive = nn_ends_with(p->name, "running_var") ? 8 : 0;

        for (size_t k = 0; k < p->size; k++)
            cr_assert_eq(p->value[k], (float)((int)(k % 17) - 8 + positive) * 0.25f, "%s", p->name);
    }
    clear(&f);
}

Test(network_match, a_tensor_of_another_type_is_refused_by_name_and_type)
{
    medtl_error err = {0};
    fixture f;

    prepare(&f, 3);
    cr_assert_eq(medtl_safetensors_write(f.path, "k", "v", f.tensors, f.count, NULL), MEDTL_OK);
    change_type(&f, "bn1.bias", "F32", "I32"); /* of the same size */
    cr_assert_eq(medtl_safetensors_read(f.path, &f.file, NULL), MEDTL_OK);
    cr_assert_eq(medtl_network_match(f.network, f.file, &f.matches, NULL), MEDTL_OK);
    cr_expect_eq(find(&f, "bn1.bias")->kind, MEDTL_WRONG_TYPE);
    cr_expect_eq(medtl_network_adopt(f.network, "f", &f.matches, 7, &err), MEDTL_E_FORMAT);
    cr_expect_not_null(strstr(err.message, "tensor bn1.bias is I32; F32, F16 and BF16 are read"),
                       "%s", err.message);
    clear(&f);
}

Test(network_match, three_channels_are_summed_for_one_only_when_allowed)
{
    float weights[2 * 3 * 7 * 7];
    size_t shape[4] = {2, 3, 7, 7};
    medtl_error err = {0};
    fixture f;

    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++)
        weights[i] = (float)(i % 11);
    prepare(&f, 1);
    *tensor(&f, "conv1.weight") = (medtl_to_store){
        "conv1.weight", shape, 4, weights, sizeof weights / sizeof weights[0], false};
    match(&f);
    cr_expect_eq(find(&f, "conv1.weight")->kind, MEDTL_SUMMED);
    cr_expect_eq(medtl_network_adopt(f.network, "f", &f.matches, 0, &err), MEDTL_E_FORMAT);
    cr_expect_not_null(
        strstr(err.message, "conv1.weight is [2, 3, 7, 7], the network's [2, 1, 7, 7]"), "%s",
        err.message);
    cr_expect_eq(medtl_network_adopt(f.network, "f", &f.matches, MEDTL_ALLOW_SUMMED, &err),
                 MEDTL_OK);
    for (size_t i = 0; i < 49; i++)
        cr_expect_eq(medtl_network_parameter(f.network, 0)->value[i],
                     weights[i] + weights[49 + i] + weights[98 + i]);
    clear(&f);
}

/* timm's adapt_input_conv(): repeated as often as it takes, cut, and scaled by 3 / n. Five channels: r g b r g times
 * 0.6; two: r g times 1.5. */
static void check_repeated(unsigned channels, float scale)
{
    float weights[2 * 3 * 7 * 7];
    size_t shape[4] = {2, 3, 7, 7};
    medtl_error err = {0};
    fixture f;

    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++)
        weights[i] = (float)(i % 13) - 6.0f;
    prepare(&f, channels);
    *tensor(&f, "conv1.weight") = (medtl_to_store){
        "conv1.weight", shape, 4, weights, sizeof weights / sizeof weights[0], false};
    match(&f);
    cr_expect_eq(find(&f, "conv1.weight")->kind, MEDTL_REPEATED);
    cr_expect_eq(medtl_network_adopt(f.network, "f", &f.matches, 0, &err), MEDTL_E_FORMAT);
    cr_expect_eq(medtl_network_adopt(f.network, "f", &f.matches, MEDTL_ALLOW_SUMMED, &err),
                 MEDTL_OK);
    for (size_t k = 0; k < 2; k++)
        for (size_t c = 0; c < channels; c++)
            for (size_t i = 0; i < 49; i++)
                cr_expect_float_eq(
                    medtl_network_parameter(f.network, 0)->value[(k * channels + c) * 49 + i],
                    scale * weights[(k * 3 + c % 3) * 49 + i], 1e-6f);
    clear(&f);
}

Test(network_match, three_channels_are_repeated_for_others)
{
    check_repeated(2, 1.5f);
    check_repeated(4, 0.75f);
    check_repeated(5, 0.6f);
    check_repeated(6, 0.5f);
}

Test(network_match, other_than_three_channels_are_not_adapted)
{
    static const float weights[2 * 2 * 7 * 7];
    size_t shape[4] = {2, 2, 7, 7};
    fixture f;

    prepare(&f, 3);
    *tensor(&f, "conv1.weight") = (medtl_to_store){
        "conv1.weight", shape, 4, weights, sizeof weights / sizeof weights[0], false};
    match(&f);
    cr_expect_eq(find(&f, "conv1.weight")->kind, MEDTL_RESHAPED);
    cr_expect_eq(medtl_network_adopt(f.network, "f", &f.matches, 7, NULL), MEDTL_E_FORMAT);
    clear(&f);
}

Test(network_match, a_value_that_is_not_finite_is_refused_by_name_and_changes_nothing)
{
    medtl_error err = {0};
    fixture f;
    FILE *stream;

    prepare(&f, 3);
    match(&f);
    medtl_matches_clear(&f.matches);
    medtl_safetensors_destroy(f.file);
    stream = fopen(f.path, "r+b"); /* fc.bias is the last tensor */
    cr_assert_eq(fseek(stream, -4, SEEK_END), 0);
    cr_assert_eq(fwrite("\x00\x00\x80\x7f", 1, 4, stream), 4);
    fclose(stream);
    cr_assert_eq(medtl_safetensors_read(f.path, &f.file, NULL), MEDTL_OK);
    cr_assert_eq(medtl_network_match(f.network, f.file, &f.matches, NULL), MEDTL_OK);
    medtl_network_parameter(f.network, 0)->value[0] = 42.0f;
    cr_expect_eq(medtl_network_adopt(f.network, "f", &f.matches, 0, &err), MEDTL_E_FORMAT);
    cr_expect_not_null(strstr(err.message, "tensor fc.bias has a value that is not finite"), "%s",
                       err.message);
    cr_expect_eq(medtl_network_parameter(f.network, 0)->value[0], 42.0f);
    clear(&f);
}

Test(network_match, a_shape_is_cut_where_there_is_no_room_for_it)
{
    const size_t shape[3] = {123456, 7, 89};
    char text[64];

    cr_expect_str_eq(medtl_shape_text(shape, 3, text, sizeof text), "[123456, 7, 89]");
    cr_expect_str_eq(medtl_shape_text(shape, 0, text, sizeof text), "[]");
    for (size_t size = 1; size < 16; size++)
        cr_expect_lt(strlen(medtl_shape_text(shape, 3, text, size)), size);
}
