/* The kernels once for each instruction set. kernels.c chooses; tests and benchmarks may ask for one. */
#ifndef MEDTL_NN_KERNELS_INTERNAL_H
#define MEDTL_NN_KERNELS_INTERNAL_H

#include "kernels.h"

/* The entries of kernels.h, less medtl_conv_. Packed weights belong to the set that packed them. */
typedef struct medtl_kernel_set {
    const char *name;
    size_t (*packed_size)(const medtl_conv_shape *shape);
    void (*pack)(const medtl_conv_shape *shape, const float *weight, float *packed);
    size_t (*tile_count)(const medtl_conv_shape *shape);
    size_t (*scratch_size)(const medtl_conv_shape *shape);
    void (*forward_tile)(const medtl_conv_shape *shape, const float *packed, const float *bias,
                         const float *residual, bool relu, const float *x, float *y, size_t tile,
                         float *scratch);
    size_t (*backward_data_packed_size)(const medtl_conv_shape *shape);
    void (*backward_data_pack)(const medtl_conv_shape *shape, const float *weight, float *packed);
    size_t (*backward_data_tile_count)(const medtl_conv_shape *shape);
    size_t (*backward_data_scratch_size)(const medtl_conv_shape *shape);
    void (*backward_data_tile)(const medtl_conv_shape *shape, const float *packed, const float *dy,
                               float *dx, size_t tile, float *scratch);
    size_t (*backward_weight_tile_count)(const medtl_conv_shape *shape);
    size_t (*backward_weight_scratch_size)(const medtl_conv_shape *shape);
    void (*backward_weight_tile)(const medtl_conv_shape *shape, size_t count, const float *x,
                                 size_t x_stride, const float *dy, size_t dy_stride, float *dw,
                                 size_t tile, float *scratch);
    double (*peak_products)(size_t rounds);
} medtl_kernel_set;

/* The sets that this processor can run, the best first. @return NULL past the last. Thread-safe. */
const medtl_kernel_set *medtl_kernel_set_supported(size_t index);

extern const medtl_kernel_set medtl_kernels_portable, medtl_kernels_avx2, medtl_kernels_avx512;

#endif
