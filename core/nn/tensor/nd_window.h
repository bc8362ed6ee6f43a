/* Sliding windows over up to three spatial dimensions, as convolutions and pooling have them: kernel, strides,
 * dilations and pads from the attributes, sizes of the output. Missing dimensions are leading ones of size one. */
#ifndef MEDTL_ND_WINDOW_H
#define MEDTL_ND_WINDOW_H

#include "nd_op.h"

#include "core/nn/kernels.h"

enum { MEDTL_ND_SPACE = 3 };

typedef struct medtl_nd_window {
    size_t space; /* spatial dimensions of the file, 1 to 3 */
    size_t in[MEDTL_ND_SPACE], out[MEDTL_ND_SPACE], kernel[MEDTL_ND_SPACE], stride[MEDTL_ND_SPACE],
        dilation[MEDTL_ND_SPACE], before[MEDTL_ND_SPACE], after[MEDTL_ND_SPACE];
} medtl_nd_window;

/** @param kernel  Of a weight, `space` sizes; NULL: of the attribute kernel_shape.
 *  Leaves `out` zero; the functions below set it. */
medtl_status medtl_nd_window_read(const medtl_nd_infer *c, const size_t *kernel,
                                  medtl_nd_window *window);

/** Sizes of what the window gives (auto_pad is resolved, and ceil_mode honoured). */
medtl_status medtl_nd_window_slide(const medtl_nd_infer *c, medtl_nd_window *window);

/** The convolution from the window's `in` to its `out`, as the kernels describe it.
 *  @return whether they can run it: at most two dimensions, and the same sizes of the output. */
bool medtl_nd_window_conv(const medtl_nd_window *w, size_t channels_in, size_t channels_out,
                          size_t groups, medtl_conv_shape *shape);

static inline size_t medtl_nd_window_volume(const size_t *size)
{
    return size[0] * size[1] * size[2];
}

/** The part of the kernel [*first, *end) that lies inside the input, at output position `at` of dimension `d`. */
void medtl_nd_window_inside(const medtl_nd_window *w, size_t d, size_t at, size_t *first,
                            size_t *end);

#endif
