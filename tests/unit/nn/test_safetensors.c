/* The container: files written by hand, byte by byte, are read or refused as the format's description says
 * (github.com/huggingface/safetensors, "Format"). */
#include "core/nn/safetensors.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A file of `header` and `data_size` bytes 0, 1, 2 ... in memory of its own. @param length  Claimed length of
 * the header; 0: the true one. */
static unsigned char *make_file(const char *header, uint64_t length, size_t data_size, size_t *size)
{
    const size_t header_size = strlen(header);
    unsigned char *bytes;

    *size = 8 + header_size + data_size;
    bytes = malloc(*size);
    length = length > 0 ? length : header_size;
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(length >> (8 * i));
    memcpy(bytes + 8, header, header_size);
    for (size_t i = 0; i < data_size; i++)
        bytes[8 + header_size + i] = (unsigned char)i;
    return bytes;
}

struct refusal {
    char label[48], header[200];
    uint64_t length;
    size_t data_size;
    char reason[48]; /* part of the message */
};

ParameterizedTestParameters(safetensors, refuses_damaged_files)
{
    static struct refusal cases[] = {
        {"header longer than the file", "{}", 3, 0, "longer than the file"},
        {"header length of all ones", "{}", UINT64_MAX, 0, "longer than the file"},
        {"length that wraps with the eight bytes", "{}", UINT64_MAX - 7, 0, "longer than the file"},
        {"header cut short", "{\"a\":1}", 3, 0, "not a JSON object"},
        {"not JSON", "hello", 0, 0, "not a JSON object"},
        {"a JSON list", "[]", 0, 0, "not a JSON object"},
        {"the same name twice",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
         "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
         0, 4, "occurs twice"},
        {"an entry that is a number", "{\"a\":3}", 0, 0, "dtype"},
        {"unknown type", "{\"a\":{\"dtype\":\"F33\",\"shape\":[1],\"data_offsets\":[0,4]}}", 0, 4,
         "dtype"},
        {"no shape", "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 0, 4, "shape"},
        {"negative size", "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 0, 4,
         "shape"},
        {"fractional size", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 0,
         4, "shape"},
        {"nine dimensions",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 0, 4,
         "shape"},
        {"sizes whose product wraps to 1",
         "{\"a\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
         0, "shape"},
        {"one offset", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 0, 4,
         "data_offsets"},
        {"offsets behind the end",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 0, 4, "data_offsets"},
        {"offsets turned round", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}",
         0, 4, "data_offsets"},
        {"negative offset", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", 0,
         4, "data_offsets"},
        {"fewer bytes than the shape wants",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 0, 4, "shape"},
        {"more bytes than the shape wants",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", 0, 8, "data_offsets"},
        {"overlap",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
         0, 12, "tensor \"b\": overlaps"},
        {"the same bytes twice",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
         0, 4, "overlaps"},
        {"a gap in front", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 0, 8,
         "belong to no tensor"},
        {"bytes left over", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 0,
         5, "belong to no tensor"},
        {"data cut off", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 0, 7,
         "data_offsets"},
        {"a hole between two",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}",
         0, 12, "tensor \"b\": bytes before it"},
        {"a shape larger than memory",
         "{\"big\":{\"dtype\":\"F32\",\"shape\":[9000000000000000000],\"data_offsets\":[0,4]}}", 0,
         4, "tensor \"big\": its shape"},
        {"an offset beyond 64 bits",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,18446744073709551620]}}", 0,
         4, "not a JSON object"},
        {"an entry that nests",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[[1]],\"data_offsets\":[0,4]}}", 0, 4,
         "nests too deep"},
        {"metadata that is a list", "{\"__metadata__\":[]}", 0, 0, "__metadata__"},
        {"metadata that holds a number", "{\"__metadata__\":{\"a\":1}}", 0, 0, "__metadata__"},
    };
    return cr_make_param_array(struct refusal, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct refusal *c, safetensors, refuses_damaged_files)
{
    size_t size;
    unsigned char *bytes = make_file(c->header, c->length, c->data_size, &size);
    medtl_safetensors *file = NULL;
    medtl_error err = {0};

    cr_expect_eq(medtl_safetensors_parse_take("f", bytes, size, &file, &err), MEDTL_E_FORMAT, "%s",
                 c->label);
    cr_expect_null(file);
    cr_expect_not_null(strstr(err.message, c->reason), "%s: \"%s\" does not say \"%s\"", c->label,
                       err.message, c->reason);
    free(bytes);
}

/* `start`, then `count` times `middle`, then `end`. */
static char *repeated(const char *start, const char *middle, size_t count, const char *end)
{
    const size_t length = strlen(middle);
    char *text = malloc(strlen(start) + count * length + strlen(end) + 1), *at = text;

    at = stpcpy(at, start);
    for (size_t i = 0; i < count; i++)
        at = stpcpy(at, middle);
    stpcpy(at, end);
    return text;
}

Test(safetensors, a_header_that_would_cost_much_more_than_its_length_is_refused_unparsed)
{
    static const struct {
        const char *start, *middle, *end, *reason;
        size_t count;
    } cases[] = {
        {"", "[", "", "nests too deep", 4000000},
        {"", "{\"a\":", "", "nests too deep", 1000000},
        {"{\"a\":[", "1,", "1]}", "has too many values", 4000000},
        {"{\"a\":[", "{},", "1]}", "has too many values", 4000000},
        {"{\"a\":\"", "[", "\"}", "dtype", 4000000}, /* in a string it is only text */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *header = repeated(cases[i].start, cases[i].middle, cases[i].count, cases[i].end);
        size_t size;
        unsigned char *bytes = make_file(header, 0, 0, &size);
        medtl_safetensors *file = NULL;
        medtl_error err = {0};

        cr_expect_eq(medtl_safetensors_parse_take("f", bytes, size, &file, &err), MEDTL_E_FORMAT);
        cr_expect_not_null(strstr(err.message, cases[i].reason), "%s", err.message);
        free(bytes);
        free(header);
    }
}

Test(safetensors, refuses_every_truncation_of_a_good_file)
{
    const char *header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    size_t size;
    unsigned char *whole = make_file(header, 0, 8, &size);
    medtl_safetensors *file = NULL;

    for (size_t cut = 0; cut < size; cut++) {
        unsigned char *bytes = malloc(cut > 0 ? cut : 1);

        memcpy(bytes, whole, cut);
        cr_assert_eq(medtl_safetensors_parse_take("f", bytes, cut, &file, NULL), MEDTL_E_FORMAT,
                     "cut at %zu", cut);
        free(bytes);
    }
    cr_assert_eq(medtl_safetensors_parse_take("f", whole, size, &file, NULL), MEDTL_OK);
    medtl_safetensors_destroy(file);
}

/* Values and names out of order, a scalar, an empty tensor, a type we only carry, and all float types. */
Test(safetensors, reads_what_the_format_allows)
{
    const char *header =
        "{\"later\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[4,8]},"
        "\"__metadata__\":{\"k\":\"v\"},"
        "\"first\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
        "\"none\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[4,4]},"
        "\"count\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[8,16]},"
        "\"brain\":{\"dtype\":\"BF16\",\"shape\":[1,1],\"data_offsets\":[16,18]}}   ";
    size_t size;
    unsigned char *bytes = make_file(header, 0, 18, &size), *data = bytes + size - 18;
    const unsigned char values[8] = {0x00, 0x00, 0xc0, 0xbf,
                                     0x00, 0x3c, 0x01, 0x00}; /* -1.5; 1, 2^-24 */
    medtl_safetensors *file = NULL;
    float out[2];

    memcpy(data, values, sizeof values);
    data[16] = 0x80;
    data[17] = 0x3f;
    cr_assert_eq(medtl_safetensors_parse_take("f", bytes, size, &file, NULL), MEDTL_OK);
    cr_expect_eq(medtl_safetensors_count(file), 5);
    cr_expect_str_eq(medtl_safetensors_metadata(file, "k"), "v");
    cr_expect_null(medtl_safetensors_metadata(file, "x"));
    cr_expect_null(medtl_safetensors_find(file, "x"));
    cr_expect(medtl_stored_floats(medtl_safetensors_find(file, "first"), out) && out[0] == -1.5f);
    cr_expect(medtl_stored_floats(medtl_safetensors_find(file, "later"), out) && out[0] == 1.0f &&
              out[1] == 0x1p-24f);
    cr_expect(medtl_stored_floats(medtl_safetensors_find(file, "brain"), out) && out[0] == 1.0f);
    cr_expect_eq(medtl_safetensors_find(file, "none")->count, 0);
    cr_expect_eq(medtl_safetensors_find(file, "first")->count, 1);
    cr_expect_not(medtl_stored_floats(medtl_safetensors_find(file, "count"), out),
                  "I64 is not a weight");
    medtl_safetensors_destroy(file);
}

struct value_case {
    char label[24], type[8];
    size_t size;
    unsigned char bytes[4];
};

ParameterizedTestParameters(safetensors, does_not_hand_out_values_that_are_not_finite)
{
    static struct value_case cases[] = {
        {"NaN", "F32", 4, {0x00, 0x00, 0xc0, 0x7f}},
        {"infinity", "F32", 4, {0x00, 0x00, 0x80, 0x7f}},
        {"NaN in F16", "F16", 2, {0x01, 0x7c}},
        {"infinity in F16", "F16", 2, {0x00, 0xfc}},
        {"NaN in BF16", "BF16", 2, {0xff, 0x7f}},
        {"signalling NaN", "F32", 4, {0x01, 0x00, 0x80, 0x7f}},
    };
    return cr_make_param_array(struct value_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct value_case *c, safetensors, does_not_hand_out_values_that_are_not_finite)
{
    char header[120];
    size_t size;
    unsigned char *bytes;
    medtl_safetensors *file = NULL;

    snprintf(header, sizeof header,
             "{\"a\":{\"dtype\":\"%s\",\"shape\":[1],\"data_offsets\":[0,%zu]}}", c->type, c->size);
    bytes = make_file(header, 0, c->size, &size);
    memcpy(bytes + size - c->size, c->bytes, c->size);
    cr_assert_eq(medtl_safetensors_parse_take("f", bytes, size, &file, NULL), MEDTL_OK);
    cr_expect_not(medtl_stored_floats(medtl_safetensors_find(file, "a"), NULL), "%s", c->label);
    medtl_safetensors_destroy(file);
}

static void temporary_path(char *path, size_t size)
{
    int fd;

    snprintf(path, size, "%s/medtl-safetensors-XXXXXX", P_tmpdir);
    fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
}

Test(safetensors, a_written_file_is_laid_out_as_the_format_says)
{
    const size_t shape[2] = {1, 2};
    const float values[2] = {1.0f, -0x1.8p-20f};
    const medtl_to_store tensors[] = {{"a.weight", shape, 2, values, 2, false},
                                      {"b", shape + 1, 1, values, 2, true}};
    const char *expected =
        "{\"__metadata__\":{\"k\":\"v\"},"
        "\"a.weight\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
        "\"b\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[8,12]}}";
    const unsigned char data[12] = {0x00, 0x00, 0x80, 0x3f, 0x00, 0x00,
                                    0xc0, 0xb5, 0x00, 0x3c, 0x18, 0x80};
    const size_t padded = (strlen(expected) + 7) / 8 * 8;
    char path[256];
    unsigned char bytes[600];
    size_t size;
    FILE *stream;

    temporary_path(path, sizeof path);
    cr_assert_eq(medtl_safetensors_write(path, "k", "v", tensors, 2, NULL), MEDTL_OK);
    stream = fopen(path, "rb");
    size = fread(bytes, 1, sizeof bytes, stream);
    fclose(stream);
    unlink(path);
    cr_assert_eq(size, 8 + padded + 12);
    cr_expect_eq(bytes[0] + 256 * bytes[1], padded);
    cr_expect_eq(memcmp(bytes + 8, expected, strlen(expected)), 0);
    for (size_t i = strlen(expected); i < padded; i++)
        cr_expect_eq(bytes[8 + i], ' ');
    cr_expect_eq(memcmp(bytes + 8 + padded, data, sizeof data), 0);
}

/* A gigabyte of nothing behind eight bytes that lie: refused by those eight. */
Test(safetensors, is_refused_by_its_first_bytes_before_the_rest_is_read)
{
    static const unsigned char lengths[][8] = {{0, 0, 0x40, 6}, /* 100 MiB */
                                               {0, 0, 0, 0, 1}, /* 4 GiB */
                                               {255, 255, 255, 255, 255, 255, 255, 255}};
    char path[256];
    struct rusage before, after;

    temporary_path(path, sizeof path);
    getrusage(RUSAGE_SELF, &before);
    for (size_t i = 0; i < 3; i++) {
        FILE *stream = fopen(path, "wb");
        medtl_safetensors *file = NULL;
        medtl_error err = {0};

        cr_assert_eq(fwrite(lengths[i], 1, 8, stream), 8);
        cr_assert_eq(fflush(stream), 0);
        cr_assert_eq(ftruncate(fileno(stream), 1 << 30), 0);
        fclose(stream);
        cr_expect_eq(medtl_safetensors_read(path, &file, &err), MEDTL_E_FORMAT, "%s", err.message);
        cr_expect_not_null(strstr(err.message, "header"), "%s", err.message);
    }
    unlink(path);
    getrusage(RUSAGE_SELF, &after);
    cr_expect_lt(after.ru_maxrss - before.ru_maxrss, 64 << 10, "%ld KiB more",
                 after.ru_maxrss - before.ru_maxrss);
}

Test(safetensors, refuses_to_write_what_it_would_not_read)
{
    const size_t shape[1] = {1};
    const float not_a_number = NAN, too_large = 70000.0f;
    medtl_to_store tensor = {"a", shape, 1, &not_a_number, 1, false};
    char path[256];

    temporary_path(path, sizeof path);
    unlink(path);
    cr_expect_eq(medtl_safetensors_write(path, "k", "v", &tensor, 1, NULL), MEDTL_E_ARGUMENT);
    tensor.values = &too_large;
    tensor.half = true;
    cr_expect_eq(medtl_safetensors_write(path, "k", "v", &tensor, 1, NULL), MEDTL_E_ARGUMENT);
    cr_expect_neq(access(path, F_OK), 0, "half a file stayed behind");
    tensor.half = false;
    cr_expect_eq(medtl_safetensors_write("/nonexistent/folder/f", "k", "v", &tensor, 1, NULL),
                 MEDTL_E_IO);
}
