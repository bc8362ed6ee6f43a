/* The entries of one instruction set. A source file that is compiled for it defines KERNEL_SET and
 * KERNEL_SET_NAME and includes this. */
#include "kernels_internal.h"
#include "kernels_pass.h"
#include "kernels_weight.h"
#include "kernels_weight_narrow.h"

static medtl_conv_plan forward_plan(const medtl_conv_shape *shape)
{
    medtl_conv_plan plan;

    medtl_conv_plan_forward(shape, &kernel_width, &plan);
    return plan;
}

static medtl_conv_plan data_plan(const medtl_conv_shape *shape)
{
    medtl_conv_plan plan;

    medtl_conv_plan_data(shape, &kernel_width, &plan);
    return plan;
}

static medtl_conv_weight_plan weight_plan(const medtl_conv_shape *shape)
{
    medtl_conv_weight_plan plan;

    medtl_conv_plan_weight(shape, &kernel_width, &plan);
    return plan;
}

static size_t forward_packed_size(const medtl_conv_shape *shape)
{
    const medtl_conv_plan plan = forward_plan(shape);

    return packed_size(&plan);
}

static void forward_pack(const medtl_conv_shape *shape, const float *weight, float *packed)
{
    const medtl_conv_plan plan = forward_plan(shape);

    pack(&plan, weight, packed);
}

static size_t forward_tile_count(const medtl_conv_shape *shape)
{
    const medtl_conv_plan plan = forward_plan(shape);

    return tile_count(&plan);
}

static size_t forward_scratch_size(const medtl_conv_shape *shape)
{
    return forward_plan(shape).scratch_size;
}

static void forward_tile(const medtl_conv_shape *shape, const float *packed, const float *bias,
                         const float *residual, bool relu, const float *x, float *y, size_t tile,
                         float *scratch)
{
    const medtl_conv_plan plan = forward_plan(shape);
    const finish f = {bias, residual, relu, y};

    run_tile(&plan, packed, x, &f, tile, scratch);
}

static size_t data_packed_size(const medtl_conv_shape *shape)
{
    const medtl_conv_plan plan = data_plan(shape);

    return packed_size(&plan);
}

static void data_pack(const medtl_conv_shape *shape, const float *weight, float *packed)
{
    const medtl_conv_plan plan = data_plan(shape);

    pack(&plan, weight, packed);
}

static size_t data_tile_count(const medtl_conv_shape *shape)
{
    const medtl_conv_plan plan = data_plan(shape);

    return tile_count(&plan);
}

static size_t data_scratch_size(const medtl_conv_shape *shape)
{
    return data_plan(shape).scratch_size;
}

static void data_tile(const medtl_conv_shape *shape, const float *packed, const float *dy,
                      float *dx, size_t tile, float *scratch)
{
    const medtl_conv_plan plan = data_plan(shape);
    const finish f = {NULL, NULL, false, dx};

    run_tile(&plan, packed, dy, &f, tile, scratch);
}

static size_t weight_tile_count(const medtl_conv_shape *shape)
{
    const medtl_conv_weight_plan plan = weight_plan(shape);

    return plan.narrow ? plan.group_blocks
                       : plan.group_blocks * plan.column_blocks * plan.channel_blocks;
}

static size_t weight_scratch_size(const medtl_conv_shape *shape)
{
    return weight_plan(shape).scratch_size;
}

static void weight_gradient_tile(const medtl_conv_shape *shape, size_t count, const float *x,
                                 size_t x_stride, const float *dy, size_t dy_stride, float *dw,
                                 size_t tile, float *scratch)
{
    const medtl_conv_weight_plan plan = weight_plan(shape);

    if (plan.narrow)
        run_narrow_tile(&plan, count, x, x_stride, dy, dy_stride, dw, tile, scratch);
    else
        run_weight_tile(&plan, count, x, x_stride, dy, dy_stride, dw, tile, scratch);
}

/* For benchmarks: multiply-adds done in `rounds` rounds of nothing but multiply-adds. They begin with values that the
 * compiler does not know: one that did, 1, is a fixed point, and was left out. */
static double peak_products(size_t rounds)
{
    enum { CHAINS = 12 };
    vec sums[CHAINS], total = {0};
    const vec factor = vec_splat(0.999999f), term = vec_splat(1e-6f);

    UNROLL
    for (int i = 0; i < CHAINS; i++)
        sums[i] = vec_splat((float)(rounds + (size_t)i));
    for (size_t n = 0; n < rounds; n++)
        UNROLL
    for (int i = 0; i < CHAINS; i++)
        sums[i] = sums[i] * factor + term;
    UNROLL
    for (int i = 0; i < CHAINS; i++)
        total += sums[i];
    return vec_sum(total) > 0.0f ? (double)rounds * CHAINS * VECTOR : 0.0;
}

const medtl_kernel_set KERNEL_SET = {
    .name = KERNEL_SET_NAME,
    .packed_size = forward_packed_size,
    .pack = forward_pack,
    .tile_count = forward_tile_count,
    .scratch_size = forward_scratch_size,
    .forward_tile = forward_tile,
    .backward_data_packed_size = data_packed_size,
    .backward_data_pack = data_pack,
    .backward_data_tile_count = data_tile_count,
    .backward_data_scratch_size = data_scratch_size,
    .backward_data_tile = data_tile,
    .backward_weight_tile_count = weight_tile_count,
    .backward_weight_scratch_size = weight_scratch_size,
    .backward_weight_tile = weight_gradient_tile,
    .peak_products = peak_products,
};
