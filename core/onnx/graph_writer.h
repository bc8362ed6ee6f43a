/* An ONNX graph under construction: operators in order, their attributes, and the tensors that they read. Knows the
 * file format, and nothing of our networks (export_nodes.c does).
 *
 * Building cannot be interrupted: the first failure is kept in the writer, later calls do nothing, and who builds asks
 * once at the end. Names are borrowed from the writer; after a failure they are "". */
#ifndef MEDTL_ONNX_GRAPH_WRITER_H
#define MEDTL_ONNX_GRAPH_WRITER_H

#include "medtl/error.h"
#include "medtl/export.h"

#include <onnx.pb-c.h>
#include <stddef.h>
#include <stdint.h>

typedef struct medtl_onnx_block medtl_onnx_block;

typedef struct medtl_onnx_writer {
    Onnx__GraphProto graph; /* complete at any time; everything in it lives as long as the writer */
    medtl_onnx_block *blocks; /* all memory */
    medtl_status status;      /* of the first failure */
    medtl_error error;
} medtl_onnx_writer;

void medtl_onnx_writer_init(medtl_onnx_writer *writer);
void medtl_onnx_writer_clear(medtl_onnx_writer *writer); /* also of a zeroed one */

/** Zeroed memory that is freed with the writer; NULL after a failure. */
void *medtl_onnx_take(medtl_onnx_writer *writer, size_t size);
char *medtl_onnx_text(medtl_onnx_writer *writer, const char *format, ...) MEDTL_PRINTF(2, 3);

/** An input or output of the graph: float, [batch][dims[0]][dims[1]]... with the batch left open ("N"). */
void medtl_onnx_input(medtl_onnx_writer *writer, const char *name, const int64_t *dims,
                      size_t count);
void medtl_onnx_output(medtl_onnx_writer *writer, const char *name, const int64_t *dims,
                       size_t count);

/** A constant tensor. @param name  Made unique with a number if it is taken. @param values  Borrowed until the file is
 *  written. @return its name as it stands in the file. */
const char *medtl_onnx_floats(medtl_onnx_writer *writer, const char *name, const int64_t *dims,
                              size_t count, const float *values);
/** A vector of whole numbers, as shapes, axes and ends of slices are given. `values` are copied. */
const char *medtl_onnx_wholes(medtl_onnx_writer *writer, const char *name, const int64_t *values,
                              size_t count);

/** Append an operator of one output. @param name  Of the operator and of its output, made unique if it is taken.
 *  @param inputs  Names; "" leaves an optional one out. @return the output's name. */
const char *medtl_onnx_operator(medtl_onnx_writer *writer, const char *type, const char *name,
                                const char *const *inputs, size_t input_count);

/** Attributes of the operator appended last. */
void medtl_onnx_set_whole(medtl_onnx_writer *writer, const char *name, int64_t value);
void medtl_onnx_set_wholes(medtl_onnx_writer *writer, const char *name, const int64_t *values,
                           size_t count);
void medtl_onnx_set_real(medtl_onnx_writer *writer, const char *name, float value);
void medtl_onnx_set_text(medtl_onnx_writer *writer, const char *name, const char *value);

#endif
