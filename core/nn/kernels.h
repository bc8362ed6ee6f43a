/* The arithmetic of the core on plain float arrays, NCHW, w fastest. Every fast path has a naive
 * reference (kernels_reference.c) that it is tested against. The instruction set is chosen once at
 * run time (AVX-512, AVX2+FMA, portable vectors). All are pure functions of their arguments: results do
 * not depend on thread counts, because work is cut into tiles whose number follows from the shape. */
#ifndef MEDTL_NN_KERNELS_H
#define MEDTL_NN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

/** A 2-D convolution of one image: y[k][oh][ow] = b[k] + sum w[k][c/groups][kh][kw] * x[c][..][..]
 *  (cross-correlation, as PyTorch's Conv2d). */
typedef struct medtl_conv_shape {
    size_t channels_in, height_in, width_in;
    size_t channels_out, height_out, width_out;
    size_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    size_t pad_top, pad_left, pad_bottom, pad_right;
    size_t groups;
} medtl_conv_shape;

/** Fills height_out and width_out. @return false if the shape is impossible (zero, overflow, groups). */
bool medtl_conv_shape_complete(medtl_conv_shape *shape);

/** Floats of the packed weights, and packing them (from [out][in/groups][kh][kw]). */
size_t medtl_conv_packed_size(const medtl_conv_shape *shape);
void medtl_conv_pack(const medtl_conv_shape *shape, const float *weight, float *packed);

/** Forward, cut into tiles that may run on different threads. `scratch` holds
 *  medtl_conv_scratch_size() floats a thread, 64-byte aligned.
 *  bias, residual (same shape as y) may be NULL; relu is applied last. */
size_t medtl_conv_tile_count(const medtl_conv_shape *shape);
size_t medtl_conv_scratch_size(const medtl_conv_shape *shape);
void medtl_conv_forward_tile(const medtl_conv_shape *shape, const float *packed, const float *bias,
                             const float *residual, bool relu, const float *x, float *y,
                             size_t tile, float *scratch);

/** dx = data gradient of one image (overwritten). Tiles as above, with their own count and scratch. */
size_t medtl_conv_backward_data_packed_size(const medtl_conv_shape *shape);
void medtl_conv_backward_data_pack(const medtl_conv_shape *shape, const float *weight,
                                   float *packed);
size_t medtl_conv_backward_data_tile_count(const medtl_conv_shape *shape);
size_t medtl_conv_backward_data_scratch_size(const medtl_conv_shape *shape);
void medtl_conv_backward_data_tile(const medtl_conv_shape *shape, const float *packed,
                                   const float *dy, float *dx, size_t tile, float *scratch);

/** dw[out][in/groups][kh][kw] += sum over `count` images of the weight gradient. Each tile owns a part
 *  of dw and walks the images in order, so the sum does not depend on threads.
 *  x_stride, dy_stride: floats from one image to the next. */
size_t medtl_conv_backward_weight_tile_count(const medtl_conv_shape *shape);
size_t medtl_conv_backward_weight_scratch_size(const medtl_conv_shape *shape);
void medtl_conv_backward_weight_tile(const medtl_conv_shape *shape, size_t count, const float *x,
                                     size_t x_stride, const float *dy, size_t dy_stride, float *dw,
                                     size_t tile, float *scratch);

/** The naive loops, in double: the truth for tests. */
void medtl_conv_forward_reference(const medtl_conv_shape *shape, const float *weight,
                                  const float *bias, const float *x, float *y);
void medtl_conv_backward_data_reference(const medtl_conv_shape *shape, const float *weight,
                                        const float *dy, float *dx);
void medtl_conv_backward_weight_reference(const medtl_conv_shape *shape, const float *x,
                                          const float *dy, float *dw);

/** The name of the instruction set in use: "avx512", "avx2", "portable". */
const char *medtl_kernels_name(void);

/** Use this instruction set instead of the best that the processor has; NULL: the best again. For benchmarks and tests
 *  only, never for a host: it holds for the whole process and is not thread-safe. Only before networks, models and
 *  passes are made, since packed weights belong to the set that packed them.
 *  @return false, and nothing changed, for a name that is none or a set that the processor lacks. */
bool medtl_kernels_force(const char *name);

/** The name that was forced, or NULL. Everything that chooses by instruction set asks here. */
const char *medtl_kernels_forced(void);

#endif
