/* From bytes to protobuf-c's structs, without trusting the bytes. */
#include "onnx_parts.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_DEPTH = 24, WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* A varint; false where the bytes end or it is longer than ten of them. */
static bool get_varint(const unsigned char **at, const unsigned char *end, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (*at == end)
            return false;
        *out |= shift < 64 ? (uint64_t)(**at & 0x7f) << shift : 0;
        if ((*(*at)++ & 0x80) == 0)
            return true;
    }
    return false;
}

/* Is every message inside `kind` at most `depth` levels deep? Broken bytes are left to protobuf-c to refuse. */
static bool shallow(const ProtobufCMessageDescriptor *kind, const unsigned char *at,
                    const unsigned char *end, int depth)
{
    uint64_t key, value;

    if (depth == 0)
        return false;
    while (at < end && get_varint(&at, end, &key)) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(kind, (unsigned)(key >> 3));
        size_t step = 0;

        switch (key & 7) {
        case WIRE_VARINT:
            if (!get_varint(&at, end, &value))
                return true;
            break;
        case WIRE_64:
            step = 8;
            break;
        case WIRE_32:
            step = 4;
            break;
        case WIRE_BYTES:
            if (!get_varint(&at, end, &value) || value > (uint64_t)(end - at))
                return true;
            step = (size_t)value;
            if (field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE &&
                !shallow(field->descriptor, at, at + step, depth - 1))
                return false;
            break;
        default:
            return true;
        }
        if (step > (size_t)(end - at))
            return true;
        at += step;
    }
    return true;
}

/* A wire byte can make a struct of a few hundred; a large file is nearly all weights, which are copied once. */
typedef struct budget {
    size_t left;
} budget;

static void *allocate(void *data, size_t size)
{
    budget *b = data;

    if (size > b->left)
        return NULL;
    b->left -= size;
    return malloc(size);
}

static void release(void *data, void *pointer)
{
    (void)data;
    free(pointer);
}

ProtobufCMessage *medtl_onnx_unpack(const char *path, const ProtobufCMessageDescriptor *kind,
                                    const unsigned char *bytes, size_t size, medtl_error *err)
{
    budget b = {((size_t)64 << 20) + 4 * size};
    ProtobufCAllocator allocator = {allocate, release, &b};
    ProtobufCMessage *message;

    if (!shallow(kind, bytes, bytes + size, MOST_DEPTH)) {
        (void)medtl_fail(err, MEDTL_E_FORMAT, "%s: nests more than %d levels deep", path,
                         MOST_DEPTH);
        return NULL;
    }
    message = protobuf_c_message_unpack(kind, &allocator, size, bytes);
    if (message == NULL)
        (void)medtl_fail(err, MEDTL_E_FORMAT,
                         "%s: not an ONNX file: its bytes are no %s of protobuf", path,
                         kind->short_name);
    return message;
}

void medtl_onnx_free(ProtobufCMessage *message)
{
    if (message != NULL)
        protobuf_c_message_free_unpacked(message, NULL);
}
