/* Depthwise convolutions on blocks, forward and backward, against naive double loops, in each instruction set that the
 * processor has; with ReLUs before and behind against the definition of their derivative. */
#include "core/nn/blocked/training.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct depthwise_case {
    size_t channels, height, width, kernel_h, kernel_w, stride_h, stride_w, dilation;
    size_t top, left, bottom, right;
    size_t count;
} depthwise_case;

static depthwise_case cases[] = {
    {16, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},   {32, 7, 7, 3, 3, 1, 1, 1, 1, 1, 1, 1, 3},
    {48, 14, 13, 3, 3, 1, 1, 1, 1, 1, 1, 1, 3}, {16, 2, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 2},
    {16, 9, 8, 3, 3, 1, 1, 1, 0, 0, 0, 0, 3},   {16, 6, 7, 3, 3, 1, 1, 1, 2, 2, 2, 2, 2},
    {16, 8, 6, 3, 3, 1, 1, 1, 0, 3, 2, 1, 2},   {16, 3, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1, 2},
    {48, 14, 14, 3, 3, 2, 2, 1, 1, 1, 1, 1, 3}, {32, 15, 17, 3, 3, 2, 2, 1, 1, 1, 1, 1, 3},
    {32, 14, 14, 3, 3, 2, 2, 1, 0, 0, 1, 1, 3}, {16, 15, 13, 3, 3, 2, 2, 1, 0, 0, 1, 1, 3},
    {16, 2, 2, 3, 3, 2, 2, 1, 0, 0, 1, 1, 2},   {16, 1, 1, 3, 3, 2, 2, 1, 1, 1, 1, 1, 2},
    {16, 9, 11, 3, 3, 2, 2, 1, 2, 2, 2, 2, 2},  {16, 9, 11, 3, 3, 2, 2, 1, 3, 3, 0, 0, 2},
    {16, 9, 11, 3, 3, 2, 1, 1, 1, 1, 1, 1, 2},  {16, 13, 11, 3, 3, 3, 3, 1, 1, 1, 1, 1, 2},
    {16, 11, 12, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2}, {16, 11, 12, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2},
    {32, 9, 10, 5, 5, 1, 1, 1, 2, 2, 2, 2, 2},  {16, 12, 11, 5, 5, 2, 2, 1, 1, 1, 2, 2, 3},
    {16, 8, 9, 1, 7, 1, 1, 1, 0, 3, 0, 3, 2},   {16, 7, 8, 2, 2, 2, 2, 1, 0, 0, 0, 0, 2},
    {16, 1, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1, 2},   {960, 7, 7, 3, 3, 1, 1, 1, 1, 1, 1, 1, 2}};

static medtl_conv_shape shape_of(const depthwise_case *c)
{
    medtl_conv_shape s = {.channels_in = c->channels,
                          .height_in = c->height,
                          .width_in = c->width,
                          .channels_out = c->channels,
                          .kernel_h = c->kernel_h,
                          .kernel_w = c->kernel_w,
                          .stride_h = c->stride_h,
                          .stride_w = c->stride_w,
                          .dilation_h = c->dilation,
                          .dilation_w = c->dilation,
                          .pad_top = c->top,
                          .pad_left = c->left,
                          .pad_bottom = c->bottom,
                          .pad_right = c->right,
                          .groups = c->channels};

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

/* What lies behind is watched, and whatever is read must have been written. */
enum { GUARD = 32 };

static float *floats(size_t count)
{
    float *p = aligned_alloc(64, ((count + GUARD) * sizeof *p + 63) / 64 * 64);

    cr_assert_not_null(p);
    for (size_t i = 0; i < count + GUARD; i++)
        p[i] = NAN;
    return p;
}

static void expect_guard(const float *p, size_t count)
{
    for (size_t i = 0; i < GUARD; i++)
        cr_assert(isnan(p[count + i]), "written behind the end");
}

static float *noise(size_t count, uint32_t seed, float size)
{
    float *p = floats(count);

    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = size * ((float)(int32_t)seed / 2147483648.0f);
    }
    return p;
}

/* Values as a ReLU6 leaves them: a third each below, inside and above. */
static float *cut_noise(size_t count, uint32_t seed)
{
    float *p = noise(count, seed, 9.0f);

    for (size_t i = 0; i < count; i++)
        p[i] = p[i] + 3.0f < 0.0f ? 0.0f : p[i] + 3.0f > 6.0f ? 6.0f : p[i] + 3.0f;
    return p;
}

static float *to_blocks(const float *plain, size_t count, size_t size, size_t plane)
{
    float *p = floats(count * size);

    for (size_t n = 0; n < count; n++)
        for (size_t i = 0; i < size; i++) {
            const size_t c = i / plane;

            p[n * size + (c / 16 * plane + i % plane) * 16 + c % 16] = plain[n * size + i];
        }
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

static bool lets_through(float y, medtl_relu relu)
{
    return relu == MEDTL_NO_RELU || (y > 0.0f && (relu == MEDTL_RELU || y < 6.0f));
}

/* One case with everything in both layouts, and what it must give. */
typedef struct subject {
    medtl_conv_shape s;
    size_t count, in, out, weights;
    medtl_relu relu, input_relu;
    bool add;
    float *weight, *bias, *x, *y, *dy, *before; /* plain */
    float *x_blocks, *y_blocks;                 /* in blocks */
    float *wanted_dx, *wanted_dw, *wanted_bias;
    medtl_blocked_training training;
} subject;

static void find_wanted(subject *t)
{
    const medtl_conv_shape *s = &t->s;
    float *masked = floats(t->count * t->out), *dx = floats(t->count * t->in);
    const size_t plane = s->height_out * s->width_out;

    for (size_t i = 0; i < t->count * t->out; i++)
        masked[i] = lets_through(t->y[i], t->relu) ? t->dy[i] : 0.0f;
    t->wanted_dw = floats(t->weights);
    t->wanted_bias = floats(s->channels_out);
    memset(t->wanted_dw, 0, t->weights * sizeof(float));
    for (size_t n = 0; n < t->count; n++) {
        medtl_conv_backward_weight_reference(s, t->x + n * t->in, masked + n * t->out,
                                             t->wanted_dw);
        medtl_conv_backward_data_reference(s, t->weight, masked + n * t->out, dx + n * t->in);
    }
    for (size_t c = 0; c < s->channels_out; c++) {
        double sum = 0.0;

        for (size_t i = 0; i < t->count * plane; i++)
            sum += (double)masked[i / plane * t->out + c * plane + i % plane];
        t->wanted_bias[c] = (float)sum;
    }
    for (size_t i = 0; i < t->count * t->in; i++) {
        dx[i] += t->add ? t->before[i] : 0.0f;
        dx[i] = lets_through(t->x[i], t->input_relu) ? dx[i] : 0.0f;
    }
    t->wanted_dx = to_blocks(dx, t->count, t->in, s->height_in * s->width_in);
    free(masked);
    free(dx);
}

static subject create(const depthwise_case *c, medtl_relu relu, medtl_relu input_relu, bool add)
{
    subject t = {
        .s = shape_of(c), .count = c->count, .relu = relu, .input_relu = input_relu, .add = add};
    const size_t in_plane = t.s.height_in * t.s.width_in, plane = t.s.height_out * t.s.width_out;

    t.in = size_in(&t.s);
    t.out = size_out(&t.s);
    t.weights = c->channels * c->kernel_h * c->kernel_w;
    t.weight = noise(t.weights, 3, 1.0f);
    t.bias = noise(c->channels, 8, 1.0f);
    t.x = input_relu ? cut_noise(t.count * t.in, 1) : noise(t.count * t.in, 1, 1.0f);
    t.y = cut_noise(t.count * t.out, 5);
    t.dy = noise(t.count * t.out, 2, 1.0f);
    t.before = noise(t.count * t.in, 4, 1.0f);
    t.x_blocks = to_blocks(t.x, t.count, t.in, in_plane);
    t.y_blocks = to_blocks(t.y, t.count, t.out, plane);
    find_wanted(&t);
    return t;
}

static void destroy(subject *t)
{
    free(t->weight);
    free(t->bias);
    free(t->x);
    free(t->y);
    free(t->dy);
    free(t->before);
    free(t->x_blocks);
    free(t->y_blocks);
    free(t->wanted_dx);
    free(t->wanted_dw);
    free(t->wanted_bias);
}

static float *pack(subject *t)
{
    const medtl_blocked_conv *conv = &t->training.conv;
    const float *weight = t->weight;
    float *packed;

    cr_assert(medtl_blocked_training_choose(&t->s, false, true, &t->training));
    cr_assert(t->training.depthwise);
    packed = floats(medtl_blocked_packed_size(conv));
    medtl_blocked_pack(conv, &weight, packed);
    return packed;
}

/* `backwards`: items in the opposite order, as other threads might have it. */
static void check_backward(subject *t, bool wants_dx, bool backwards)
{
    const medtl_conv_shape *s = &t->s;
    float *packed = pack(t);
    float *dy = to_blocks(t->dy, t->count, t->out, s->height_out * s->width_out);
    float *dx = t->add ? to_blocks(t->before, t->count, t->in, s->height_in * s->width_in)
                       : floats(t->count * t->in);
    const size_t sums = medtl_blocked_training_shared_size(&t->training, t->count);
    const size_t scratch = medtl_blocked_training_scratch_size(&t->training);
    medtl_depthwise_call call = {.packed = packed,
                                 .count = t->count,
                                 .x = t->x_blocks,
                                 .dy = dy,
                                 .x_stride = t->in,
                                 .dy_stride = t->out,
                                 .relu = t->relu,
                                 .y = t->relu ? t->y_blocks : NULL,
                                 .y_stride = t->out,
                                 .dx = wants_dx ? dx : NULL,
                                 .dx_stride = t->in,
                                 .add = t->add,
                                 .input_relu = t->input_relu,
                                 .sums = floats(sums),
                                 .scratch = floats(scratch),
                                 .dw = floats(t->weights),
                                 .bias = floats(s->channels_out)};

    for (size_t stage = 0; stage < MEDTL_DEPTHWISE_STAGES; stage++) {
        const size_t items = medtl_depthwise_items(s, stage, t->count);

        for (size_t i = 0; i < items; i++)
            medtl_depthwise_run(s, &call, stage, backwards ? items - 1 - i : i);
    }
    cr_expect_lt(relative_error(call.dw, t->wanted_dw, t->weights), 1e-6, "%s: dw",
                 medtl_kernels_name());
    cr_expect_lt(relative_error(call.bias, t->wanted_bias, s->channels_out), 2e-6, "%s: bias",
                 medtl_kernels_name());
    if (wants_dx)
        cr_expect_lt(relative_error(dx, t->wanted_dx, t->count * t->in), 1e-6, "%s: dx",
                     medtl_kernels_name());
    expect_guard(dx, t->count * t->in);
    expect_guard(dy, t->count * t->out);
    expect_guard(call.dw, t->weights);
    expect_guard(call.bias, s->channels_out);
    expect_guard(call.sums, sums);
    expect_guard(call.scratch, scratch);
    free(call.sums);
    free(call.scratch);
    free(call.dw);
    free(call.bias);
    free(packed);
    free(dy);
    free(dx);
}

static const char *const sets[] = {"portable", "avx2", "avx512"};

static void check(const depthwise_case *c, medtl_relu relu, medtl_relu input_relu, bool add)
{
    subject t = create(c, relu, input_relu, add);

    for (size_t set = 0; set < 3; set++) {
        if (!medtl_kernels_force(sets[set]))
            continue;
        check_backward(&t, true, set % 2 == 0);
        check_backward(&t, false, set % 2 == 1);
    }
    medtl_kernels_force(NULL);
    destroy(&t);
}

ParameterizedTestParameters(depthwise_gradient, is_that_of_the_naive_loops)
{
    return cr_make_param_array(depthwise_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(depthwise_case *c, depthwise_gradient, is_that_of_the_naive_loops)
{
    check(c, MEDTL_NO_RELU, MEDTL_NO_RELU, false);
    check(c, MEDTL_NO_RELU, MEDTL_NO_RELU, true);
}

ParameterizedTestParameters(depthwise_gradient, stops_where_a_relu_cut)
{
    return cr_make_param_array(depthwise_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(depthwise_case *c, depthwise_gradient, stops_where_a_relu_cut)
{
    check(c, MEDTL_RELU6, MEDTL_RELU6, false);
    check(c, MEDTL_RELU, MEDTL_NO_RELU, true);
    check(c, MEDTL_NO_RELU, MEDTL_RELU, false);
}

/* Forward with a bias and each ReLU. */
static void check_forward(subject *t, medtl_relu relu)
{
    const medtl_conv_shape *s = &t->s;
    float *packed = pack(t), *plain = floats(t->count * t->out), *wanted;
    medtl_blocked_call call = {.packed = packed,
                               .bias = t->bias,
                               .relu = relu,
                               .count = t->count,
                               .x = t->x_blocks,
                               .y = floats(t->count * t->out),
                               .x_stride = t->in,
                               .y_stride = t->out};

    for (size_t n = 0; n < t->count; n++)
        medtl_conv_forward_reference(s, t->weight, t->bias, t->x + n * t->in, plain + n * t->out);
    for (size_t i = 0; i < t->count * t->out; i++) {
        plain[i] = relu && plain[i] < 0.0f ? 0.0f : plain[i];
        plain[i] = relu == MEDTL_RELU6 && plain[i] > 6.0f ? 6.0f : plain[i];
    }
    wanted = to_blocks(plain, t->count, t->out, s->height_out * s->width_out);
    for (size_t i = 0; i < medtl_blocked_items(&t->training.conv, 0, t->count); i++)
        medtl_blocked_run(&t->training.conv, &call, 0, i);
    cr_expect_lt(relative_error(call.y, wanted, t->count * t->out), 1e-6, "%s: y",
                 medtl_kernels_name());
    expect_guard(call.y, t->count * t->out);
    free(call.y);
    free(packed);
    free(plain);
    free(wanted);
}

ParameterizedTestParameters(depthwise_forward, is_that_of_the_naive_loops)
{
    return cr_make_param_array(depthwise_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(depthwise_case *c, depthwise_forward, is_that_of_the_naive_loops)
{
    /* Inputs from 0 to 6: sums on both sides of both corners. */
    subject t = create(c, MEDTL_NO_RELU, MEDTL_RELU6, false);

    for (size_t set = 0; set < 3; set++)
        if (medtl_kernels_force(sets[set]))
            for (int relu = MEDTL_NO_RELU; relu <= MEDTL_RELU6; relu++)
                check_forward(&t, (medtl_relu)relu);
    medtl_kernels_force(NULL);
    destroy(&t);
}
