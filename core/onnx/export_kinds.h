/* One function a node kind: append its operators and say what it became (medtl_step_finish). A new kind is declared here
 * and gets its line in the table of export_nodes.c. */
#ifndef MEDTL_ONNX_EXPORT_KINDS_H
#define MEDTL_ONNX_EXPORT_KINDS_H

#include "export_step.h"

void medtl_export_conv(const medtl_step *s);
void medtl_export_batch_norm(const medtl_step *s);
void medtl_export_linear(const medtl_step *s);
void medtl_export_max_pool(const medtl_step *s);
void medtl_export_avg_pool(const medtl_step *s);
void medtl_export_global_avg_pool(const medtl_step *s);
void medtl_export_add(const medtl_step *s);
void medtl_export_concat(const medtl_step *s);
void medtl_export_relu(const medtl_step *s);
void medtl_export_relu6(const medtl_step *s);
void medtl_export_subsample(const medtl_step *s);
void medtl_export_dropout(const medtl_step *s);
void medtl_export_global_max_pool(const medtl_step *s);
void medtl_export_upsample(const medtl_step *s);
void medtl_export_adaptive_avg_pool(const medtl_step *s);
void medtl_export_sigmoid(const medtl_step *s);
void medtl_export_silu(const medtl_step *s);
void medtl_export_gelu(const medtl_step *s);
void medtl_export_softmax(const medtl_step *s);
void medtl_export_layer_norm(const medtl_step *s);
void medtl_export_attention(const medtl_step *s);
void medtl_export_class_token(const medtl_step *s);
void medtl_export_pick(const medtl_step *s);

#endif
