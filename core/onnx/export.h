/* Writing a model as an ONNX file (https://onnx.ai), for programs that are not ours. docs/ONNX.md describes the file. */
#ifndef MEDTL_ONNX_EXPORT_H
#define MEDTL_ONNX_EXPORT_H

#include "medtl/error.h"

#include <stdbool.h>

enum {
    MEDTL_ONNX_OPSET = 17,
    MEDTL_ONNX_IR_VERSION = 8
}; /* ONNX 1.12 (2022) and later read them */

#define MEDTL_ONNX_INPUT         "input"
#define MEDTL_ONNX_LOGITS        "logits"
#define MEDTL_ONNX_PROBABILITIES "probabilities"

typedef struct medtl_onnx_export_options {
    bool probabilities; /* end in the softmax of logits / temperature, not in the logits */
} medtl_onnx_export_options;

/** Read a model file (docs/MODEL_FORMAT.md) and write it as ONNX, by temporary file and rename. The same model, options
 *  and version of this software give the same bytes.
 *  @return MEDTL_OK; what medtl_model_load() returns; MEDTL_E_UNSUPPORTED for a model of more than 2 GiB, the
 *          format's limit, or with a node that ONNX cannot express (named); MEDTL_E_IO. */
medtl_status medtl_onnx_export(const char *model_path, const medtl_onnx_export_options *options,
                               const char *path, medtl_error *err);

#endif
