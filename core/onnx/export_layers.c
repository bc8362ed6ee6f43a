/* Layers with parameters, and what joins branches. */
#include "export_kinds.h"

/* [out][in][kernel][kernel]; a linear layer on each pixel is kept as [out][in]. */
static const char *conv_weight(const medtl_step *s)
{
    const char *weight = medtl_step_parameter(s, 0);
    const int64_t pixel[] = {2, 3};

    if (medtl_step_parameter_dimensions(s, 0) == 4)
        return weight;
    return medtl_step_operate_on_two(s, "Unsqueeze", weight,
                                     medtl_step_wholes(s, "axes", pixel, 2));
}

void medtl_export_conv(const medtl_step *s)
{
    const medtl_conv_shape *c = &s->node->u.conv;
    const bool has_bias = s->node->parameter_count > 1;
    const char *inputs[3] = {medtl_step_image(s, 0), conv_weight(s),
                             has_bias ? medtl_step_parameter(s, 1) : ""};
    const char *name = medtl_step_operate(s, "Conv", inputs, has_bias ? 3 : 2);
    medtl_onnx_writer *w = s->all->writer;

    medtl_onnx_set_wholes(w, "dilations",
                          (const int64_t[]){(int64_t)c->dilation_h, (int64_t)c->dilation_w}, 2);
    medtl_onnx_set_whole(w, "group", (int64_t)c->groups);
    medtl_onnx_set_wholes(w, "kernel_shape",
                          (const int64_t[]){(int64_t)c->kernel_h, (int64_t)c->kernel_w}, 2);
    medtl_onnx_set_wholes(w, "pads",
                          (const int64_t[]){(int64_t)c->pad_top, (int64_t)c->pad_left,
                                            (int64_t)c->pad_bottom, (int64_t)c->pad_right},
                          4);
    medtl_onnx_set_wholes(w, "strides",
                          (const int64_t[]){(int64_t)c->stride_h, (int64_t)c->stride_w}, 2);
    medtl_step_finish(s, name, false);
}

void medtl_export_batch_norm(const medtl_step *s)
{
    /* Scale, shift, mean, variance: the order of ONNX is PyTorch's. */
    const char *inputs[5] = {medtl_step_image(s, 0), medtl_step_parameter(s, 0),
                             medtl_step_parameter(s, 1), medtl_step_parameter(s, 2),
                             medtl_step_parameter(s, 3)};
    const char *name = medtl_step_operate(s, "BatchNormalization", inputs, 5);

    medtl_onnx_set_real(s->all->writer, "epsilon", s->node->u.norm.epsilon);
    medtl_step_finish(s, name, false);
}

void medtl_export_linear(const medtl_step *s)
{
    const bool has_bias = s->node->parameter_count > 1;
    const char *inputs[3] = {medtl_step_flat(s, 0), medtl_step_parameter(s, 0),
                             has_bias ? medtl_step_parameter(s, 1) : ""};
    const char *name = medtl_step_operate(s, "Gemm", inputs, has_bias ? 3 : 2);

    medtl_onnx_set_whole(s->all->writer, "transB", 1); /* ours is [out][in] */
    medtl_step_finish(s, name, true);
}

/* Both inputs in the same form; where one is an image, so is the result. */
void medtl_export_add(const medtl_step *s)
{
    const bool flat = medtl_step_input(s, 0).flat && medtl_step_input(s, 1).flat;
    const char *inputs[2] = {flat ? medtl_step_flat(s, 0) : medtl_step_image(s, 0),
                             flat ? medtl_step_flat(s, 1) : medtl_step_image(s, 1)};

    medtl_step_finish(s, medtl_step_operate(s, "Add", inputs, 2), flat);
}

void medtl_export_concat(const medtl_step *s)
{
    const char *inputs[MEDTL_NODE_MAX_INPUTS], *name;

    for (size_t k = 0; k < s->node->input_count; k++)
        inputs[k] = medtl_step_image(s, k);
    name = medtl_step_operate(s, "Concat", inputs, s->node->input_count);
    medtl_onnx_set_whole(s->all->writer, "axis", 1);
    medtl_step_finish(s, name, false);
}

void medtl_export_dropout(const medtl_step *s) /* nothing, outside of training */
{
    s->all->values[s->index] = medtl_step_input(s, 0);
}
