/* Reading ONNX files (https://onnx.ai, IR version 3 and later) into graphs that core/nn/tensor runs. For the offline tools;
 * nothing in a file is believed before it is checked, and what it makes us allocate is bounded by its length. */
#ifndef MEDTL_ONNX_READ_H
#define MEDTL_ONNX_READ_H

#include "core/nn/tensor/nd.h"

/** A tensor by itself. int32 is held as int64. */
typedef struct medtl_onnx_tensor {
    char *name; /* "" where there is none */
    medtl_nd_type type;
    void *data;
} medtl_onnx_tensor;

void medtl_onnx_tensor_clear(medtl_onnx_tensor *tensor); /* all zero is allowed */

/** One serialised TensorProto, as the conformance data of ONNX keeps them. @param path  For messages.
 *  @return MEDTL_E_UNSUPPORTED for an element type other than float32, int64, int32 and bool. */
medtl_status medtl_onnx_parse_tensor(const char *path, const unsigned char *bytes, size_t size,
                                     medtl_onnx_tensor *out, medtl_error *err);

typedef struct medtl_onnx_options {
    /* Sizes for dimensions of the inputs that the file leaves open, by place; 0: refuse such a file. */
    size_t open_sizes[MEDTL_ND_RANK];
    /* Inputs that are to be constants. */
    const medtl_onnx_tensor *bound;
    size_t bound_count;
} medtl_onnx_options;

/** A model. @param path  For messages.
 *  @return MEDTL_E_FORMAT for a file that breaks the format's rules, MEDTL_E_UNSUPPORTED for one that asks for what we
 *          lack, both naming the node or tensor; MEDTL_E_MEMORY. */
medtl_status medtl_onnx_parse(const char *path, const unsigned char *bytes, size_t size,
                              const medtl_onnx_options *options, medtl_nd_graph **out,
                              medtl_error *err);

#endif
