/* Every fast convolution against the naive loops in double. */
#include "convolution_cases.h"

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

static size_t x_size(const medtl_conv_shape *s) { return s->channels_in * s->height_in * s->width_in; }
static size_t y_size(const medtl_conv_shape *s) { return s->channels_out * s->height_out * s->width_out; }
static size_t w_size(const medtl_conv_shape *s)
{
    return s->channels_out * (s->channels_in / s->groups) * s->kernel_h * s->kernel_w;
}

static void forward(const medtl_conv_shape *s, const float *w, const float *bias, const float *residual,
                    bool relu, const float *x, float *y)
{
    float *packed = floats(medtl_conv_packed_size(s)), *scratch = floats(medtl_conv_scratch_size(s));

    medtl_conv_pack(s, w, packed);
    memset(y, 0xff, y_size(s) * sizeof *y); /* NaN: every output must be written */
    for (size_t tile = medtl_conv_tile_count(s); tile-- > 0;)
        medtl_conv_forward_tile(s, packed, bias, residual, relu, x, y, tile, scratch);
    free(packed);
    free(scratch);
}

ParameterizedTestParameters(convolution, forward_agrees_with_the_naive_loops)
{
    return cr_make_param_array(medtl_conv_shape, convolution_cases, CONVOLUTION_CASE_COUNT);
}

ParameterizedTest(medtl_conv_shape *parameter, convolution, forward_agrees_with_the_naive_loops)
{
    medtl_conv_shape s = *parameter;
    float *x, *w, *b, *y, *expected, *residual;

    cr_assert(medtl_conv_shape_complete(&s));
    x = noise(x_size(&s), 1);
    w = noise(w_size(&s), 2);
    b = noise(s.channels_out, 3);
    residual = noise(y_size(&s), 4);
    y = floats(y_size(&s));
    expected = floats(y_size(&s));

    medtl_conv_forward_reference(&s, w, NULL, x, expected);
    forward(&s, w, NULL, NULL, false, x, y);
    cr_expect_lt(relative_error(y, expected, y_size(&s)), ERROR_BOUND);

    medtl_conv_forward_reference(&s, w, b, x, expected);
    for (size_t i = 0; i < y_size(&s); i++)
        expected[i] = fmaxf(expected[i] + residual[i], 0.0f);
    forward(&s, w, b, residual, true, x, y);
    cr_expect_lt(relative_error(y, expected, y_size(&s)), ERROR_BOUND);
    free(x);
    free(w);
    free(b);
    free(y);
    free(expected);
    free(residual);
}

ParameterizedTestParameters(convolution, data_gradient_agrees_with_the_naive_loops)
{
    return cr_make_param_array(medtl_conv_shape, convolution_cases, CONVOLUTION_CASE_COUNT);
}

ParameterizedTest(medtl_conv_shape *parameter, convolution, data_gradient_agrees_with_the_naive_loops)
{
    medtl_conv_shape s = *parameter;
    float *dy, *w, *dx, *expected, *packed, *scratch;

    cr_assert(medtl_conv_shape_complete(&s));
    dy = noise(y_size(&s), 1);
    w = noise(w_size(&s), 2);
    dx = floats(x_size(&s));
    expected = floats(x_size(&s));
    packed = floats(medtl_conv_backward_data_packed_size(&s));
    scratch = floats(medtl_conv_backward_data_scratch_size(&s));

    medtl_conv_backward_data_reference(&s, w, dy, expected);
    medtl_conv_backward_data_pack(&s, w, packed);
    memset(dx, 0xff, x_size(&s) * sizeof *dx);
    for (size_t tile = medtl_conv_backward_data_tile_count(&s); tile-- > 0;)
        medtl_conv_backward_data_tile(&s, packed, dy, dx, tile, scratch);
    cr_expect_lt(relative_error(dx, expected, x_size(&s)), ERROR_BOUND);
    free(dy);
    free(w);
    free(dx);
    free(expected);
    free(packed);
    free(scratch);
}

ParameterizedTestParameters(convolution, weight_gradient_adds_over_images_as_the_naive_loops_do)
{
    return cr_make_param_array(medtl_conv_shape, convolution_cases, CONVOLUTION_CASE_COUNT);
}

ParameterizedTest(medtl_conv_shape *parameter, convolution, weight_gradient_adds_over_images_as_the_naive_loops_do)
{
    enum { IMAGES = 3, GAP = 5 }; /* images need not be contiguous */
    medtl_conv_shape s = *parameter;
    float *dy, *x, *dw, *expected, *scratch;

    cr_assert(medtl_conv_shape_complete(&s));
    x = noise(IMAGES * (x_size(&s) + GAP), 1);
    dy = noise(IMAGES * (y_size(&s) + GAP), 2);
    dw = noise(w_size(&s), 3);
    expected = noise(w_size(&s), 3); /* added to, not overwritten */
    scratch = floats(medtl_conv_backward_weight_scratch_size(&s));

    for (size_t n = 0; n < IMAGES; n++)
        medtl_conv_backward_weight_reference(&s, x + n * (x_size(&s) + GAP), dy + n * (y_size(&s) + GAP),
                                             expected);
    for (size_t tile = medtl_conv_backward_weight_tile_count(&s); tile-- > 0;)
        medtl_conv_backward_weight_tile(&s, IMAGES, x, x_size(&s) + GAP, dy, y_size(&s) + GAP, dw, tile,
                                        scratch);
    cr_expect_lt(relative_error(dw, expected, w_size(&s)), ERROR_BOUND);
    free(dy);
    free(x);
    free(dw);
    free(expected);
    free(scratch);
}
