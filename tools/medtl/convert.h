/* Making a model file of weights from elsewhere. convert.c reads the command line and chooses by the input's
 * kind; each kind is one file. */
#ifndef MEDTL_TOOL_CONVERT_H
#define MEDTL_TOOL_CONVERT_H

#include "medtl/error.h"
#include "target.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct convert_options {
    const char *input, *output;
    const char *architecture; /* NULL: not said */
    const char *task, *normaliser, *classes;
    const char *name, *version;
    const char *head; /* output of an ONNX file; NULL: its first */
    uint64_t width;
    double dropout, temperature;
    bool f16, ignore_extra;
} convert_options;

/** A PyTorch state dict as safetensors, whose tensors must be those of --architecture. Prints what matched.
 *  @param t  Classes and normaliser of the model. */
medtl_status convert_safetensors(const convert_options *options, const target *t, medtl_error *err);

/** An ONNX file of any network whose operators we have (docs/OPERATORS.md). Classes that `t` does not name are
 *  numbered. */
medtl_status convert_onnx(const convert_options *options, const target *t, medtl_error *err);

/** What a converted model says of its origin: a JSON text that the caller frees; NULL without memory. */
char *convert_provenance(const convert_options *options, const char *sha256);

#endif
