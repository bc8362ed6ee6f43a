/* What else the blocked convolutions promise: kernels of several sizes in one, NaN that stays, and refusals. */
#include "blocked_conv_run.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Kernels around the same pixels; the pads are those of the shape's own, largest kernel. */
typedef struct parts_case {
    char name[64];
    size_t channels_in, height, width, kernel_h, kernel_w, stride, pad_top, pad_left;
    medtl_blocked_part parts[MEDTL_CONV_MOST_PARTS];
    size_t part_count;
} parts_case;

static medtl_conv_shape shape_of(const parts_case *c)
{
    medtl_conv_shape s = {.channels_in = c->channels_in,
                          .height_in = c->height,
                          .width_in = c->width,
                          .kernel_h = c->kernel_h,
                          .kernel_w = c->kernel_w,
                          .stride_h = c->stride,
                          .stride_w = c->stride,
                          .dilation_h = 1,
                          .dilation_w = 1,
                          .pad_top = c->pad_top,
                          .pad_left = c->pad_left,
                          .pad_bottom = c->kernel_h / 2,
                          .pad_right = c->kernel_w / 2,
                          .groups = 1};

    for (size_t i = 0; i < c->part_count; i++)
        s.channels_out += c->parts[i].channels;
    return s;
}

/* Images [0, CONV_IMAGES) at once, first to last; and each alone, the other way round. */
static double check_parts(const medtl_blocked_conv *conv, const conv_data *data, int with)
{
    const size_t size = (data->y_stride - 16) * sizeof(float);
    float *packed = conv_pack(conv, data);
    float *y = conv_run(conv, data, packed, with, 0, CONV_IMAGES, CONV_IMAGES, FIRST_TO_LAST);
    float *threads = conv_run(conv, data, packed, with, 0, CONV_IMAGES, 2, TWO_THREADS);
    float *alone = conv_run(conv, data, packed, with, 0, CONV_IMAGES, 1, LAST_TO_FIRST);
    const double error = conv_error(data, y + (CONV_IMAGES - 1) * data->y_stride, with);

    for (size_t n = 0; n < CONV_IMAGES; n++) {
        cr_expect(memcmp(y + n * data->y_stride, threads + n * data->y_stride, size) == 0);
        cr_expect(memcmp(y + n * data->y_stride, alone + n * data->y_stride, size) == 0);
    }
    guarded_free(packed);
    guarded_free(y);
    guarded_free(threads);
    guarded_free(alone);
    return error;
}

ParameterizedTestParameters(blocked_conv_parts, kernels_that_share_an_input_are_as_each_alone)
{
    static parts_case cases[] = {
        {"3, 5 and 7 at stride 2",
         32,
         41,
         43,
         7,
         7,
         2,
         3,
         3,
         {{48, 3, 3}, {64, 5, 5}, {32, 7, 7}},
         3},
        {"3, 5 and 7, thin", 16, 39, 40, 7, 7, 2, 3, 3, {{16, 3, 3}, {16, 5, 5}, {16, 7, 7}}, 3},
        {"5 and 7", 48, 28, 27, 7, 7, 2, 3, 3, {{64, 5, 5}, {80, 7, 7}}, 2},
        {"7, 3, 7 and 5",
         16,
         40,
         40,
         7,
         7,
         2,
         3,
         3,
         {{16, 7, 7}, {48, 3, 3}, {32, 7, 7}, {16, 5, 5}},
         4},
        {"3 and 5 at stride 2", 16, 43, 41, 5, 5, 2, 2, 2, {{32, 3, 3}, {48, 5, 5}}, 2},
        {"another padding", 16, 42, 43, 7, 7, 2, 2, 4, {{32, 5, 5}, {16, 7, 7}, {16, 3, 5}}, 3},
        {"even kernels", 32, 41, 40, 6, 6, 2, 2, 3, {{32, 4, 6}, {16, 6, 6}, {16, 2, 4}}, 3},
        {"3, 5 and 7 at stride 1",
         32,
         20,
         21,
         7,
         7,
         1,
         3,
         3,
         {{48, 3, 3}, {64, 5, 5}, {32, 7, 7}},
         3},
        {"3 and 5 at stride 1", 16, 24, 22, 5, 5, 1, 2, 2, {{32, 3, 3}, {16, 5, 5}}, 2},
        {"flat and square", 16, 24, 22, 5, 5, 1, 2, 2, {{32, 1, 5}, {16, 5, 1}, {16, 3, 3}}, 3},
        {"with one pixel", 16, 30, 22, 5, 5, 1, 2, 2, {{32, 1, 1}, {16, 5, 5}, {16, 3, 3}}, 3},
    };
    return cr_make_param_array(parts_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(parts_case *c, blocked_conv_parts, kernels_that_share_an_input_are_as_each_alone)
{
    const medtl_conv_shape shape = shape_of(c);
    double most = 0.0;
    conv_data data;

    conv_data_create(&data, &shape, c->parts, c->part_count, false);
    for (size_t set = 0; set < CONV_SETS; set++) {
        if (!medtl_kernels_force(conv_set_names[set]))
            continue;
        for (int way = 0; way < 3; way++) {
            medtl_blocked_conv conv;
            double error;

            cr_assert(medtl_blocked_choose(&data.shape, c->parts, c->part_count, false, &conv));
            cr_assert_eq(conv.algorithm, MEDTL_BLOCKED_WINOGRAD);
            if (way > 0)
                conv.order = way == 1 ? MEDTL_WINOGRAD_TILES : MEDTL_WINOGRAD_POINTS;
            if (conv.order == MEDTL_WINOGRAD_TILES)
                conv.tile_block = conv.h.ahead + conv.w.ahead > 0 ? conv.w.grid : 11;
            error = check_parts(&conv, &data, way == 0 ? 0 : WITH_ALL);
            cr_expect(error <= 2e-5, "%s, %s: error %.2e", c->name, medtl_kernels_name(), error);
            most = fmax(most, isnan(error) ? INFINITY : error);
        }
    }
    conv_data_destroy(&data);
    printf("parts: %s: largest relative rms error %.2e\n", c->name, most);
}

/* -------------------------------------------------------------------------------------------------- NaN */

typedef struct nan_case {
    char name[32];
    medtl_blocked_algorithm algorithm;
    size_t kernel, stride, groups;
    bool plain_input;
    bool exact; /* NaN nowhere but where the sum has one */
} nan_case;

enum { NAN_PIXEL = 5 * 13 + 6, NAN_CHANNEL = 19 };

static size_t count_nan(const float *y, size_t count)
{
    size_t nans = 0;

    for (size_t i = 0; i < count; i++)
        nans += isnan(y[i]);
    return nans;
}

/* A NaN in the bias reaches one channel, one in the residual one value; both pass the ReLU. */
static void check_late_nan(const medtl_blocked_conv *conv, conv_data *data, const float *packed)
{
    const size_t pixels = conv->shape.height_out * conv->shape.width_out;
    const size_t at = in_blocks(NAN_CHANNEL, pixels - 1, pixels);
    const float bias = data->bias[NAN_CHANNEL], residual = data->residual[at];
    float *y;

    data->bias[NAN_CHANNEL] = NAN;
    y = conv_run(conv, data, packed, WITH_ALL, 0, 1, 1, FIRST_TO_LAST);
    for (size_t i = 0; i < pixels; i++)
        cr_expect(isnan(y[in_blocks(NAN_CHANNEL, i, pixels)]));
    cr_expect_eq(count_nan(y, data->y_stride - 16), pixels);
    guarded_free(y);
    data->bias[NAN_CHANNEL] = bias;

    data->residual[at] = NAN;
    y = conv_run(conv, data, packed, WITH_ALL, 0, 1, 1, FIRST_TO_LAST);
    cr_expect(isnan(y[at]));
    cr_expect_eq(count_nan(y, data->y_stride - 16), 1);
    guarded_free(y);
    data->residual[at] = residual;
}

/* A NaN in the last image's input reaches every output that reads it, in no other image. */
static void check_early_nan(const medtl_blocked_conv *conv, conv_data *data, const float *packed,
                            const nan_case *c)
{
    const medtl_conv_shape *s = &data->shape;
    const size_t pixels = s->height_out * s->width_out, size = data->y_stride - 16;
    float *plain = guarded_floats(size), *y;

    medtl_conv_forward_reference(s, data->weight[0], NULL, data->last, plain);
    y = conv_run(conv, data, packed, WITH_RELU | WITH_BIAS, 0, CONV_IMAGES, CONV_IMAGES,
                 FIRST_TO_LAST);
    cr_expect_eq(count_nan(y, size) + count_nan(y + data->y_stride, size), 0);
    for (size_t k = 0; k < s->channels_out; k++)
        for (size_t i = 0; i < pixels; i++) {
            const bool is = isnan(y[(CONV_IMAGES - 1) * data->y_stride + in_blocks(k, i, pixels)]);

            if (isnan(plain[k * pixels + i]) || c->exact)
                cr_expect_eq(is, isnan(plain[k * pixels + i]), "%s: channel %zu, pixel %zu",
                             c->name, k, i);
        }
    guarded_free(plain);
    guarded_free(y);
}

ParameterizedTestParameters(blocked_conv_parts, nan_stays)
{
    static nan_case cases[] = {
        {"product", MEDTL_BLOCKED_DIRECT, 1, 1, 1, false, true},
        {"direct", MEDTL_BLOCKED_DIRECT, 3, 1, 1, false, true},
        {"direct, stride 2", MEDTL_BLOCKED_DIRECT, 5, 2, 1, false, true},
        {"direct from plain input", MEDTL_BLOCKED_DIRECT, 3, 2, 1, true, true},
        {"depthwise", MEDTL_BLOCKED_DEPTHWISE, 3, 1, 32, false, true},
        {"winograd", MEDTL_BLOCKED_WINOGRAD, 3, 1, 1, false, false},
        {"winograd, split", MEDTL_BLOCKED_WINOGRAD, 7, 1, 1, false, false},
        {"winograd, phases", MEDTL_BLOCKED_WINOGRAD, 5, 2, 1, false, false},
    };
    return cr_make_param_array(nan_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(nan_case *c, blocked_conv_parts, nan_stays)
{
    const parts_case like = {.channels_in = 32,
                             .height = 12,
                             .width = 13,
                             .kernel_h = c->kernel,
                             .kernel_w = c->kernel,
                             .stride = c->stride,
                             .pad_top = c->kernel / 2,
                             .pad_left = c->kernel / 2,
                             .parts = {{32, 1, 1}},
                             .part_count = 1};
    medtl_conv_shape shape = shape_of(&like);
    conv_data data;

    shape.groups = c->groups;
    conv_data_create(&data, &shape, NULL, 0, c->plain_input);
    for (size_t set = 0; set < CONV_SETS; set++) {
        const size_t last = (CONV_IMAGES - 1) * data.x_stride;
        const size_t plain_at = NAN_CHANNEL * (size_t)(12 * 13) + NAN_PIXEL;
        const size_t at =
            last +
            (c->plain_input ? plain_at : in_blocks(NAN_CHANNEL, NAN_PIXEL, (size_t)(12 * 13)));
        medtl_blocked_conv conv;
        float *packed, value = data.x[at];

        if (!medtl_kernels_force(conv_set_names[set]))
            continue;
        cr_assert(
            medtl_blocked_choose_algorithm(&data.shape, c->plain_input, c->algorithm, 0, &conv) ||
            medtl_blocked_choose_algorithm(&data.shape, c->plain_input, c->algorithm, 4, &conv));
        packed = conv_pack(&conv, &data);
        check_late_nan(&conv, &data, packed);
        data.x[at] = data.last[plain_at] = NAN;
        check_early_nan(&conv, &data, packed, c);
        data.x[at] = data.last[plain_at] = value;
        guarded_free(packed);
    }
    conv_data_destroy(&data);
}

/* ------------------------------------------------------------------------------------------- refusals */

static medtl_conv_shape complete(size_t in, size_t out, size_t kernel, size_t stride,
                                 size_t dilation, size_t groups)
{
    medtl_conv_shape s = {.channels_in = in,
                          .height_in = 40,
                          .width_in = 40,
                          .channels_out = out,
                          .kernel_h = kernel,
                          .kernel_w = kernel,
                          .stride_h = stride,
                          .stride_w = stride,
                          .dilation_h = dilation,
                          .dilation_w = dilation,
                          .groups = groups};

    cr_assert(medtl_conv_shape_complete(&s));
    return s;
}

Test(blocked_conv_parts, shapes_that_need_plain_arrays_are_refused)
{
    static const struct {
        size_t in, out, kernel, groups;
        bool plain, possible;
    } cases[] = {
        {32, 32, 3, 1, false, true},  {20, 32, 3, 1, false, false},  {20, 32, 3, 1, true, true},
        {32, 40, 3, 1, false, false}, {3, 24, 3, 1, true, false},    {32, 32, 3, 2, false, false},
        {32, 32, 3, 32, false, true}, {32, 64, 3, 32, false, false}, {32, 32, 3, 32, true, false},
        {16, 16, 16, 1, false, true}, {16, 16, 17, 1, false, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const medtl_conv_shape s =
            complete(cases[i].in, cases[i].out, cases[i].kernel, 1, 1, cases[i].groups);
        medtl_blocked_conv conv;

        cr_expect_eq(medtl_blocked_choose(&s, NULL, 0, cases[i].plain, &conv), cases[i].possible,
                     "case %zu", i);
    }
}

/* A small image has few tiles to share the transformed weights of a small kernel. */
Test(blocked_conv_parts, small_kernels_on_small_images_stay_apart)
{
    static const medtl_blocked_part parts[] = {{32, 3, 3}, {32, 5, 5}, {32, 7, 7}};
    const parts_case small = {.channels_in = 32,
                              .height = 28,
                              .width = 28,
                              .kernel_h = 7,
                              .kernel_w = 7,
                              .stride = 2,
                              .pad_top = 3,
                              .pad_left = 3,
                              .parts = {{32, 3, 3}, {32, 5, 5}, {32, 7, 7}},
                              .part_count = 3};
    medtl_conv_shape s = shape_of(&small);
    medtl_blocked_conv conv;

    cr_assert(medtl_conv_shape_complete(&s));
    cr_expect_not(medtl_blocked_choose(&s, parts, 3, false, &conv));
    s.channels_out = 64;
    cr_expect(medtl_blocked_choose(&s, parts + 1, 2, false, &conv));
}

Test(blocked_conv_parts, algorithms_refuse_what_they_cannot_do)
{
    const medtl_conv_shape usual = complete(32, 32, 3, 1, 1, 1),
                           dilated = complete(32, 32, 3, 1, 2, 1);
    const medtl_conv_shape strided = complete(32, 32, 3, 3, 1, 1),
                           large = complete(32, 32, 9, 1, 1, 1);
    const medtl_conv_shape one = complete(32, 32, 1, 1, 1, 1), seven = complete(32, 32, 7, 1, 1, 1);
    const medtl_conv_shape deep = complete(32, 32, 3, 1, 1, 32);
    medtl_blocked_conv conv;

    for (size_t outputs = 2; outputs <= 4; outputs++)
        cr_expect(
            medtl_blocked_choose_algorithm(&usual, false, MEDTL_BLOCKED_WINOGRAD, outputs, &conv));
    for (size_t outputs = 1; outputs <= 7; outputs += outputs == 1 ? 4 : 1)
        cr_expect_not(
            medtl_blocked_choose_algorithm(&usual, false, MEDTL_BLOCKED_WINOGRAD, outputs, &conv));
    cr_expect_not(medtl_blocked_choose_algorithm(&usual, true, MEDTL_BLOCKED_WINOGRAD, 4, &conv));
    cr_expect_not(
        medtl_blocked_choose_algorithm(&dilated, false, MEDTL_BLOCKED_WINOGRAD, 4, &conv));
    cr_expect_not(
        medtl_blocked_choose_algorithm(&strided, false, MEDTL_BLOCKED_WINOGRAD, 4, &conv));
    cr_expect_not(medtl_blocked_choose_algorithm(&large, false, MEDTL_BLOCKED_WINOGRAD, 4, &conv));
    cr_expect_not(medtl_blocked_choose_algorithm(&one, false, MEDTL_BLOCKED_WINOGRAD, 4, &conv));
    cr_expect_not(medtl_blocked_choose_algorithm(&seven, false, MEDTL_BLOCKED_WINOGRAD, 3, &conv));
    cr_expect_not(medtl_blocked_choose_algorithm(&deep, false, MEDTL_BLOCKED_WINOGRAD, 4, &conv));
    cr_expect_not(medtl_blocked_choose_algorithm(&deep, false, MEDTL_BLOCKED_DIRECT, 0, &conv));
    cr_expect_not(medtl_blocked_choose_algorithm(&usual, false, MEDTL_BLOCKED_DEPTHWISE, 0, &conv));
}
