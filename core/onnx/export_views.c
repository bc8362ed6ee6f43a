#include "export_views.h"

/* The same values backwards along one axis. */
static const char *add_mirror(medtl_onnx_writer *w, const char *x, int64_t axis)
{
    const int64_t first = -1, end = INT64_MIN, step = -1;
    const char *inputs[5] = {x, medtl_onnx_wholes(w, "views/starts", &first, 1),
                             medtl_onnx_wholes(w, "views/ends", &end, 1),
                             medtl_onnx_wholes(w, "views/axes", &axis, 1),
                             medtl_onnx_wholes(w, "views/steps", &step, 1)};

    return medtl_onnx_operator(w, "Slice", "views/Slice", inputs, 5);
}

static const char *add_view(medtl_onnx_writer *w, unsigned changes, const char *x)
{
    if (changes & MEDTL_VIEW_TRANSPOSE) {
        x = medtl_onnx_operator(w, "Transpose", "views/Transpose", &x, 1);
        medtl_onnx_set_wholes(w, "perm", (const int64_t[]){0, 1, 3, 2}, 4);
    }
    if (changes & MEDTL_VIEW_MIRROR_X)
        x = add_mirror(w, x, 3);
    if (changes & MEDTL_VIEW_MIRROR_Y)
        x = add_mirror(w, x, 2);
    return x;
}

const char *medtl_onnx_add_views(medtl_onnx_writer *w, medtl_views views, const char *input)
{
    const size_t count = medtl_views_count(views);
    const char *parts[MEDTL_MOST_VIEWS], *all;

    if (count == 1)
        return input;
    for (size_t i = 0; i < count; i++)
        parts[i] = add_view(w, medtl_view_changes(views, i), input);
    all = medtl_onnx_operator(w, "Concat", "views/Concat", parts, count);
    medtl_onnx_set_whole(w, "axis", 0);
    return all;
}

const char *medtl_onnx_add_mean(medtl_onnx_writer *w, medtl_views views, const char *logits,
                                size_t classes)
{
    const size_t count = medtl_views_count(views);
    const int64_t sizes[] = {(int64_t)count, -1, (int64_t)classes}, axis = 0; /* -1: the rest */
    const char *inputs[2] = {logits, NULL}, *mean;

    if (count == 1)
        return logits;
    inputs[1] = medtl_onnx_wholes(w, "views/shape", sizes, 3);
    mean = medtl_onnx_operator(w, "Reshape", "views/Reshape", inputs, 2);
    mean = medtl_onnx_operator(w, "ReduceMean", "views/ReduceMean", &mean, 1);
    medtl_onnx_set_wholes(w, "axes", &axis, 1);
    medtl_onnx_set_whole(w, "keepdims", 0);
    return mean;
}
