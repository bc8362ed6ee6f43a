#include "nd_window.h"

#include <string.h>

enum {
    MOST_SIZE = 1 << 20
}; /* of a kernel, stride, dilation or pad: far more than any network has */

/* A list of `count` sizes in [least, MOST_SIZE] behind the leading dimensions; absent: all `otherwise`. */
static medtl_status read_sizes(const medtl_nd_infer *c, const char *name, size_t space,
                               int64_t least, size_t otherwise, size_t *out)
{
    const medtl_nd_attribute *a = medtl_nd_attribute_find(c->node, name);

    for (size_t d = 0; d < MEDTL_ND_SPACE; d++)
        out[d] = otherwise;
    if (a == NULL)
        return MEDTL_OK;
    if (a->count != space)
        return MEDTL_ND_REFUSE(c, "%s has %zu numbers for %zu dimensions", name, a->count, space);
    for (size_t d = 0; d < space; d++) {
        if (a->ints[d] < least || a->ints[d] > MOST_SIZE)
            return MEDTL_ND_REFUSE(c, "%s is out of range", name);
        out[MEDTL_ND_SPACE - space + d] = (size_t)a->ints[d];
    }
    for (size_t d = 0; d < MEDTL_ND_SPACE - space; d++)
        out[d] = least > 0 ? 1 : 0;
    return MEDTL_OK;
}

static medtl_status read_pads(const medtl_nd_infer *c, medtl_nd_window *w)
{
    const medtl_nd_attribute *a = medtl_nd_attribute_find(c->node, "pads");

    if (a == NULL)
        return MEDTL_OK;
    if (a->count != 2 * w->space)
        return MEDTL_ND_REFUSE(c, "pads has %zu numbers for %zu dimensions", a->count, w->space);
    for (size_t d = 0; d < w->space; d++) {
        const size_t to = MEDTL_ND_SPACE - w->space + d;
        const int64_t before = a->ints[d], after = a->ints[w->space + d];

        if (before < 0 || after < 0 || before > MOST_SIZE || after > MOST_SIZE)
            return MEDTL_ND_REFUSE(c, "pads are out of range");
        w->before[to] = (size_t)before;
        w->after[to] = (size_t)after;
    }
    return MEDTL_OK;
}

medtl_status medtl_nd_window_read(const medtl_nd_infer *c, const size_t *kernel, medtl_nd_window *w)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    medtl_status status;

    memset(w, 0, sizeof *w);
    if (x->rank < 3 || x->rank > 2 + MEDTL_ND_SPACE)
        return MEDTL_ND_LACK(c, "an input of %zu dimensions; 3 to 5 are supported", x->rank);
    w->space = x->rank - 2;
    if (kernel == NULL && medtl_nd_attribute_find(c->node, "kernel_shape") == NULL)
        return MEDTL_ND_REFUSE(c, "kernel_shape is missing");
    if ((status = read_sizes(c, "kernel_shape", w->space, 1, 1, w->kernel)) != MEDTL_OK ||
        (status = read_sizes(c, "strides", w->space, 1, 1, w->stride)) != MEDTL_OK ||
        (status = read_sizes(c, "dilations", w->space, 1, 1, w->dilation)) != MEDTL_OK ||
        (status = read_pads(c, w)) != MEDTL_OK)
        return status;
    for (size_t d = 0; d < MEDTL_ND_SPACE; d++)
        w->in[d] = d < MEDTL_ND_SPACE - w->space ? 1 : x->size[2 + d - (MEDTL_ND_SPACE - w->space)];
    for (size_t d = 0; d < w->space && kernel != NULL; d++) {
        const size_t to = MEDTL_ND_SPACE - w->space + d;

        if (kernel[d] < 1 || kernel[d] > MOST_SIZE ||
            (medtl_nd_attribute_find(c->node, "kernel_shape") != NULL &&
             w->kernel[to] != kernel[d]))
            return MEDTL_ND_REFUSE(c, "kernel_shape is not that of the weight");
        w->kernel[to] = kernel[d];
    }
    return MEDTL_OK;
}

static size_t extent(const medtl_nd_window *w, size_t d)
{
    return (w->kernel[d] - 1) * w->dilation[d] + 1;
}

/* SAME: as many results as strides begin in the input; what that needs is padded, the odd one behind or before. */
static void pad_same(medtl_nd_window *w, size_t d, bool more_before)
{
    const size_t out = (w->in[d] + w->stride[d] - 1) / w->stride[d];
    const size_t needs = out > 0 ? (out - 1) * w->stride[d] + extent(w, d) : 0;
    const size_t pad = needs > w->in[d] ? needs - w->in[d] : 0;

    w->before[d] = more_before ? pad - pad / 2 : pad / 2;
    w->after[d] = pad - w->before[d];
}

medtl_status medtl_nd_window_slide(const medtl_nd_infer *c, medtl_nd_window *w)
{
    const char *automatic = medtl_nd_attribute_text(c->node, "auto_pad", "NOTSET");
    const bool ceil_mode = medtl_nd_attribute_int(c->node, "ceil_mode", 0) != 0;

    if (strcmp(automatic, "NOTSET") != 0 && strcmp(automatic, "VALID") != 0 &&
        strcmp(automatic, "SAME_UPPER") != 0 && strcmp(automatic, "SAME_LOWER") != 0)
        return MEDTL_ND_REFUSE(c, "auto_pad \"%.20s\" is none that ONNX knows", automatic);
    for (size_t d = 0; d < MEDTL_ND_SPACE; d++) {
        size_t room;

        if (strncmp(automatic, "SAME", 4) == 0)
            pad_same(w, d, strcmp(automatic, "SAME_LOWER") == 0);
        else if (strcmp(automatic, "VALID") == 0)
            w->before[d] = w->after[d] = 0;
        room = w->in[d] + w->before[d] + w->after[d];
        if (w->in[d] == 0 || room < extent(w, d))
            return MEDTL_ND_REFUSE(c, "a window of %zu does not fit an input of %zu with its pads",
                                   extent(w, d), room);
        room -= extent(w, d);
        w->out[d] = (room + (ceil_mode ? w->stride[d] - 1 : 0)) / w->stride[d] + 1;
        /* A last window that would begin behind the input takes in nothing: PyTorch drops it. */
        if (ceil_mode && (w->out[d] - 1) * w->stride[d] >= w->in[d] + w->before[d])
            w->out[d]--;
    }
    return MEDTL_OK;
}

void medtl_nd_window_inside(const medtl_nd_window *w, size_t d, size_t at, size_t *first,
                            size_t *end)
{
    const size_t start = at * w->stride[d],
                 dilation = w->dilation[d]; /* counted from `before` pads ahead */

    *first = start >= w->before[d] ? 0 : (w->before[d] - start + dilation - 1) / dilation;
    *end = start >= w->before[d] + w->in[d]
               ? 0
               : (w->before[d] + w->in[d] - start + dilation - 1) / dilation;
    *end = *end < w->kernel[d] ? *end : w->kernel[d];
    *first = *first < *end ? *first : *end;
}

bool medtl_nd_window_conv(const medtl_nd_window *w, size_t channels_in, size_t channels_out,
                          size_t groups, medtl_conv_shape *shape)
{
    *shape = (medtl_conv_shape){.channels_in = channels_in,
                                .height_in = w->in[1],
                                .width_in = w->in[2],
                                .channels_out = channels_out,
                                .kernel_h = w->kernel[1],
                                .kernel_w = w->kernel[2],
                                .stride_h = w->stride[1],
                                .stride_w = w->stride[2],
                                .dilation_h = w->dilation[1],
                                .dilation_w = w->dilation[2],
                                .pad_top = w->before[1],
                                .pad_left = w->before[2],
                                .pad_bottom = w->after[1],
                                .pad_right = w->after[2],
                                .groups = groups};
    return w->space < 3 && medtl_conv_shape_complete(shape) && shape->height_out == w->out[1] &&
           shape->width_out == w->out[2];
}
