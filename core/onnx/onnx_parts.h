/* Between the files that read ONNX. */
#ifndef MEDTL_ONNX_PARTS_H
#define MEDTL_ONNX_PARTS_H

#include "onnx_read.h"

#include <onnx.pb-c.h>

/** Unpack a message by protobuf-c, after a look at how deep it nests (protobuf-c recurses without a limit), and with
 *  memory bounded by a multiple of its size. @return NULL and a recorded error. Give to medtl_onnx_free(). */
ProtobufCMessage *medtl_onnx_unpack(const char *path, const ProtobufCMessageDescriptor *kind,
                                    const unsigned char *bytes, size_t size, medtl_error *err);
void medtl_onnx_free(ProtobufCMessage *message); /* NULL is allowed */

/** The element type of TensorProto.DataType; false for one that we lack. */
bool medtl_onnx_element(int32_t data_type, medtl_nd_element *element);
/** "float64", "uint8" ... */
const char *medtl_onnx_type_name(int32_t data_type);

/** A tensor's elements. @param name  For messages. */
medtl_status medtl_onnx_convert(const char *path, const char *name, const Onnx__TensorProto *proto,
                                medtl_onnx_tensor *out, medtl_error *err);

/** Add a node of the file to the graph; a Constant becomes a constant. */
medtl_status medtl_onnx_add_node(medtl_nd_graph *graph, const Onnx__NodeProto *proto,
                                 medtl_error *err);

#endif
