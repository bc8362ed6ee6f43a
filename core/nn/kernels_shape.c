/* Which convolutions exist: the output size, and the sizes that we refuse. */
#include "kernels.h"

#include <stdint.h>

/* Products of extents stay below this, so that sizes in bytes, padded and doubled, still fit a size_t. */
#define ELEMENTS_MAX (SIZE_MAX / 1024)

static bool output_extent(size_t in, size_t pad_before, size_t pad_after, size_t kernel,
                          size_t stride, size_t dilation, size_t *out)
{
    size_t padded, reach;

    if (in == 0 || kernel == 0 || stride == 0 || dilation == 0 ||
        __builtin_add_overflow(in, pad_before, &padded) ||
        __builtin_add_overflow(padded, pad_after, &padded) ||
        __builtin_mul_overflow(kernel - 1, dilation, &reach) || reach >= padded)
        return false;
    *out = (padded - reach - 1) / stride + 1;
    return padded <= ELEMENTS_MAX && stride <= ELEMENTS_MAX;
}

static bool product_fits(size_t a, size_t b, size_t c)
{
    size_t product;

    return !__builtin_mul_overflow(a, b, &product) &&
           !__builtin_mul_overflow(product, c, &product) && product <= ELEMENTS_MAX;
}

bool medtl_conv_shape_complete(medtl_conv_shape *shape)
{
    medtl_conv_shape s = *shape;
    size_t taps;

    if (s.channels_in == 0 || s.channels_out == 0 || s.groups == 0 ||
        s.channels_in % s.groups != 0 || s.channels_out % s.groups != 0)
        return false;
    if (!output_extent(s.height_in, s.pad_top, s.pad_bottom, s.kernel_h, s.stride_h, s.dilation_h,
                       &s.height_out) ||
        !output_extent(s.width_in, s.pad_left, s.pad_right, s.kernel_w, s.stride_w, s.dilation_w,
                       &s.width_out))
        return false;
    if (__builtin_mul_overflow(s.kernel_h, s.kernel_w, &taps) ||
        !product_fits(s.channels_in, s.height_in + s.pad_top + s.pad_bottom,
                      s.width_in + s.pad_left + s.pad_right) ||
        !product_fits(s.channels_out, s.height_out, s.width_out) ||
        !product_fits(s.channels_in, s.channels_out, taps))
        return false;
    *shape = s;
    return true;
}
