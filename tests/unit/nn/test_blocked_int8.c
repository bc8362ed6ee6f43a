/* Convolutions in whole numbers on blocks: against loops over integers, exactly, by each instruction set; and against
 * sums in double, within what the division of the ranges allows. */
#include "blocked_conv_run.h"

#include "core/nn/blocked/int8.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct layer {
    size_t channels_in, channels_out, kernel, stride, pad, height, width;
    float low, high; /* of the input, whose values are in [-1, 1) */
} layer;

static const layer layers[] = {
    {16, 16, 1, 1, 0, 5, 7, -1.0f, 1.0f},   {32, 64, 1, 1, 0, 9, 13, -0.7f, 0.9f},
    {48, 96, 1, 2, 0, 9, 8, -1.0f, 1.0f},   {32, 48, 3, 1, 1, 7, 7, 0.0f, 1.0f},
    {16, 64, 3, 2, 1, 11, 20, -1.0f, 0.5f}, {32, 32, 3, 1, 0, 6, 17, -1.0f, 1.0f},
    {16, 128, 5, 1, 2, 9, 9, -1.0f, 1.0f},  {16, 32, 7, 2, 3, 15, 14, -1e-3f, 1.0f},
    {64, 16, 3, 1, 1, 30, 29, -1.0f, 0.0f}, {16, 64, 1, 1, 0, 1, 1, -1.0f, 1.0f}};
enum { LAYERS = sizeof layers / sizeof layers[0] };

static medtl_conv_shape shape_of(const layer *l)
{
    return (medtl_conv_shape){.channels_in = l->channels_in,
                              .channels_out = l->channels_out,
                              .height_in = l->height,
                              .width_in = l->width,
                              .kernel_h = l->kernel,
                              .kernel_w = l->kernel,
                              .stride_h = l->stride,
                              .stride_w = l->stride,
                              .dilation_h = 1,
                              .dilation_w = 1,
                              .pad_top = l->pad,
                              .pad_left = l->pad,
                              .pad_bottom = l->pad,
                              .pad_right = l->pad,
                              .groups = 1};
}

/* The definition, once more: int8.h. */
typedef struct whole {
    float scale;
    int zero;
    int *x;               /* the last image, plain */
    int *w;               /* PyTorch's order */
    double *weight_scale; /* of each output channel */
} whole;

static whole whole_create(const conv_data *d, const layer *l)
{
    const medtl_conv_shape *s = &d->shape;
    const size_t inputs = s->channels_in * s->height_in * s->width_in;
    const size_t row = s->channels_in * s->kernel_h * s->kernel_w;
    whole n = {.scale = (float)(((double)l->high - (double)l->low) / 255),
               .x = calloc(inputs, sizeof *n.x),
               .w = calloc(row * s->channels_out, sizeof *n.w),
               .weight_scale = calloc(s->channels_out, sizeof *n.weight_scale)};

    n.zero = (int)(-(double)l->low / (double)n.scale + 0.5);
    for (size_t i = 0; i < inputs; i++) {
        const float scaled = d->last[i] * (1.0f / n.scale);
        const int q = (int)rintf(scaled) + n.zero;

        n.x[i] = q < 0 ? 0 : q > 255 ? 255 : q;
    }
    for (size_t k = 0; k < s->channels_out; k++) {
        double largest = 0.0;

        for (size_t i = 0; i < row; i++)
            largest = fmax(largest, fabs((double)d->weight[0][k * row + i]));
        n.weight_scale[k] = largest / 127;
        for (size_t i = 0; i < row; i++)
            n.w[k * row + i] = (int)rint((double)d->weight[0][k * row + i] / n.weight_scale[k]);
    }
    return n;
}

static void whole_destroy(whole *n)
{
    free(n->x);
    free(n->w);
    free(n->weight_scale);
}

/* Sum over the kernel of (q - zero) * w; and of what rounding and cutting can do to it. */
static long sum_at(const conv_data *d, const whole *n, size_t k, size_t row, size_t column)
{
    const medtl_conv_shape *s = &d->shape;
    long sum = 0;

    for (size_t c = 0; c < s->channels_in; c++)
        for (size_t i = 0; i < s->kernel_h; i++)
            for (size_t j = 0; j < s->kernel_w; j++) {
                const size_t r = row * s->stride_h + i - s->pad_top;
                const size_t t = column * s->stride_w + j - s->pad_left;

                if (r < s->height_in && t < s->width_in)
                    sum += (long)(n->x[(c * s->height_in + r) * s->width_in + t] - n->zero) *
                           n->w[((k * s->channels_in + c) * s->kernel_h + i) * s->kernel_w + j];
            }
    return sum;
}

static float finished(const conv_data *d, float y, size_t k, float residual, int with)
{
    if (with & WITH_BIAS)
        y += d->bias[k];
    if (with & WITH_RESIDUAL)
        y += residual;
    if (with & WITH_RELU)
        y = y > 0.0f ? y : 0.0f;
    if (with & WITH_SCALE) {
        y *= d->scale[k];
        y += d->shift[k];
    }
    return y;
}

static void expect_whole(const conv_data *d, const whole *n, const float *y, int with,
                         const char *set)
{
    const medtl_conv_shape *s = &d->shape;
    const size_t pixels = s->height_out * s->width_out;
    const float *residual = d->residual + (CONV_IMAGES - 1) * d->y_stride;

    for (size_t k = 0; k < s->channels_out; k++) {
        const float factor = (float)((double)n->scale * n->weight_scale[k]);

        for (size_t i = 0; i < pixels; i++) {
            const long sum = sum_at(d, n, k, i / s->width_out, i % s->width_out);
            const size_t at = in_blocks(k, i, pixels);

            cr_assert_eq(y[at], finished(d, (float)sum * factor, k, residual[at], with),
                         "%s: channel %zu, pixel %zu", set, k, i);
        }
    }
}

static bool choose(const conv_data *d, const layer *l, medtl_blocked_conv *conv)
{
    return medtl_blocked_choose(&d->shape, NULL, 1, false, conv) &&
           medtl_blocked_force_int8(conv, l->low, l->high);
}

/* Takes set `*index` of those that this processor has, or a later one. @return NULL past the last: the best is taken
 * again. */
static const medtl_int8_kernels *next_set(size_t *index)
{
    const medtl_int8_kernels *set;

    while ((set = medtl_int8_supported((*index)++)) != NULL)
        if (medtl_kernels_force(set->floats))
            break;
    medtl_int8_force(set);
    if (set == NULL)
        medtl_kernels_force(NULL);
    return set;
}

static const int withs[] = {0, WITH_BIAS, WITH_ALL, WITH_BIAS | WITH_RELU, IN_PLACE | WITH_RELU};

Test(blocked_int8, sums_are_those_of_loops_over_integers_by_each_instruction_set)
{
    for (size_t i = 0; i < LAYERS; i++) {
        const medtl_conv_shape shape = shape_of(&layers[i]);
        conv_data d;
        whole n;

        conv_data_create(&d, &shape, NULL, 1, false);
        n = whole_create(&d, &layers[i]);
        for (size_t w = 0; w < sizeof withs / sizeof withs[0]; w++) {
            const medtl_int8_kernels *set;
            const int with = withs[w];

            for (size_t index = 0; (set = next_set(&index)) != NULL;) {
                medtl_blocked_conv conv;
                float *packed, *y;

                cr_assert(choose(&d, &layers[i], &conv));
                packed = conv_pack(&conv, &d);
                y = conv_run(&conv, &d, packed, with, CONV_IMAGES - 1, 1, 1, FIRST_TO_LAST);
                expect_whole(&d, &n, y, with & IN_PLACE ? with | WITH_RESIDUAL : with, set->name);
                guarded_free(packed);
                guarded_free(y);
            }
        }
        whole_destroy(&n);
        conv_data_destroy(&d);
    }
}

/* Half a step for each input, half a step for each weight: |error| <= sum |w| sx / 2 + (|x| + sx / 2) sw / 2. */
Test(blocked_int8, outputs_are_within_the_rounding_of_sums_in_double)
{
    for (size_t i = 0; i < LAYERS; i++) {
        const medtl_conv_shape shape = shape_of(&layers[i]);
        const layer all = {.low = -1.0f, .high = 1.0f}; /* nothing is cut */
        size_t pixels;
        conv_data d;
        medtl_blocked_conv conv;
        float *packed, *y;

        conv_data_create(&d, &shape, NULL, 1, false);
        cr_assert(choose(&d, &all, &conv));
        packed = conv_pack(&conv, &d);
        y = conv_run(&conv, &d, packed, 0, CONV_IMAGES - 1, 1, 1, FIRST_TO_LAST);
        pixels = d.shape.height_out * d.shape.width_out;
        for (size_t k = 0; k < shape.channels_out; k++) {
            const size_t row = shape.channels_in * shape.kernel_h * shape.kernel_w;
            const double sx = 2.0 / 255;
            double largest = 0.0, bound = 0.0;

            for (size_t t = 0; t < row; t++)
                largest = fmax(largest, fabs((double)d.weight[0][k * row + t]));
            for (size_t t = 0; t < row; t++) /* 1.01: an edge is not quite on a step */
                bound += fabs((double)d.weight[0][k * row + t]) * sx / 2 * 1.01 +
                         (1.0 + sx / 2) * largest / 127 / 2;
            for (size_t p = 0; p < pixels; p++)
                cr_assert_leq(
                    fabs((double)y[in_blocks(k, p, pixels)] - (double)d.sums[k * pixels + p]),
                    bound);
        }
        /* Rounding errors are independent: far below their bound together. */
        cr_assert_lt(conv_error(&d, y, 0), 0.02);
        guarded_free(packed);
        guarded_free(y);
        conv_data_destroy(&d);
    }
}

Test(blocked_int8, bits_do_not_depend_on_order_threads_or_neighbours)
{
    const medtl_conv_shape shape = shape_of(&layers[4]);
    conv_data d;
    medtl_blocked_conv conv;
    float *packed, *y, *other;

    conv_data_create(&d, &shape, NULL, 1, false);
    cr_assert(choose(&d, &layers[4], &conv));
    packed = conv_pack(&conv, &d);
    y = conv_run(&conv, &d, packed, WITH_ALL, 0, CONV_IMAGES, CONV_IMAGES, FIRST_TO_LAST);
    for (size_t at_once = 1; at_once <= CONV_IMAGES; at_once++)
        for (conv_order order = FIRST_TO_LAST; order <= TWO_THREADS; order++) {
            other = conv_run(&conv, &d, packed, WITH_ALL, 0, CONV_IMAGES, at_once, order);
            for (size_t n = 0; n < CONV_IMAGES; n++)
                cr_assert_arr_eq(y + n * d.y_stride, other + n * d.y_stride,
                                 (d.y_stride - 16) * sizeof *y);
            guarded_free(other);
        }
    guarded_free(packed);
    guarded_free(y);
    conv_data_destroy(&d);
}

Test(blocked_int8, a_norm_of_the_input_comes_before_whole_numbers)
{
    const layer l = {32, 32, 1, 1, 0, 20, 20, 0.0f, 1.5f};
    const medtl_conv_shape shape = shape_of(&l);
    conv_data d;
    medtl_blocked_conv conv;
    float *packed, *y;
    const size_t pixels = 400;

    conv_data_create(&d, &shape, NULL, 1, false);
    d.factors = guarded_floats(2 * shape.channels_in);
    for (size_t c = 0; c < 2 * shape.channels_in; c++)
        d.factors[c] = c < shape.channels_in ? 1.0f + 0.01f * (float)(c % 7) : 0.25f;
    for (size_t c = 0; c < shape.channels_in; c++)
        for (size_t i = 0; i < pixels; i++) {
            float *v = &d.last[c * pixels + i];

            *v = fmaxf(*v * d.factors[c] + d.factors[shape.channels_in + c], 0.0f);
        }
    medtl_conv_forward_reference(&d.shape, d.weight[0], NULL, d.last, d.sums);
    cr_assert(medtl_blocked_choose(&d.shape, NULL, 1, false, &conv));
    cr_assert(medtl_blocked_take_norm(&conv, true));
    cr_assert(medtl_blocked_take_int8(&conv, l.low, l.high));
    packed = conv_pack(&conv, &d);
    y = conv_run(&conv, &d, packed, 0, CONV_IMAGES - 1, 1, 1, FIRST_TO_LAST);
    cr_assert_lt(conv_error(&d, y, 0), 0.02);
    guarded_free(packed);
    guarded_free(y);
    guarded_free(d.factors);
    conv_data_destroy(&d);
}

Test(blocked_int8, values_that_are_none_become_the_edges)
{
    const medtl_int8_kernels *set;

    for (size_t index = 0; (set = next_set(&index)) != NULL;) {
        float x[4][16];
        uint8_t q[4][16];
        const medtl_int8_pixels how = {.inverse = 100.0f, .zero = 128};

        for (size_t i = 0; i < 16; i++) {
            x[0][i] = NAN;
            x[1][i] = INFINITY;
            x[2][i] = -INFINITY;
            x[3][i] = i % 2 == 0 ? 0.005f : 0.015f; /* half a step and one and a half */
        }
        set->quantise(&how, x[0], 16, 4, q[0]);
        for (size_t i = 0; i < 16; i++) {
            cr_assert_eq(q[0][i], 0, "%s", set->name);
            cr_assert_eq(q[1][i], 255, "%s", set->name);
            cr_assert_eq(q[2][i], 0, "%s", set->name);
            cr_assert_eq(q[3][i], 128 + rintf(x[3][i] * 100.0f), "%s", set->name);
        }
    }
}

Test(blocked_int8, sums_at_their_limits_do_not_overflow)
{
    const layer l = {512, 16, 3, 1, 1, 3, 3, 0.0f, 1.0f};
    const medtl_conv_shape shape = shape_of(&l);
    const medtl_int8_kernels *set;
    conv_data d;

    conv_data_create(&d, &shape, NULL, 1, false);
    for (size_t i = 0; i < CONV_IMAGES * d.x_stride; i++)
        d.x[i] = 1.0f;
    for (size_t i = 0; i < shape.channels_in * 9 * shape.channels_out; i++)
        d.weight[0][i] = i / 9 / shape.channels_in % 2 == 0 ? 1.0f : -1.0f;
    for (size_t index = 0; (set = next_set(&index)) != NULL;) {
        medtl_blocked_conv conv;
        float *packed, *y;

        cr_assert(choose(&d, &l, &conv));
        packed = conv_pack(&conv, &d);
        y = conv_run(&conv, &d, packed, 0, 0, 1, 1, FIRST_TO_LAST);
        for (size_t k = 0; k < 16; k++)
            cr_assert_float_eq(y[in_blocks(k, 4, 9)], k % 2 == 0 ? 4608.0f : -4608.0f, 1e-2, "%s",
                               set->name);
        guarded_free(packed);
        guarded_free(y);
    }
    conv_data_destroy(&d);
}

Test(blocked_int8, what_cannot_be_in_whole_numbers_stays_as_it_is)
{
    const layer l = {32, 32, 3, 1, 1, 8, 8, -1.0f, 1.0f};
    medtl_conv_shape shape = shape_of(&l);
    const float bad[][2] = {{0.0f, 0.0f},    {NAN, 1.0f},       {-1.0f, NAN},     {0.0f, 1e-38f},
                            {-3e38f, 3e38f}, {-INFINITY, 1.0f}, {0.0f, INFINITY}, {1.0f, -1.0f}};
    medtl_blocked_conv conv, before;
    char text[64];

    cr_assert(medtl_conv_shape_complete(&shape));
    cr_assert(medtl_blocked_choose(&shape, NULL, 1, false, &conv));
    before = conv;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_not(medtl_blocked_take_int8(&conv, bad[i][0], bad[i][1]), "%zu", i);
        cr_expect_arr_eq(&conv, &before, sizeof conv);
    }
    cr_assert(medtl_blocked_take_int8(&conv, 0.0f, 2.0f));
    medtl_blocked_describe(&conv, text, sizeof text);
    cr_expect_str_eq(text, "int8 direct");
    shape.groups = 32; /* depthwise */
    cr_assert(medtl_blocked_choose(&shape, NULL, 1, false, &conv));
    cr_expect_not(medtl_blocked_take_int8(&conv, 0.0f, 1.0f));
    shape = shape_of(&(layer){3, 32, 3, 1, 1, 8, 8, 0.0f, 1.0f}); /* a picture */
    cr_assert(medtl_conv_shape_complete(&shape));
    cr_assert(medtl_blocked_choose(&shape, NULL, 1, true, &conv));
    cr_expect_not(medtl_blocked_take_int8(&conv, 0.0f, 1.0f));
    shape = shape_of(&(layer){64, 16, 1, 1, 0, 8, 8, 0.0f, 1.0f}); /* too few outputs to gain */
    cr_assert(medtl_conv_shape_complete(&shape));
    cr_assert(medtl_blocked_choose(&shape, NULL, 1, false, &conv));
    cr_expect_not(medtl_blocked_take_int8(&conv, 0.0f, 1.0f));
}
