/* TensorProto: elements as raw little-endian bytes or in lists of numbers. */
#include "onnx_parts.h"

#include <stdlib.h>
#include <string.h>

typedef enum storage { FLOAT = 1, INT32 = 6, INT64 = 7, BOOL = 9 } storage;

static const struct {
    int32_t code;
    const char *name;
} names[] = {{1, "float32"}, {2, "uint8"},      {3, "int8"},        {4, "uint16"},
             {5, "int16"},   {6, "int32"},      {7, "int64"},       {8, "string"},
             {9, "bool"},    {10, "float16"},   {11, "float64"},    {12, "uint32"},
             {13, "uint64"}, {14, "complex64"}, {15, "complex128"}, {16, "bfloat16"}};

const char *medtl_onnx_type_name(int32_t data_type)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == data_type)
            return names[i].name;
    return "an unknown type";
}

bool medtl_onnx_element(int32_t data_type, medtl_nd_element *element)
{
    *element = data_type == FLOAT  ? MEDTL_ND_FLOAT
               : data_type == BOOL ? MEDTL_ND_BOOL
                                   : MEDTL_ND_INT;
    return data_type == FLOAT || data_type == INT32 || data_type == INT64 || data_type == BOOL;
}

void medtl_onnx_tensor_clear(medtl_onnx_tensor *tensor)
{
    free(tensor->name);
    free(tensor->data);
    memset(tensor, 0, sizeof *tensor);
}

static medtl_status refuse(medtl_error *err, const char *path, const char *name,
                           medtl_status status, const char *why)
{
    return medtl_fail(err, status, "%s: tensor \"%.80s\": %s", path, name, why);
}

/* Sizes, and elements of a type we have. `room`: no more elements than the message could hold. */
static medtl_status read_type(const char *path, const char *name, const Onnx__TensorProto *proto,
                              medtl_nd_type *type, medtl_error *err)
{
    if (proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL ||
        proto->n_external_data > 0)
        return refuse(err, path, name, MEDTL_E_UNSUPPORTED,
                      "its data are in another file; save the model as one file");
    if (proto->segment != NULL)
        return refuse(err, path, name, MEDTL_E_UNSUPPORTED, "it is stored in segments");
    if (!medtl_onnx_element(proto->data_type, &type->element))
        return medtl_fail(
            err, MEDTL_E_UNSUPPORTED,
            "%s: tensor \"%.80s\": elements of %s; float32, int64, int32 and bool are supported",
            path, name, medtl_onnx_type_name(proto->data_type));
    if (proto->n_dims > MEDTL_ND_RANK)
        return refuse(err, path, name, MEDTL_E_UNSUPPORTED, "more than 8 dimensions");
    type->rank = proto->n_dims;
    for (size_t d = 0; d < proto->n_dims; d++) {
        if (proto->dims[d] < 0 || (uint64_t)proto->dims[d] > MEDTL_ND_MOST_ELEMENTS)
            return refuse(err, path, name, MEDTL_E_FORMAT,
                          "its shape has a size that could not be");
        type->size[d] = (size_t)proto->dims[d];
    }
    if (!medtl_nd_fits(type, MEDTL_ND_MOST_ELEMENTS))
        return refuse(err, path, name, MEDTL_E_FORMAT,
                      "its shape has more elements than any file holds");
    return MEDTL_OK;
}

static uint64_t little_endian(const unsigned char *bytes, size_t width)
{
    uint64_t v = 0;

    while (width-- > 0)
        v = v << 8 | bytes[width];
    return v;
}

static void copy_raw(const unsigned char *bytes, int32_t stored, size_t count, void *data)
{
    for (size_t i = 0; i < count; i++)
        if (stored == FLOAT) {
            const uint32_t bits = (uint32_t)little_endian(bytes + 4 * i, 4);

            memcpy((float *)data + i, &bits, sizeof bits);
        } else if (stored == BOOL) {
            ((bool *)data)[i] = bytes[i] != 0;
        } else if (stored == INT64) {
            ((int64_t *)data)[i] = (int64_t)little_endian(bytes + 8 * i, 8);
        } else {
            ((int64_t *)data)[i] = (int32_t)little_endian(bytes + 4 * i, 4);
        }
}

static void copy_lists(const Onnx__TensorProto *proto, size_t count, void *data)
{
    for (size_t i = 0; i < count; i++)
        if (proto->data_type == FLOAT)
            ((float *)data)[i] = proto->float_data[i];
        else if (proto->data_type == BOOL)
            ((bool *)data)[i] = proto->int32_data[i] != 0;
        else
            ((int64_t *)data)[i] =
                proto->data_type == INT64 ? proto->int64_data[i] : proto->int32_data[i];
}

medtl_status medtl_onnx_convert(const char *path, const char *name, const Onnx__TensorProto *proto,
                                medtl_onnx_tensor *out, medtl_error *err)
{
    const size_t width = proto->data_type == INT64 ? 8 : proto->data_type == BOOL ? 1 : 4;
    const size_t listed = proto->data_type == FLOAT   ? proto->n_float_data
                          : proto->data_type == INT64 ? proto->n_int64_data
                                                      : proto->n_int32_data;
    size_t count;
    medtl_status status;

    memset(out, 0, sizeof *out);
    if ((status = read_type(path, name, proto, &out->type, err)) != MEDTL_OK)
        return status;
    count = medtl_nd_count(&out->type);
    if (proto->has_raw_data ? proto->raw_data.len != count * width || listed > 0 : listed != count)
        return medtl_fail(err, MEDTL_E_FORMAT,
                          "%s: tensor \"%.80s\": its shape asks for %zu elements, and it holds %zu",
                          path, name, count,
                          proto->has_raw_data ? proto->raw_data.len / width : listed);
    out->name = strdup(name);
    out->data = medtl_nd_allocate(out->type.element, count);
    if (out->name == NULL || out->data == NULL) {
        medtl_onnx_tensor_clear(out);
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    }
    if (proto->has_raw_data)
        copy_raw(proto->raw_data.data, proto->data_type, count, out->data);
    else
        copy_lists(proto, count, out->data);
    return MEDTL_OK;
}

medtl_status medtl_onnx_parse_tensor(const char *path, const unsigned char *bytes, size_t size,
                                     medtl_onnx_tensor *out, medtl_error *err)
{
    ProtobufCMessage *message =
        medtl_onnx_unpack(path, &onnx__tensor_proto__descriptor, bytes, size, err);
    const Onnx__TensorProto *proto = (const Onnx__TensorProto *)message;
    medtl_status status;

    memset(out, 0, sizeof *out);
    if (message == NULL)
        return MEDTL_E_FORMAT;
    status = medtl_onnx_convert(path, proto->name != NULL ? proto->name : "", proto, out, err);
    medtl_onnx_free(message);
    return status;
}
