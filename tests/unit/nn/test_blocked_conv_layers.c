/* Every convolution on blocks that the plans of our networks hold, as they are at 224 pixels, against sums in double: a
 * sample of each one's outputs. Large ones are tried with few of their output channels, all of their input
 * channels; with MEDTL_TEST_ALL_LAYERS set, whole and listed one by one. */
#include "blocked_conv_run.h"
#include "core/nn/architecture.h"
#include "core/nn/plan_rewrite.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_LAYERS = 160,
    MOST_KINDS = 32,
    SAMPLES = 50,
    SMALL_WEIGHTS = 1 << 18,
    FEW_CHANNELS = 32
};

static const double bound = 2e-5; /* of the relative root mean square error */

/* Largest errors by algorithm. */
typedef struct summary {
    char kind[MOST_KINDS][64];
    double error[MOST_KINDS];
    size_t layers[MOST_KINDS], count;
} summary;

static void note(summary *s, const medtl_blocked_conv *conv, double error)
{
    char kind[64];
    size_t i = 0;

    medtl_blocked_describe(conv, kind, sizeof kind);
    while (i < s->count && strcmp(s->kind[i], kind) != 0)
        i++;
    if (i == s->count) {
        cr_assert_lt(s->count, MOST_KINDS);
        memcpy(s->kind[s->count++], kind, sizeof kind);
    }
    s->layers[i]++;
    s->error[i] = fmax(s->error[i], error);
}

static bool same(const medtl_blocked_conv *a, const medtl_blocked_conv *b)
{
    return memcmp(&a->shape, &b->shape, sizeof a->shape) == 0 && a->part_count == b->part_count &&
           memcmp(a->parts, b->parts, a->part_count * sizeof a->parts[0]) == 0;
}

/* The distinct convolutions on blocks of a network's plan. */
static size_t find_layers(const char *architecture, medtl_blocked_conv *layers)
{
    medtl_network network = {
        .spec = {.channels = 3, .height = 224, .width_px = 224, .classes = 4, .dropout = -1.0f}};
    medtl_plan plan = {0};
    medtl_made *made;
    size_t count = 0;

    snprintf(network.spec.architecture, sizeof network.spec.architecture, "%s", architecture);
    cr_assert_eq(medtl_spec_complete(&network.spec, NULL), MEDTL_OK);
    cr_assert_eq(medtl_architecture_build(&network.spec, NULL, 0, &network.graph, NULL), MEDTL_OK);
    made = calloc(20 * network.graph.node_count, sizeof *made);
    cr_assert_not_null(made);
    medtl_graph_init(&plan.graph);
    cr_assert_eq(medtl_plan_rewrite(&network, &plan, made, NULL), MEDTL_OK);
    for (size_t i = 0; i < plan.graph.node_count; i++) {
        size_t j = 0;

        while (plan.convs[i] != NULL && j < count && !same(&layers[j], plan.convs[i]))
            j++;
        if (plan.convs[i] == NULL || j < count)
            continue;
        cr_assert_lt(count, MOST_LAYERS);
        layers[count++] = *plan.convs[i];
    }
    medtl_plan_clear(&plan);
    medtl_graph_clear(&network.graph);
    free(made);
    return count;
}

static size_t weights_of(const medtl_conv_shape *s)
{
    return s->channels_out * (s->channels_in / s->groups) * s->kernel_h * s->kernel_w;
}

/* With few output channels in each part: how they are computed stays. */
static void make_small(medtl_blocked_conv *conv)
{
    const medtl_blocked_conv whole = *conv;
    medtl_blocked_part parts[MEDTL_CONV_MOST_PARTS];
    medtl_conv_shape s = whole.shape;

    if (weights_of(&s) <= SMALL_WEIGHTS || s.groups > 1)
        return;
    s.channels_out = 0;
    for (size_t i = 0; i < whole.part_count; i++) {
        parts[i] = whole.parts[i];
        if (parts[i].channels > FEW_CHANNELS)
            parts[i].channels = FEW_CHANNELS;
        s.channels_out += parts[i].channels;
    }
    cr_assert(medtl_blocked_choose(&s, parts, whole.part_count, whole.plain_input, conv));
    if (conv->algorithm != whole.algorithm || conv->h.outputs != whole.h.outputs ||
        conv->order != whole.order)
        *conv = whole;
    if (whole.input_norm && !conv->input_norm)
        cr_assert(medtl_blocked_take_norm(conv, whole.input_relu));
}

/* Images as they are behind a ReLU, and weights of He's variance. */
static void make_data(const medtl_blocked_conv *conv, conv_data *d)
{
    const medtl_conv_shape *s = &conv->shape;
    const size_t size = s->channels_in * s->height_in * s->width_in;
    const double fan_in = (double)(weights_of(s) / s->channels_out);
    const float scale = (float)sqrt(6.0 / fan_in);

    *d = (conv_data){.shape = *s, .part_count = conv->part_count, .plain_input = conv->plain_input};
    memcpy(d->parts, conv->parts, sizeof d->parts);
    d->x_stride = size;
    d->y_stride = s->channels_out * s->height_out * s->width_out + 16;
    d->x = guarded_floats(size);
    fill_noise(d->x, size, 1);
    for (size_t i = 0; i < size; i++)
        d->x[i] = d->x[i] > 0.0f ? 2.0f * d->x[i] * d->x[i] : 0.0f;
    if (conv->input_norm) {
        cr_assert(conv->input_relu); /* as sum_at() does */
        d->factors = guarded_floats(2 * s->channels_in);
        fill_noise(d->factors, 2 * s->channels_in, 3);
    }
    for (size_t i = 0; i < d->part_count; i++) {
        const medtl_conv_shape part = conv_part_shape(d, i);

        d->weight[i] = guarded_floats(weights_of(&part));
        fill_noise(d->weight[i], weights_of(&part), 30 + (uint32_t)i);
        for (size_t j = 0; j < weights_of(&part); j++)
            d->weight[i][j] *= scale;
    }
}

/* Value `from` of input channel c, normalised where that is part of the convolution. */
static double input_at(const conv_data *d, size_t c, size_t from)
{
    const double x = (double)d->x[from];

    if (d->factors == NULL)
        return x;
    return fmax(x * (double)d->factors[c] + (double)d->factors[d->shape.channels_in + c], 0.0);
}

/* Output channel k of the part, pixel (oh, ow), in double. */
static double sum_at(const conv_data *d, size_t part, size_t k, size_t oh, size_t ow)
{
    const medtl_conv_shape s = conv_part_shape(d, part);
    const size_t pixels = s.height_in * s.width_in, inputs = s.channels_in / s.groups;
    const size_t first = s.groups > 1 ? k : 0;
    double sum = 0.0;

    for (size_t i = 0; i < s.kernel_h; i++)
        for (size_t j = 0; j < s.kernel_w; j++) {
            const size_t row = oh * s.stride_h + i * s.dilation_h - s.pad_top; /* wraps below 0 */
            const size_t column = ow * s.stride_w + j * s.dilation_w - s.pad_left;

            if (row >= s.height_in || column >= s.width_in)
                continue;
            for (size_t c = 0; c < inputs; c++) {
                const size_t at = row * s.width_in + column;
                const size_t from =
                    d->plain_input ? (first + c) * pixels + at : in_blocks(first + c, at, pixels);

                sum += input_at(d, first + c, from) *
                       d->weight[part][((k * inputs + c) * s.kernel_h + i) * s.kernel_w + j];
            }
        }
    return sum;
}

/* SAMPLES outputs of each part, some of them at the edges. */
static double sample_error(const conv_data *d, const float *y)
{
    const size_t pixels = d->shape.height_out * d->shape.width_out;
    double error = 0.0, power = 0.0;
    uint32_t seed = 7;

    for (size_t part = 0, first = 0; part < d->part_count; first += d->parts[part++].channels)
        for (size_t n = 0; n < SAMPLES; n++) {
            size_t k, i;
            double value;

            seed = seed * 1664525u + 1013904223u;
            k = (seed >> 8) % d->parts[part].channels;
            seed = seed * 1664525u + 1013904223u;
            i = n == 0 ? 0 : n == 1 ? pixels - 1 : (seed >> 8) % pixels;
            value = sum_at(d, part, k, i / d->shape.width_out, i % d->shape.width_out);
            error += pow(y[in_blocks(first + k, i, pixels)] - value, 2.0);
            power += value * value;
        }
    return sqrt(error / power);
}

static void check_layer(const medtl_blocked_conv *layer, bool whole, summary *sum)
{
    const medtl_conv_shape *s = &layer->shape;
    medtl_blocked_conv conv = *layer;
    char text[64];
    conv_data data;
    float *packed, *y;
    double error;

    if (!whole)
        make_small(&conv);
    make_data(&conv, &data);
    packed = conv_pack(&conv, &data);
    y = conv_run(&conv, &data, packed, 0, 0, 1, 1, FIRST_TO_LAST);
    error = sample_error(&data, y);
    medtl_blocked_describe(&conv, text, sizeof text);
    cr_expect(error <= bound, "%s, %s: %zux%zux%zu to %zu, %zux%zu by %zu: error %.2e",
              medtl_kernels_name(), text, s->channels_in, s->height_in, s->width_in,
              s->channels_out, s->kernel_h, s->kernel_w, s->stride_h, error);
    if (whole)
        printf("%s: %zux%zux%zu to %zu, %zux%zu by %zu: %s: %.2e\n", medtl_kernels_name(),
               s->channels_in, s->height_in, s->width_in, s->channels_out, s->kernel_h, s->kernel_w,
               s->stride_h, text, error);
    note(sum, &conv, error);
    guarded_free(packed);
    guarded_free(y);
    guarded_free(data.x);
    guarded_free(data.factors);
    for (size_t i = 0; i < data.part_count; i++)
        guarded_free(data.weight[i]);
}

typedef struct layers_case {
    char architecture[16], set[16];
} layers_case;

ParameterizedTestParameters(blocked_conv_layers, of_the_networks_are_right)
{
    static const char *const names[] = {"hybrid2",     "hybrid6",      "resnet18",     "resnet50",
                                        "densenet121", "inception_v3", "mobilenet_v2", "vit_tiny"};
    enum { NAMES = sizeof names / sizeof names[0] };
    static layers_case cases[NAMES * CONV_SETS];

    for (size_t i = 0; i < NAMES * CONV_SETS; i++) {
        snprintf(cases[i].architecture, sizeof cases[i].architecture, "%s", names[i / CONV_SETS]);
        snprintf(cases[i].set, sizeof cases[i].set, "%s", conv_set_names[i % CONV_SETS]);
    }
    return cr_make_param_array(layers_case, cases, NAMES * CONV_SETS);
}

ParameterizedTest(layers_case *c, blocked_conv_layers, of_the_networks_are_right)
{
    static medtl_blocked_conv layers[MOST_LAYERS];
    const bool whole = getenv("MEDTL_TEST_ALL_LAYERS") != NULL;
    summary sum = {0};
    size_t count;

    if (!medtl_kernels_force(c->set))
        cr_skip("this processor has no %s", c->set);
    count = find_layers(c->architecture, layers);
    cr_assert_gt(count, 0);
    for (size_t i = 0; i < count; i++)
        check_layer(&layers[i], whole, &sum);
    for (size_t i = 0; i < sum.count; i++)
        printf("%s, %s: %s: %zu layers, largest relative rms error %.2e\n", c->architecture, c->set,
               sum.kind[i], sum.layers[i], sum.error[i]);
}
