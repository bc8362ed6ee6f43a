/* The references are the truth for every other kernel test, so they are held against sums worked by hand
 * and against finite differences. */
#include "convolution_cases.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>

/* 3x3 input, 2x2 kernel, pad 1 on the top and left only, stride 2: four windows, worked by hand. */
Test(convolution_reference, agrees_with_an_example_worked_by_hand)
{
    medtl_conv_shape s = {1, 3, 3, 1, 0, 0, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 1};
    const float x[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, w[4] = {1, 10, 100, 1000}, b[1] = {0.5f};
    const float dy[4] = {1, 2, 3, 4};
    /* windows: (. . / . 1) (. . / 2 3) (. 4 / . 7) (5 6 / 8 9) */
    const float y_expected[4] = {1000.5f, 3200.5f, 7040.5f, 9865.5f};
    const float dx_expected[9] = {1000, 200, 2000, 30, 4, 40, 3000, 400, 4000};
    /* w[0]: 5*4; w[1]: 4*3 + 6*4; w[2]: 2*2 + 8*4; w[3]: 1*1 + 3*2 + 7*3 + 9*4 */
    const float dw_expected[4] = {20, 36, 36, 64};
    float y[4], dx[9], dw[4] = {0};

    cr_assert(medtl_conv_shape_complete(&s));
    cr_assert_eq(s.height_out, 2);
    cr_assert_eq(s.width_out, 2);
    medtl_conv_forward_reference(&s, w, b, x, y);
    medtl_conv_backward_data_reference(&s, w, dy, dx);
    medtl_conv_backward_weight_reference(&s, x, dy, dw);
    cr_expect_arr_eq(y, y_expected, sizeof y);
    cr_expect_arr_eq(dx, dx_expected, sizeof dx);
    cr_expect_arr_eq(dw, dw_expected, sizeof dw);
}

Test(convolution_reference, keeps_groups_apart)
{
    medtl_conv_shape s = {4, 1, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 2};
    const float x[4] = {1, 2, 3, 4}, w[4] = {1, 10, 100, 1000}, dy[2] = {5, 7};
    const float y_expected[2] = {21, 4300}, dx_expected[4] = {5, 50, 700, 7000};
    const float dw_expected[4] = {5, 10, 21, 28};
    float y[2], dx[4], dw[4] = {0};

    cr_assert(medtl_conv_shape_complete(&s));
    medtl_conv_forward_reference(&s, w, NULL, x, y);
    medtl_conv_backward_data_reference(&s, w, dy, dx);
    medtl_conv_backward_weight_reference(&s, x, dy, dw);
    cr_expect_arr_eq(y, y_expected, sizeof y);
    cr_expect_arr_eq(dx, dx_expected, sizeof dx);
    cr_expect_arr_eq(dw, dw_expected, sizeof dw);
}

/* Small whole numbers: every sum below is exact in float, so the comparison is too. */
static float *whole_numbers(size_t count, unsigned seed)
{
    float *values = malloc(count * sizeof *values);

    cr_assert_not_null(values);
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)((int)(seed >> 24) % 9 - 4);
    }
    return values;
}

static double loss(const medtl_conv_shape *s, const float *w, const float *x, const float *dy,
                   float *y)
{
    double sum = 0.0;

    medtl_conv_forward_reference(s, w, NULL, x, y);
    for (size_t i = 0; i < s->channels_out * s->height_out * s->width_out; i++)
        sum += (double)dy[i] * y[i];
    return sum;
}

/* The loss is linear in each value, so a central difference with step 1 is its derivative exactly. */
static double difference(const medtl_conv_shape *s, float *value, const float *w, const float *x,
                         const float *dy, float *y)
{
    const float kept = *value;
    double above, below;

    *value = kept + 1.0f;
    above = loss(s, w, x, dy, y);
    *value = kept - 1.0f;
    below = loss(s, w, x, dy, y);
    *value = kept;
    return (above - below) / 2.0;
}

ParameterizedTestParameters(convolution_reference,
                            gradients_are_the_finite_differences_of_the_forward_pass)
{
    return cr_make_param_array(medtl_conv_shape, convolution_cases, CONVOLUTION_CASE_COUNT);
}

ParameterizedTest(medtl_conv_shape *parameter, convolution_reference,
                  gradients_are_the_finite_differences_of_the_forward_pass)
{
    medtl_conv_shape s = *parameter;
    size_t x_size, w_size, y_size;
    float *x, *w, *dy, *y, *dx, *dw;

    cr_assert(medtl_conv_shape_complete(&s));
    x_size = s.channels_in * s.height_in * s.width_in;
    w_size = s.channels_out * (s.channels_in / s.groups) * s.kernel_h * s.kernel_w;
    y_size = s.channels_out * s.height_out * s.width_out;
    x = whole_numbers(x_size, 1);
    w = whole_numbers(w_size, 2);
    dy = whole_numbers(y_size, 3);
    y = malloc(y_size * sizeof *y);
    dx = malloc(x_size * sizeof *dx);
    dw = calloc(w_size, sizeof *dw);
    medtl_conv_backward_data_reference(&s, w, dy, dx);
    medtl_conv_backward_weight_reference(&s, x, dy, dw);

    for (size_t i = 0; i < 12;
         i++) { /* spread over the whole array; the first and the last are among them */
        const size_t xi = i * (x_size - 1) / 11, wi = i * (w_size - 1) / 11;

        cr_expect_eq(dx[xi], (float)difference(&s, &x[xi], w, x, dy, y), "dx[%zu]", xi);
        cr_expect_eq(dw[wi], (float)difference(&s, &w[wi], w, x, dy, y), "dw[%zu]", wi);
    }
    free(x);
    free(w);
    free(dy);
    free(y);
    free(dx);
    free(dw);
}
