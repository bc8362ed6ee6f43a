/* Pools, and other nodes that look at windows of pixels and have no parameters. */
#include "export_kinds.h"

static const char *pool(const medtl_step *s, const char *type)
{
    const int64_t kernel = (int64_t)s->node->u.pool.kernel, pad = (int64_t)s->node->u.pool.pad;
    const int64_t stride = (int64_t)s->node->u.pool.stride;
    const char *name = medtl_step_operate_on(s, type, medtl_step_image(s, 0));
    medtl_onnx_writer *w = s->all->writer;

    medtl_onnx_set_wholes(w, "kernel_shape", (const int64_t[]){kernel, kernel}, 2);
    medtl_onnx_set_wholes(w, "pads", (const int64_t[]){pad, pad, pad, pad}, 4);
    medtl_onnx_set_wholes(w, "strides", (const int64_t[]){stride, stride}, 2);
    return name;
}

void medtl_export_max_pool(const medtl_step *s) { medtl_step_finish(s, pool(s, "MaxPool"), false); }

void medtl_export_avg_pool(const medtl_step *s)
{
    const char *name = pool(s, "AveragePool");

    medtl_onnx_set_whole(s->all->writer, "count_include_pad", s->node->u.pool.count_pad);
    medtl_step_finish(s, name, false);
}

void medtl_export_global_avg_pool(const medtl_step *s)
{
    medtl_step_finish(s, medtl_step_operate_on(s, "GlobalAveragePool", medtl_step_image(s, 0)),
                      false);
}

/* Every stride-th row and column, between channels of zeros. */
void medtl_export_subsample(const medtl_step *s)
{
    const int64_t stride = (int64_t)s->node->u.subsample.stride;
    const int64_t before = (int64_t)s->node->u.subsample.before;
    const int64_t behind =
        (int64_t)s->node->shape.channels - before - (int64_t)medtl_step_input_shape(s, 0).channels;
    const int64_t starts[2] = {0, 0}, ends[2] = {INT64_MAX, INT64_MAX}, axes[2] = {2, 3};
    const int64_t steps[2] = {stride, stride}, pads[8] = {0, before, 0, 0, 0, behind, 0, 0};
    const char *slice[5] = {medtl_step_image(s, 0), medtl_step_wholes(s, "starts", starts, 2),
                            medtl_step_wholes(s, "ends", ends, 2),
                            medtl_step_wholes(s, "axes", axes, 2),
                            medtl_step_wholes(s, "steps", steps, 2)};
    const char *taken = medtl_step_operate(s, "Slice", slice, 5);

    medtl_step_finish(
        s, medtl_step_operate_on_two(s, "Pad", taken, medtl_step_wholes(s, "pads", pads, 8)),
        false); /* with zeros */
}

void medtl_export_global_max_pool(const medtl_step *s)
{
    medtl_step_finish(s, medtl_step_operate_on(s, "GlobalMaxPool", medtl_step_image(s, 0)), false);
}

void medtl_export_upsample(const medtl_step *s)
{
    const float scale = (float)s->node->u.upsample.scale;
    const int64_t dims[] = {4};
    medtl_onnx_writer *w = s->all->writer;
    float *scales = medtl_onnx_take(w, 4 * sizeof *scales);
    const char *inputs[3] = {medtl_step_image(s, 0), "", NULL}, *name; /* no region of interest */

    if (scales == NULL)
        return;
    scales[0] = scales[1] = 1.0f;
    scales[2] = scales[3] = scale;
    inputs[2] = medtl_onnx_floats(w, medtl_step_name(s, "scales"), dims, 1, scales);
    name = medtl_step_operate(s, "Resize", inputs, 3);
    if (s->node->u.upsample.bilinear) {
        medtl_onnx_set_text(w, "mode", "linear");
        medtl_onnx_set_text(w, "coordinate_transformation_mode", "half_pixel");
    } else {
        medtl_onnx_set_text(w, "mode", "nearest");
        medtl_onnx_set_text(w, "coordinate_transformation_mode", "asymmetric");
        medtl_onnx_set_text(w, "nearest_mode", "floor");
    }
    medtl_step_finish(s, name, false);
}

/* [windows][extent]: row i has 1 / length in its window, as PyTorch cuts them; transposed where asked. */
static const char *means(const medtl_step *s, const char *what, size_t windows, size_t extent,
                         bool transposed)
{
    const int64_t dims[] = {(int64_t)(transposed ? extent : windows),
                            (int64_t)(transposed ? windows : extent)};
    float *values = medtl_onnx_take(s->all->writer, windows * extent * sizeof *values);

    if (values == NULL)
        return "";
    for (size_t i = 0; i < windows; i++) {
        const size_t first = i * extent / windows, end = ((i + 1) * extent + windows - 1) / windows;

        for (size_t k = first; k < end; k++)
            values[transposed ? k * windows + i : i * extent + k] = 1.0f / (float)(end - first);
    }
    return medtl_onnx_floats(s->all->writer, medtl_step_name(s, what), dims, 2, values);
}

/* ONNX has no such pool; windows of unequal length are a product from the left and one from the right. */
void medtl_export_adaptive_avg_pool(const medtl_step *s)
{
    const medtl_shape in = medtl_step_input_shape(s, 0), out = s->node->shape;
    const char *name = medtl_step_operate_on_two(s, "MatMul", medtl_step_image(s, 0),
                                                 means(s, "columns", out.width, in.width, true));

    name = medtl_step_operate_on_two(s, "MatMul", means(s, "rows", out.height, in.height, false),
                                     name);
    medtl_step_finish(s, name, false);
}
