/* What backward of a depthwise convolution does once the kernels have walked: adding up. */
#include "depthwise_training.h"

#include "conv_parts.h"

/* Of one block of one image: each tap's, then the bias's. */
static size_t sums_of_block(const medtl_conv_shape *s)
{
    return (s->kernel_h * s->kernel_w + 1) * MEDTL_BLOCK;
}

static size_t blocks_of(const medtl_conv_shape *s) { return s->channels_in / MEDTL_BLOCK; }

size_t medtl_depthwise_sums_size(const medtl_conv_shape *shape, size_t count)
{
    return count * blocks_of(shape) * sums_of_block(shape);
}

bool medtl_depthwise_is_small(const medtl_conv_shape *shape)
{
    return shape->kernel_h == 3 && shape->kernel_w == 3 && shape->dilation_h == 1 &&
           shape->dilation_w == 1 && shape->stride_h <= 2 && shape->stride_w == shape->stride_h;
}

/* Four rows of dy and one of zeros, each with two pixels more at either end. */
size_t medtl_depthwise_scratch_size(const medtl_conv_shape *shape)
{
    return medtl_depthwise_is_small(shape) ? 5 * (shape->width_out + 4) * MEDTL_BLOCK : 0;
}

size_t medtl_depthwise_items(const medtl_conv_shape *shape, size_t stage, size_t count)
{
    return stage == 0 ? count * blocks_of(shape) : blocks_of(shape);
}

/* One block's sums over all images, in their order. */
static void add_up(const medtl_conv_shape *s, const medtl_depthwise_call *call, size_t block)
{
    const size_t taps = s->kernel_h * s->kernel_w, size = sums_of_block(s);

    for (size_t tap = 0; tap <= taps; tap++)
        for (size_t i = 0; i < MEDTL_BLOCK; i++) {
            const size_t channel = block * MEDTL_BLOCK + i;
            double sum = 0.0;

            for (size_t n = 0; n < call->count; n++)
                sum +=
                    (double)call->sums[(n * blocks_of(s) + block) * size + tap * MEDTL_BLOCK + i];
            if (tap < taps)
                call->dw[channel * taps + tap] = (float)sum;
            else if (call->bias != NULL)
                call->bias[channel] = (float)sum;
        }
}

void medtl_depthwise_run(const medtl_conv_shape *shape, const medtl_depthwise_call *call,
                         size_t stage, size_t item)
{
    if (stage > 0)
        add_up(shape, call, item);
    else
        medtl_blocked_kernels_get()->depthwise(shape, call, item,
                                               call->sums + item * sums_of_block(shape));
}
