/* Every fast convolution, in every instruction set of this processor, against the naive loops in double. */
#include "convolution_cases.h"
#include "core/nn/kernels_internal.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Relative root mean square error that float sums of these lengths (up to 3,000 products) may show. */
#define ERROR_BOUND 2e-6

static float *floats(size_t count)
{
    float *values = aligned_alloc(64, (count * sizeof *values + 63) / 64 * 64 + 64);

    cr_assert_not_null(values);
    return values;
}

/* Values in [-1, 1). */
static float *noise(size_t count, uint32_t seed)
{
    float *values = floats(count);

    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
    return values;
}

static double relative_error(const float *got, const float *expected, size_t count)
{
    double error = 0.0, power = 0.0;

    for (size_t i = 0; i < count; i++) {
        const double difference = (double)got[i] - expected[i];

        error += difference * difference;
        power += (double)expected[i] * expected[i];
    }
    return power > 0.0 ? sqrt(error / power) : sqrt(error);
}

static size_t x_size(const medtl_conv_shape *s)
{
    return s->channels_in * s->height_in * s->width_in;
}
static size_t y_size(const medtl_conv_shape *s)
{
    return s->channels_out * s->height_out * s->width_out;
}
static size_t w_size(const medtl_conv_shape *s)
{
    return s->channels_out * (s->channels_in / s->groups) * s->kernel_h * s->kernel_w;
}

static void forward(const medtl_kernel_set *set, const medtl_conv_shape *s, const float *w,
                    const float *bias, const float *residual, bool relu, const float *x, float *y)
{
    float *packed = floats(set->packed_size(s)), *scratch = floats(set->scratch_size(s));

    set->pack(s, w, packed);
    memset(y, 0xff, y_size(s) * sizeof *y); /* NaN: every output must be written */
    for (size_t tile = set->tile_count(s); tile-- > 0;)
        set->forward_tile(s, packed, bias, residual, relu, x, y, tile, scratch);
    free(packed);
    free(scratch);
}

#define EACH_SET(set, index)                                                                       \
    (const medtl_kernel_set *set = medtl_kernel_set_supported(0); set != NULL;                     \
     set = medtl_kernel_set_supported(++index))

ParameterizedTestParameters(convolution, forward_agrees_with_the_naive_loops)
{
    return cr_make_param_array(medtl_conv_shape, convolution_cases, CONVOLUTION_CASE_COUNT);
}

ParameterizedTest(medtl_conv_shape *parameter, convolution, forward_agrees_with_the_naive_loops)
{
    medtl_conv_shape s = *parameter;
    float *x, *w, *b, *y, *plain, *fused, *residual;
    size_t index = 0;

    cr_assert(medtl_conv_shape_complete(&s));
    x = noise(x_size(&s), 1);
    w = noise(w_size(&s), 2);
    b = noise(s.channels_out, 3);
    residual = noise(y_size(&s), 4);
    y = floats(y_size(&s));
    plain = floats(y_size(&s));
    fused = floats(y_size(&s));
    medtl_conv_forward_reference(&s, w, NULL, x, plain);
    medtl_conv_forward_reference(&s, w, b, x, fused);
    for (size_t i = 0; i < y_size(&s); i++)
        fused[i] = fmaxf(fused[i] + residual[i], 0.0f);

    for
        EACH_SET(set, index)
        {
            forward(set, &s, w, NULL, NULL, false, x, y);
            cr_expect_lt(relative_error(y, plain, y_size(&s)), ERROR_BOUND, "%s", set->name);
            forward(set, &s, w, b, residual, true, x, y);
            cr_expect_lt(relative_error(y, fused, y_size(&s)), ERROR_BOUND, "%s, fused", set->name);
        }
    free(x);
    free(w);
    free(b);
    free(y);
    free(plain);
    free(fused);
    free(residual);
}

static void backward_data(const medtl_kernel_set *set, const medtl_conv_shape *s, const float *w,
                          const float *dy, float *dx)
{
    float *packed = floats(set->backward_data_packed_size(s));
    float *scratch = floats(set->backward_data_scratch_size(s));

    set->backward_data_pack(s, w, packed);
    memset(dx, 0xff, x_size(s) * sizeof *dx);
    for (size_t tile = set->backward_data_tile_count(s); tile-- > 0;) {
        memset(scratch, 0xff, set->backward_data_scratch_size(s) * sizeof *scratch); /* NaN */
        set->backward_data_tile(s, packed, dy, dx, tile, scratch);
    }
    free(packed);
    free(scratch);
}

ParameterizedTestParameters(convolution, data_gradient_agrees_with_the_naive_loops)
{
    return cr_make_param_array(medtl_conv_shape, convolution_cases, CONVOLUTION_CASE_COUNT);
}

ParameterizedTest(medtl_conv_shape *parameter, convolution,
                  data_gradient_agrees_with_the_naive_loops)
{
    medtl_conv_shape s = *parameter;
    float *dy, *w, *dx, *expected;
    size_t index = 0;

    cr_assert(medtl_conv_shape_complete(&s));
    dy = noise(y_size(&s), 1);
    w = noise(w_size(&s), 2);
    dx = floats(x_size(&s));
    expected = floats(x_size(&s));
    medtl_conv_backward_data_reference(&s, w, dy, expected);

    for
        EACH_SET(set, index)
        {
            backward_data(set, &s, w, dy, dx);
            cr_expect_lt(relative_error(dx, expected, x_size(&s)), ERROR_BOUND, "%s", set->name);
        }
    free(dy);
    free(w);
    free(dx);
    free(expected);
}

enum { IMAGES = 3, GAP = 5 }; /* images need not be contiguous */

static void backward_weight(const medtl_kernel_set *set, const medtl_conv_shape *s, const float *x,
                            const float *dy, float *dw)
{
    float *scratch = floats(set->backward_weight_scratch_size(s));

    for (size_t tile = set->backward_weight_tile_count(s); tile-- > 0;) {
        memset(scratch, 0xff, set->backward_weight_scratch_size(s) * sizeof *scratch);
        set->backward_weight_tile(s, IMAGES, x, x_size(s) + GAP, dy, y_size(s) + GAP, dw, tile,
                                  scratch);
    }
    free(scratch);
}

ParameterizedTestParameters(convolution, weight_gradient_adds_over_images_as_the_naive_loops_do)
{
    return cr_make_param_array(medtl_conv_shape, convolution_cases, CONVOLUTION_CASE_COUNT);
}

ParameterizedTest(medtl_conv_shape *parameter, convolution,
                  weight_gradient_adds_over_images_as_the_naive_loops_do)
{
    medtl_conv_shape s = *parameter;
    float *dy, *x, *dw, *expected;
    size_t index = 0;

    cr_assert(medtl_conv_shape_complete(&s));
    x = noise(IMAGES * (x_size(&s) + GAP), 1);
    dy = noise(IMAGES * (y_size(&s) + GAP), 2);
    expected = noise(w_size(&s), 3); /* added to, not overwritten */
    for (size_t n = 0; n < IMAGES; n++)
        medtl_conv_backward_weight_reference(&s, x + n * (x_size(&s) + GAP),
                                             dy + n * (y_size(&s) + GAP), expected);

    for
        EACH_SET(set, index)
        {
            dw = noise(w_size(&s), 3);
            backward_weight(set, &s, x, dy, dw);
            cr_expect_lt(relative_error(dw, expected, w_size(&s)), ERROR_BOUND, "%s", set->name);
            free(dw);
        }
    free(dy);
    free(x);
    free(expected);
}

/* Whatever thread runs a tile, when, and whatever it did before: the same bits. */
static void run_tiles_backwards_and_dirty(const medtl_kernel_set *set, const medtl_conv_shape *s,
                                          const float *packed, const float *x, float *y)
{
    const size_t count = set->scratch_size(s);
    float *scratch = floats(count);

    for (size_t tile = set->tile_count(s); tile-- > 0;) {
        memset(scratch, 0xff, count * sizeof *scratch); /* NaN */
        set->forward_tile(s, packed, NULL, NULL, false, x, y, tile, scratch);
    }
    free(scratch);
}

static void run_tiles_forwards_and_clean(const medtl_kernel_set *set, const medtl_conv_shape *s,
                                         const float *packed, const float *x, float *y)
{
    const size_t count = set->scratch_size(s);
    float *scratch = floats(count);

    memset(scratch, 0, count * sizeof *scratch);
    for (size_t tile = 0; tile < set->tile_count(s); tile++)
        set->forward_tile(s, packed, NULL, NULL, false, x, y, tile, scratch);
    free(scratch);
}

ParameterizedTestParameters(convolution, bits_depend_neither_on_the_order_of_tiles_nor_on_scratch)
{
    return cr_make_param_array(medtl_conv_shape, convolution_cases, CONVOLUTION_CASE_COUNT);
}

ParameterizedTest(medtl_conv_shape *parameter, convolution,
                  bits_depend_neither_on_the_order_of_tiles_nor_on_scratch)
{
    medtl_conv_shape s = *parameter;
    float *x, *w, *first, *second;
    size_t index = 0;

    cr_assert(medtl_conv_shape_complete(&s));
    x = noise(x_size(&s), 1);
    w = noise(w_size(&s), 2);
    first = floats(y_size(&s));
    second = floats(y_size(&s));
    for
        EACH_SET(set, index)
        {
            float *packed = floats(set->packed_size(&s));

            set->pack(&s, w, packed);
            run_tiles_forwards_and_clean(set, &s, packed, x, first);
            run_tiles_backwards_and_dirty(set, &s, packed, x, second);
            cr_expect_arr_eq(first, second, y_size(&s) * sizeof *first, "%s", set->name);
            free(packed);
        }
    free(x);
    free(w);
    free(first);
    free(second);
}

/* A diverging training must not be hidden by the rectifier. */
Test(convolution, relu_lets_nan_through)
{
    medtl_conv_shape s = {1, 4, 4, 1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1};
    float x[16] = {0}, w[1] = {1.0f}, y[16];
    size_t index = 0;

    cr_assert(medtl_conv_shape_complete(&s));
    x[5] = NAN;
    x[6] = -1.0f;
    for
        EACH_SET(set, index)
        {
            forward(set, &s, w, NULL, NULL, true, x, y);
            cr_expect(isnan(y[5]), "%s", set->name);
            cr_expect_eq(y[6], 0.0f, "%s", set->name);
        }
}
