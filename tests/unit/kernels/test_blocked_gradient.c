/* Gradients of convolutions on activations in blocks of 16 channels against naive double loops, in each instruction
 * set that the processor has. */
#include "core/nn/blocked/gradient.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct gradient_case {
    size_t channels_in, height, width, channels_out, kernel_h, kernel_w, stride, pad_h, pad_w;
    size_t dilation, count;
} gradient_case;

static gradient_case blocked_cases[] = {
    {16, 1, 1, 16, 1, 1, 1, 0, 0, 1, 1},    {16, 7, 7, 32, 1, 1, 1, 0, 0, 1, 3},
    {80, 9, 13, 48, 1, 1, 1, 0, 0, 1, 3},   {144, 7, 7, 272, 1, 1, 1, 0, 0, 1, 3},
    {32, 14, 14, 64, 1, 1, 2, 0, 0, 1, 3},  {48, 15, 13, 16, 1, 1, 2, 0, 0, 1, 3},
    {16, 8, 8, 16, 3, 3, 1, 1, 1, 1, 1},    {80, 7, 7, 48, 3, 3, 1, 1, 1, 1, 3},
    {32, 28, 26, 64, 3, 3, 1, 1, 1, 1, 3},  {64, 13, 11, 80, 3, 3, 1, 0, 0, 1, 3},
    {32, 20, 22, 32, 3, 3, 2, 1, 1, 1, 3},  {48, 15, 17, 80, 3, 3, 2, 1, 1, 1, 3},
    {16, 9, 9, 16, 3, 3, 1, 2, 2, 2, 3},    {32, 17, 19, 32, 5, 5, 1, 2, 2, 1, 3},
    {32, 26, 24, 48, 5, 5, 2, 2, 2, 1, 1},  {16, 21, 23, 32, 5, 5, 2, 2, 2, 1, 3},
    {32, 14, 14, 32, 7, 7, 1, 3, 3, 1, 3},  {16, 25, 9, 48, 7, 7, 1, 3, 3, 1, 1},
    {16, 48, 46, 32, 7, 7, 2, 3, 3, 1, 1},  {16, 17, 15, 32, 7, 7, 2, 3, 3, 1, 3},
    {32, 17, 17, 32, 1, 7, 1, 0, 3, 1, 3},  {32, 12, 17, 48, 7, 1, 1, 3, 0, 1, 3},
    {16, 3, 2, 16, 7, 7, 1, 3, 3, 1, 3},    {16, 2, 3, 16, 3, 3, 2, 1, 1, 1, 3},
    {256, 14, 14, 64, 1, 1, 1, 0, 0, 1, 1}, {304, 6, 7, 32, 3, 3, 1, 1, 1, 1, 3},
    {16, 140, 12, 16, 3, 3, 2, 1, 1, 1, 1},
};

static gradient_case plain_cases[] = {
    {3, 31, 29, 32, 7, 7, 2, 3, 3, 1, 3}, {1, 48, 32, 64, 7, 7, 2, 3, 3, 1, 1},
    {3, 12, 12, 80, 3, 3, 1, 1, 1, 1, 3}, {3, 20, 260, 16, 5, 5, 1, 2, 2, 1, 1},
    {19, 9, 11, 16, 5, 5, 1, 2, 2, 1, 3}, {3, 16, 16, 48, 16, 16, 16, 0, 0, 1, 3},
};

static medtl_conv_shape shape_of(const gradient_case *c)
{
    medtl_conv_shape s = {.channels_in = c->channels_in,
                          .height_in = c->height,
                          .width_in = c->width,
                          .channels_out = c->channels_out,
                          .kernel_h = c->kernel_h,
                          .kernel_w = c->kernel_w,
                          .stride_h = c->stride,
                          .stride_w = c->stride,
                          .dilation_h = c->dilation,
                          .dilation_w = c->dilation,
                          .pad_top = c->pad_h,
                          .pad_left = c->pad_w,
                          .pad_bottom = c->pad_h,
                          .pad_right = c->pad_w,
                          .groups = 1};

    cr_assert(medtl_conv_shape_complete(&s));
    return s;
}

static size_t size_in(const medtl_conv_shape *s)
{
    return s->channels_in * s->height_in * s->width_in;
}

static size_t size_out(const medtl_conv_shape *s)
{
    return s->channels_out * s->height_out * s->width_out;
}

static size_t weights_of(const medtl_conv_shape *s)
{
    return s->channels_out * s->channels_in * s->kernel_h * s->kernel_w;
}

static float *floats(size_t count)
{
    float *p = aligned_alloc(64, (count * sizeof *p + 127) / 64 * 64);

    cr_assert_not_null(p);
    for (size_t i = 0; i < count; i++)
        p[i] = NAN; /* whatever is read must have been written */
    return p;
}

static float *noise(size_t count, uint32_t seed)
{
    float *p = floats(count);

    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = (float)(int32_t)seed / 2147483648.0f;
    }
    return p;
}

/* Element i of an image with `plane` pixels, in blocks. */
static size_t blocked_at(size_t i, size_t plane)
{
    const size_t c = i / plane;

    return (c / 16 * plane + i % plane) * 16 + c % 16;
}

static float *to_blocks(const float *plain, size_t count, size_t size, size_t plane)
{
    float *p = floats(count * size);

    for (size_t n = 0; n < count; n++)
        for (size_t i = 0; i < size; i++)
            p[n * size + blocked_at(i, plane)] = plain[n * size + i];
    return p;
}

static double relative_error(const float *got, const float *wanted, size_t count)
{
    double error = 0.0, norm = 0.0;

    for (size_t i = 0; i < count; i++) {
        error += pow((double)got[i] - (double)wanted[i], 2.0);
        norm += pow((double)wanted[i], 2.0);
    }
    return norm > 0.0 ? sqrt(error / norm) : sqrt(error);
}

static const char *const sets[] = {"portable", "avx2", "avx512"};

/* In calls of at most two images, as large batches are. */
static void run_weight(const medtl_blocked_weight *w, medtl_blocked_weight_call *call, size_t count)
{
    const size_t most = w->winograd ? 2 : count, last = medtl_blocked_weight_stages(w) - 1;
    const float *x = call->x, *dy = call->dy;

    call->shared = floats(medtl_blocked_weight_shared_size(w, most < count ? most : count));
    call->scratch = floats(medtl_blocked_weight_scratch_size(w));
    for (size_t n = 0; n < count; n += call->count) {
        call->count = count - n < most ? count - n : most;
        call->first = n == 0;
        call->x = x + n * call->x_stride;
        call->dy = dy + n * call->dy_stride;
        for (size_t stage = 0; stage < last; stage++)
            for (size_t i = medtl_blocked_weight_items(w, stage, call->count); i-- > 0;)
                medtl_blocked_weight_run(w, call, stage, i);
    }
    for (size_t i = medtl_blocked_weight_items(w, last, call->count); i-- > 0;)
        medtl_blocked_weight_run(w, call, last, i);
    free(call->shared);
    free(call->scratch);
}

static void check_method(const medtl_conv_shape *s, const gradient_case *c, size_t set,
                         bool winograd, const float *x, const float *dy, const float *wanted)
{
    const size_t weights = weights_of(s);
    medtl_blocked_weight w;
    medtl_blocked_weight_call call = {
        .x = x, .dy = dy, .x_stride = size_in(s), .dy_stride = size_out(s)};
    double error;

    if (!medtl_blocked_weight_choose_method(s, c->channels_in % 16 != 0, winograd, &w)) {
        cr_expect(winograd);
        return;
    }
    call.dw = floats(weights);
    run_weight(&w, &call, c->count);
    error = relative_error(call.dw, wanted, weights);
    cr_expect_lt(error, winograd ? 2e-5 : 2e-6,
                 "%s%s: %zu to %zu channels, %zux%zu, stride %zu: %g", sets[set],
                 winograd ? ", Winograd" : "", s->channels_in, s->channels_out, s->kernel_h,
                 s->kernel_w, s->stride_h, error);
    free(call.dw);
}

static void check_weight(const gradient_case *c, bool plain_input)
{
    const medtl_conv_shape s = shape_of(c);
    const size_t in = size_in(&s), out = size_out(&s), weights = weights_of(&s);
    float *x = noise(c->count * in, 1), *dy = noise(c->count * out, 2), *wanted = floats(weights);
    float *x_blocked = plain_input ? NULL : to_blocks(x, c->count, in, s.height_in * s.width_in);
    float *dy_blocked = to_blocks(dy, c->count, out, s.height_out * s.width_out);

    memset(wanted, 0, weights * sizeof *wanted);
    for (size_t n = 0; n < c->count; n++)
        medtl_conv_backward_weight_reference(&s, x + n * in, dy + n * out, wanted);
    for (size_t set = 0; set < 3; set++) {
        if (medtl_kernels_force(sets[set]))
            for (int method = 0; method < 2; method++)
                check_method(&s, c, set, method == 1, plain_input ? x : x_blocked, dy_blocked,
                             wanted);
    }
    medtl_kernels_force(NULL);
    free(x);
    free(dy);
    free(wanted);
    free(x_blocked);
    free(dy_blocked);
}

static void run_data(const medtl_blocked_data *d, medtl_blocked_data_call *call)
{
    const size_t stages = medtl_blocked_data_stages(d);

    call->shared = floats(medtl_blocked_data_shared_size(d, call->count));
    call->scratch = floats(medtl_blocked_data_scratch_size(d));
    for (size_t stage = 0; stage < stages; stage++)
        for (size_t i = medtl_blocked_data_items(d, stage, call->count); i-- > 0;)
            medtl_blocked_data_run(d, call, stage, i);
    free(call->shared);
    free(call->scratch);
}

/* dx alone, or added to what is there. */
static void check_data(const gradient_case *c, bool add)
{
    const medtl_conv_shape s = shape_of(c);
    const size_t in = size_in(&s), out = size_out(&s), weights = weights_of(&s);
    const size_t plane = s.height_in * s.width_in;
    float *weight = noise(weights, 3), *dy = noise(c->count * out, 2);
    float *before = noise(c->count * in, 4), *plain = floats(c->count * in), *wanted;
    float *dy_blocked = to_blocks(dy, c->count, out, s.height_out * s.width_out);

    for (size_t n = 0; n < c->count; n++)
        medtl_conv_backward_data_reference(&s, weight, dy + n * out, plain + n * in);
    for (size_t i = 0; add && i < c->count * in; i++)
        plain[i] += before[i];
    wanted = to_blocks(plain, c->count, in, plane);
    for (size_t set = 0; set < 3; set++) {
        medtl_blocked_data d;
        medtl_blocked_data_call call = {
            .dy = dy_blocked, .dy_stride = out, .dx_stride = in, .add = add};
        float *packed, *dx;

        if (!medtl_kernels_force(sets[set]))
            continue;
        dx = add ? to_blocks(before, c->count, in, plane) : floats(c->count * in);
        cr_assert(medtl_blocked_data_choose(&s, &d));
        packed = floats(medtl_blocked_data_packed_size(&d));
        for (size_t i = medtl_blocked_data_pack_items(&d); i-- > 0;)
            medtl_blocked_data_pack_item(&d, weight, packed, i);
        call.packed = packed;
        call.dx = dx;
        call.count = c->count;
        cr_assert_leq(c->count, d.images);
        run_data(&d, &call);
        cr_expect_lt(relative_error(dx, wanted, c->count * in), 1e-5,
                     "%s: %zu to %zu channels, %zux%zu, stride %zu: %g", sets[set], s.channels_in,
                     s.channels_out, s.kernel_h, s.kernel_w, s.stride_h,
                     relative_error(dx, wanted, c->count * in));
        free(packed);
        free(dx);
    }
    medtl_kernels_force(NULL);
    free(weight);
    free(dy);
    free(before);
    free(plain);
    free(wanted);
    free(dy_blocked);
}

ParameterizedTestParameters(blocked_gradient, by_the_weights_is_that_of_the_naive_loops)
{
    return cr_make_param_array(gradient_case, blocked_cases,
                               sizeof blocked_cases / sizeof blocked_cases[0]);
}

ParameterizedTest(gradient_case *c, blocked_gradient, by_the_weights_is_that_of_the_naive_loops)
{
    check_weight(c, false);
}

ParameterizedTestParameters(blocked_gradient, by_the_weights_over_plain_input_is_that_of_the_loops)
{
    return cr_make_param_array(gradient_case, plain_cases,
                               sizeof plain_cases / sizeof plain_cases[0]);
}

ParameterizedTest(gradient_case *c, blocked_gradient,
                  by_the_weights_over_plain_input_is_that_of_the_loops)
{
    check_weight(c, true);
}

ParameterizedTestParameters(blocked_gradient, by_the_input_is_that_of_the_naive_loops)
{
    return cr_make_param_array(gradient_case, blocked_cases,
                               sizeof blocked_cases / sizeof blocked_cases[0]);
}

ParameterizedTest(gradient_case *c, blocked_gradient, by_the_input_is_that_of_the_naive_loops)
{
    check_data(c, false);
}

ParameterizedTestParameters(blocked_gradient, by_the_input_is_added_where_asked_for)
{
    return cr_make_param_array(gradient_case, blocked_cases,
                               sizeof blocked_cases / sizeof blocked_cases[0]);
}

ParameterizedTest(gradient_case *c, blocked_gradient, by_the_input_is_added_where_asked_for)
{
    check_data(c, true);
}
