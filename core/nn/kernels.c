/* Chooses the instruction set and passes every call on to it. */
#include "kernels_internal.h"

#include <string.h>

#if defined(MEDTL_KERNELS_X86)
/* What the processor answered before main began: pure, and safe from any thread. */
static bool supports_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("fma");
}

static bool supports_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

const medtl_kernel_set *medtl_kernel_set_supported(size_t index)
{
    const medtl_kernel_set *sets[3];
    size_t count = 0;

#if defined(MEDTL_KERNELS_X86)
    if (supports_avx512())
        sets[count++] = &medtl_kernels_avx512;
    if (supports_avx2())
        sets[count++] = &medtl_kernels_avx2;
#endif
    sets[count++] = &medtl_kernels_portable;
    return index < count ? sets[index] : NULL;
}

static const medtl_kernel_set *forced;

bool medtl_kernels_force(const char *name)
{
    const medtl_kernel_set *set = NULL;

    if (name != NULL) {
        for (size_t i = 0; (set = medtl_kernel_set_supported(i)) != NULL; i++)
            if (strcmp(set->name, name) == 0)
                break;
        if (set == NULL)
            return false;
    }
    forced = set;
    return true;
}

const char *medtl_kernels_forced(void) { return forced != NULL ? forced->name : NULL; }

static const medtl_kernel_set *best(void)
{
    return forced != NULL ? forced : medtl_kernel_set_supported(0);
}

const char *medtl_kernels_name(void) { return best()->name; }

size_t medtl_conv_packed_size(const medtl_conv_shape *shape) { return best()->packed_size(shape); }

void medtl_conv_pack(const medtl_conv_shape *shape, const float *weight, float *packed)
{
    best()->pack(shape, weight, packed);
}

size_t medtl_conv_tile_count(const medtl_conv_shape *shape) { return best()->tile_count(shape); }

size_t medtl_conv_scratch_size(const medtl_conv_shape *shape)
{
    return best()->scratch_size(shape);
}

void medtl_conv_forward_tile(const medtl_conv_shape *shape, const float *packed, const float *bias,
                             const float *residual, bool relu, const float *x, float *y,
                             size_t tile, float *scratch)
{
    best()->forward_tile(shape, packed, bias, residual, relu, x, y, tile, scratch);
}

size_t medtl_conv_backward_data_packed_size(const medtl_conv_shape *shape)
{
    return best()->backward_data_packed_size(shape);
}

void medtl_conv_backward_data_pack(const medtl_conv_shape *shape, const float *weight,
                                   float *packed)
{
    best()->backward_data_pack(shape, weight, packed);
}

size_t medtl_conv_backward_data_tile_count(const medtl_conv_shape *shape)
{
    return best()->backward_data_tile_count(shape);
}

size_t medtl_conv_backward_data_scratch_size(const medtl_conv_shape *shape)
{
    return best()->backward_data_scratch_size(shape);
}

void medtl_conv_backward_data_tile(const medtl_conv_shape *shape, const float *packed,
                                   const float *dy, float *dx, size_t tile, float *scratch)
{
    best()->backward_data_tile(shape, packed, dy, dx, tile, scratch);
}

size_t medtl_conv_backward_weight_tile_count(const medtl_conv_shape *shape)
{
    return best()->backward_weight_tile_count(shape);
}

size_t medtl_conv_backward_weight_scratch_size(const medtl_conv_shape *shape)
{
    return best()->backward_weight_scratch_size(shape);
}

void medtl_conv_backward_weight_tile(const medtl_conv_shape *shape, size_t count, const float *x,
                                     size_t x_stride, const float *dy, size_t dy_stride, float *dw,
                                     size_t tile, float *scratch)
{
    best()->backward_weight_tile(shape, count, x, x_stride, dy, dy_stride, dw, tile, scratch);
}
