/* A model that averages over views (core/nn/views.h), in operators: the views become one larger batch. */
#ifndef MEDTL_ONNX_EXPORT_VIEWS_H
#define MEDTL_ONNX_EXPORT_VIEWS_H

#include "core/nn/views.h"
#include "graph_writer.h"

/** [N][c][h][w] -> [views * N][c][h][w], view after view. @return the name of the result; `input` for one view. */
const char *medtl_onnx_add_views(medtl_onnx_writer *writer, medtl_views views, const char *input);

/** [views * N][classes] -> [N][classes], the means. */
const char *medtl_onnx_add_mean(medtl_onnx_writer *writer, medtl_views views, const char *logits,
                                size_t classes);

#endif
