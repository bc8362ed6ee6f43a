/* Reading safetensors. The format's rules (no overlap, no gap, sizes that follow from type and shape) are
 * all checked, and limits of our own keep a hostile header from costing more than the file is long. */
#include "safetensors.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "half.h"
#include "json_guard.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LENGTH_BYTES = 8,
    MOST_HEADER = 16 << 20,
    MOST_TENSORS = 1 << 16,
    MOST_DEPTH = 3,                  /* the header, an entry, its lists */
    MOST_VALUES = 16 * MOST_TENSORS, /* an entry has a dozen */
};
static const size_t most_file = (size_t)4 << 30;

struct medtl_safetensors {
    unsigned char *bytes;
    size_t size, data_at; /* of the file; where the tensors begin */
    json_t *header;
    medtl_stored *tensors; /* in the order of their bytes */
    size_t count;
};

static const struct {
    const char *name;
    size_t size;
} types[] = {{"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F64", 8},     {"I64", 8},
             {"I32", 4}, {"I16", 2}, {"I8", 1},   {"U64", 8},     {"U32", 4},
             {"U16", 2}, {"U8", 1},  {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};

static medtl_status refuse(medtl_error *err, const char *path, const char *tensor, const char *why)
{
    if (tensor[0] != '\0')
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: tensor \"%.80s\": %s", path, tensor, why);
    return medtl_fail(err, MEDTL_E_FORMAT, "%s: %s", path, why);
}

static size_t type_size(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].size;
    return 0;
}

/* A whole number in [0, most]. */
static bool get_size(const json_t *value, size_t most, size_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uintmax_t)json_integer_value(value) > most)
        return false;
    *out = (size_t)json_integer_value(value);
    return true;
}

static bool get_shape(const json_t *shape, size_t most, medtl_stored *out)
{
    out->dimensions = json_array_size(shape);
    if (!json_is_array(shape) || out->dimensions > MEDTL_SAFETENSORS_DIMENSIONS)
        return false;
    out->count = 1;
    for (size_t i = 0; i < out->dimensions; i++) {
        if (!get_size(json_array_get(shape, i), most, &out->shape[i]))
            return false;
        if (out->shape[i] != 0 && out->count > most / out->shape[i])
            return false;
        out->count *= out->shape[i];
    }
    return true;
}

static medtl_status read_entry(const medtl_safetensors *file, const char *path, const char *name,
                               json_t *entry, medtl_stored *out, medtl_error *err)
{
    const size_t room = file->size - file->data_at;
    const json_t *offsets = json_object_get(entry, "data_offsets");
    size_t begin, end, width;

    out->name = name;
    out->type = json_string_value(json_object_get(entry, "dtype"));
    if (out->type == NULL || (width = type_size(out->type)) == 0)
        return refuse(err, path, name, "unknown dtype");
    if (!get_shape(json_object_get(entry, "shape"), room, out))
        return refuse(err, path, name, "its shape is not a list of sizes that the file could hold");
    if (json_array_size(offsets) != 2 || !get_size(json_array_get(offsets, 0), room, &begin) ||
        !get_size(json_array_get(offsets, 1), room, &end) || begin > end)
        return refuse(err, path, name, "data_offsets do not lie in the file");
    if (out->count > room / width || end - begin != out->count * width)
        return refuse(err, path, name, "data_offsets do not fit its dtype and shape");
    out->bytes = file->bytes + file->data_at + begin;
    out->byte_count = end - begin;
    return MEDTL_OK;
}

static medtl_status check_metadata(const char *path, json_t *metadata, medtl_error *err)
{
    const char *key;
    json_t *value;

    if (!json_is_object(metadata))
        return refuse(err, path, "", "__metadata__ is not an object");
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return refuse(err, path, "", "__metadata__ holds something else than strings");
    }
    return MEDTL_OK;
}

/* By position, empty ones first where positions are equal. */
static int compare_positions(const void *a, const void *b)
{
    const medtl_stored *x = a, *y = b;

    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? -1 : 1;
    return (x->byte_count > y->byte_count) - (x->byte_count < y->byte_count);
}

static medtl_status check_coverage(const medtl_safetensors *file, const char *path,
                                   medtl_error *err)
{
    const unsigned char *at = file->bytes + file->data_at;

    for (size_t i = 0; i < file->count; i++) {
        if (file->tensors[i].bytes < at)
            return refuse(err, path, file->tensors[i].name, "overlaps another tensor");
        if (file->tensors[i].bytes > at)
            return refuse(err, path, file->tensors[i].name, "bytes before it belong to no tensor");
        at += file->tensors[i].byte_count;
    }
    if (at != file->bytes + file->size)
        return refuse(err, path, "", "bytes at the end belong to no tensor");
    return MEDTL_OK;
}

/* The header's length from the first bytes of a file of `size` bytes, believed as far as both limits allow. */
static medtl_status check_length(const unsigned char bytes[LENGTH_BYTES], size_t size,
                                 const char *path, size_t *out, medtl_error *err)
{
    uint64_t length = 0;

    for (int i = LENGTH_BYTES; i-- > 0;)
        length = length << 8 | bytes[i];
    if (length > size - LENGTH_BYTES)
        return refuse(err, path, "", "the header claims to be longer than the file");
    if (length > MOST_HEADER)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: a header of more than %d bytes", path,
                          MOST_HEADER);
    *out = (size_t)length;
    return MEDTL_OK;
}

static medtl_status parse_header(medtl_safetensors *file, const char *path, const char *text,
                                 size_t length, medtl_error *err)
{
    const char *why = medtl_json_guard(text, length, MOST_DEPTH, MOST_VALUES);
    json_error_t error;

    if (why != NULL)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: the header %s", path, why);
    file->header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (file->header == NULL && json_error_code(&error) == json_error_duplicate_key)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: a name occurs twice: %.100s", path, error.text);
    if (!json_is_object(file->header))
        return refuse(err, path, "", "the header is not a JSON object");
    if (json_object_size(file->header) > MOST_TENSORS)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: more than %d tensors", path, MOST_TENSORS);
    return MEDTL_OK;
}

static medtl_status read_header(medtl_safetensors *file, const char *path, medtl_error *err)
{
    size_t length = 0;
    medtl_status status;

    if (file->size < LENGTH_BYTES)
        return refuse(err, path, "", "too short for a safetensors file");
    if ((status = check_length(file->bytes, file->size, path, &length, err)) != MEDTL_OK)
        return status;
    file->data_at = LENGTH_BYTES + length;
    return parse_header(file, path, (const char *)file->bytes + LENGTH_BYTES, length, err);
}

static medtl_status index_tensors(medtl_safetensors *file, const char *path, medtl_error *err)
{
    const char *name;
    json_t *entry;

    file->tensors = calloc(json_object_size(file->header) + 1, sizeof *file->tensors);
    if (file->tensors == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    json_object_foreach(file->header, name, entry)
    {
        const medtl_status status =
            strcmp(name, "__metadata__") == 0
                ? check_metadata(path, entry, err)
                : read_entry(file, path, name, entry, &file->tensors[file->count++], err);

        if (status != MEDTL_OK)
            return status;
    }
    qsort(file->tensors, file->count, sizeof *file->tensors, compare_positions);
    return check_coverage(file, path, err);
}

medtl_status medtl_safetensors_parse_take(const char *path, unsigned char *bytes, size_t size,
                                          medtl_safetensors **out, medtl_error *err)
{
    medtl_safetensors *file = calloc(1, sizeof *file);
    medtl_status status;

    *out = NULL;
    if (file == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    file->bytes = bytes;
    file->size = size;
    if ((status = read_header(file, path, err)) == MEDTL_OK &&
        (status = index_tensors(file, path, err)) == MEDTL_OK) {
        *out = file;
        return MEDTL_OK;
    }
    file->bytes = NULL; /* stays the caller's */
    medtl_safetensors_destroy(file);
    return status;
}

/* Refuse by its first bytes what is no safetensors file before gigabytes of it are read. What cannot be opened or
 * measured is left to medtl_file_read(), which says why. */
static medtl_status look_first(const char *path, medtl_error *err)
{
    unsigned char bytes[LENGTH_BYTES];
    FILE *stream = fopen(path, "rb");
    medtl_status status = MEDTL_OK;
    size_t length;
    long size;

    if (stream == NULL)
        return MEDTL_OK;
    if (fread(bytes, 1, sizeof bytes, stream) == sizeof bytes && fseek(stream, 0, SEEK_END) == 0 &&
        (size = ftell(stream)) >= LENGTH_BYTES)
        status = check_length(bytes, (size_t)size, path, &length, err);
    fclose(stream);
    return status;
}

medtl_status medtl_safetensors_read(const char *path, medtl_safetensors **out, medtl_error *err)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    medtl_status status;

    *out = NULL;
    if ((status = look_first(path, err)) != MEDTL_OK ||
        (status = medtl_file_read(path, most_file, &bytes, &size, err)) != MEDTL_OK)
        return status;
    status = medtl_safetensors_parse_take(path, bytes, size, out, err);
    if (status != MEDTL_OK)
        free(bytes);
    return status;
}

void medtl_safetensors_destroy(medtl_safetensors *file)
{
    if (file == NULL)
        return;
    json_decref(file->header);
    free(file->tensors);
    free(file->bytes);
    free(file);
}

size_t medtl_safetensors_count(const medtl_safetensors *file) { return file->count; }

const medtl_stored *medtl_safetensors_at(const medtl_safetensors *file, size_t index)
{
    return &file->tensors[index];
}

const medtl_stored *medtl_safetensors_find(const medtl_safetensors *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    return NULL;
}

size_t medtl_safetensors_data_size(const medtl_safetensors *file)
{
    return file->size - file->data_at;
}

const char *medtl_safetensors_metadata(const medtl_safetensors *file, const char *key)
{
    return json_string_value(json_object_get(json_object_get(file->header, "__metadata__"), key));
}

void medtl_safetensors_digest(const medtl_safetensors *file, char *text)
{
    medtl_sha256_text(file->bytes, file->size, text);
}

/* Bytes are little-endian and need not be aligned. */
static float float_at(const unsigned char *bytes)
{
    const uint32_t bits = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                          (uint32_t)bytes[3] << 24;
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint16_t short_at(const unsigned char *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

bool medtl_stored_is_float(const medtl_stored *stored)
{
    return strcmp(stored->type, "F32") == 0 || strcmp(stored->type, "F16") == 0 ||
           strcmp(stored->type, "BF16") == 0;
}

bool medtl_stored_floats(const medtl_stored *stored, float *values)
{
    const bool full = strcmp(stored->type, "F32") == 0, half = strcmp(stored->type, "F16") == 0;

    if (!medtl_stored_is_float(stored))
        return false;
    if (half && values != NULL)
        return medtl_halves_to_floats(stored->bytes, stored->count, values);
    for (size_t i = 0; i < stored->count; i++) {
        const float v = full   ? float_at(stored->bytes + 4 * i)
                        : half ? medtl_half_to_float(short_at(stored->bytes + 2 * i))
                               : medtl_bfloat_to_float(short_at(stored->bytes + 2 * i));

        if (!isfinite(v))
            return false;
        if (values != NULL)
            values[i] = v;
    }
    return true;
}
