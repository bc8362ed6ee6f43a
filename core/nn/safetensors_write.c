/* Writing safetensors: the header first, padded with spaces so that the data begin at a multiple of 8. */
#include "safetensors.h"

#include "core/base/file.h"
#include "half.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8 };

static size_t byte_count(const medtl_to_store *t) { return t->count * (t->half ? 2 : 4); }

static json_t *describe(const medtl_to_store *t, size_t at)
{
    json_t *shape = json_array();

    for (size_t i = 0; i < t->dimensions; i++)
        (void)json_array_append_new(shape, json_integer((json_int_t)t->shape[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", t->half ? "F16" : "F32", "shape", shape,
                     "data_offsets", (json_int_t)at, (json_int_t)(at + byte_count(t)));
}

/* The header's JSON text, or NULL if memory ran out. @param[out] data_size  Bytes of all tensors. */
static char *make_header(const char *key, const char *value, const medtl_to_store *tensors,
                         size_t count, size_t *data_size)
{
    json_t *header = json_object();
    char *text = NULL;
    int failed = json_object_set_new(header, "__metadata__", json_pack("{s:s}", key, value));

    *data_size = 0;
    for (size_t i = 0; i < count; i++) {
        failed |= json_object_set_new(header, tensors[i].name, describe(&tensors[i], *data_size));
        *data_size += byte_count(&tensors[i]);
    }
    if (failed == 0)
        text = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    return text;
}

static bool put_values(const medtl_to_store *t, unsigned char *out)
{
    for (size_t i = 0; i < t->count; i++) {
        uint32_t bits;

        if (t->half) {
            bits = medtl_half_from_float(t->values[i]);
            if ((bits & 0x7c00u) == 0x7c00u)
                return false; /* infinity or NaN */
        } else {
            if (!isfinite(t->values[i]))
                return false;
            memcpy(&bits, &t->values[i], sizeof bits);
        }
        for (int b = 0; b < (t->half ? 2 : 4); b++)
            *out++ = (unsigned char)(bits >> (8 * b));
    }
    return true;
}

medtl_status medtl_safetensors_write(const char *path, const char *metadata_key,
                                     const char *metadata_value, const medtl_to_store *tensors,
                                     size_t count, medtl_error *err)
{
    medtl_status status = MEDTL_OK;
    size_t data_size, length, padded;
    char *header = make_header(metadata_key, metadata_value, tensors, count, &data_size);
    unsigned char *bytes = NULL, *at;

    if (header == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    length = strlen(header);
    padded = (length + 7) / 8 * 8;
    bytes = malloc(LENGTH_BYTES + padded + data_size);
    if (bytes == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
        goto done;
    }
    for (int i = 0; i < LENGTH_BYTES; i++)
        bytes[i] = (unsigned char)((uint64_t)padded >> (8 * i));
    memcpy(bytes + LENGTH_BYTES, header, length);
    memset(bytes + LENGTH_BYTES + length, ' ', padded - length);
    at = bytes + LENGTH_BYTES + padded;
    for (size_t i = 0; i < count; i++) {
        if (!put_values(&tensors[i], at)) {
            status = medtl_fail(err, MEDTL_E_ARGUMENT,
                                "%s: tensor %s has a value that is not finite as %s", path,
                                tensors[i].name, tensors[i].half ? "F16" : "F32");
            goto done;
        }
        at += byte_count(&tensors[i]);
    }
    status = medtl_file_replace(path, bytes, (size_t)(at - bytes), err);
done:
    free(bytes);
    free(header);
    return status;
}
