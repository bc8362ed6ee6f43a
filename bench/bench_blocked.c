/* Convolutions on activations in blocks of 16 channels, each by itself on one thread: algorithm, time, rate and error
 * against sums in double, by each instruction set of this processor.
 *
 *   bench_blocked --network NAME [--size PIXELS] [--kernels SET] [--rounds N]   what the network's plan holds
 *   bench_blocked --shape C,H,W,K,KERNEL[,STRIDE] [...]                         one shape, by every algorithm
 *
 * Caches are warm, as each is repeated: in a network the weights of large layers come from farther away. Rates are
 * those of the definition, two operations for each weight and output, and the best of the rounds. */
#include "core/nn/network_parts.h"
#include "core/nn/plan_rewrite.h"
#include "machine.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LAYERS = 192, SAMPLES = 64, SETS = 3 };

typedef struct layer {
    medtl_blocked_conv conv;
    size_t count; /* in the network */
} layer;

typedef struct options {
    const char *network, *set; /* or NULL */
    size_t shape[6], shape_count;
    uint32_t size;
    size_t rounds;
} options;

/* What one convolution needs. */
typedef struct arrays {
    float *x, *y, *packed, *shared, *scratch;
    float *weight[MEDTL_CONV_MOST_PARTS];
} arrays;

static void fill(float *values, size_t count, float scale, bool positive, uint32_t seed)
{
    for (size_t i = 0; i < count; i++) {
        const float value =
            (float)((seed = seed * 1664525u + 1013904223u) >> 8) / 8388608.0f - 1.0f;

        values[i] = positive && value < 0.0f ? 0.0f : value * scale;
    }
}

static size_t part_taps(const medtl_blocked_part *p) { return p->kernel_h * p->kernel_w; }

static size_t inputs_of(const medtl_conv_shape *s) { return s->channels_in / s->groups; }

/* Operations of the definition. */
static double operations(const medtl_blocked_conv *c)
{
    const medtl_conv_shape *s = &c->shape;
    double sum = 0.0;

    for (size_t i = 0; i < c->part_count; i++)
        sum += 2.0 * (double)(c->parts[i].channels * part_taps(&c->parts[i]) * inputs_of(s));
    return sum * (double)(s->height_out * s->width_out);
}

static void destroy(arrays *a)
{
    free(a->x);
    free(a->y);
    free(a->packed);
    free(a->shared);
    free(a->scratch);
    for (size_t i = 0; i < MEDTL_CONV_MOST_PARTS; i++)
        free(a->weight[i]);
}

static bool create(const medtl_blocked_conv *c, arrays *a)
{
    const medtl_conv_shape *s = &c->shape;
    const size_t size = s->channels_in * s->height_in * s->width_in;
    bool good;

    *a = (arrays){.x = medtl_floats_allocate(size),
                  .y = medtl_floats_allocate(s->channels_out * s->height_out * s->width_out),
                  .packed = medtl_floats_allocate(medtl_blocked_packed_size(c)),
                  .shared = medtl_floats_allocate(medtl_blocked_shared_size(c, 1)),
                  .scratch = medtl_floats_allocate(medtl_blocked_scratch_size(c))};
    good = a->x != NULL && a->y != NULL && a->packed != NULL && a->shared != NULL &&
           a->scratch != NULL;
    if (good)
        fill(a->x, size, 1.0f, true, 1);
    for (size_t i = 0; i < c->part_count && good; i++) {
        const size_t fan_in = inputs_of(s) * part_taps(&c->parts[i]);

        a->weight[i] = medtl_floats_allocate(c->parts[i].channels * fan_in);
        if ((good = a->weight[i] != NULL))
            fill(a->weight[i], c->parts[i].channels * fan_in, sqrtf(6.0f / (float)fan_in), false,
                 2 + (uint32_t)i);
    }
    if (good)
        medtl_blocked_pack(c, (const float *const *)a->weight, a->packed);
    return good;
}

static void run(const medtl_blocked_conv *c, const arrays *a)
{
    const medtl_blocked_call call = {.packed = a->packed,
                                     .count = 1,
                                     .x = a->x,
                                     .y = a->y,
                                     .shared = a->shared,
                                     .scratch = a->scratch};

    for (size_t stage = 0; stage < medtl_blocked_stages(c); stage++) {
        const size_t items = medtl_blocked_items(c, stage, 1);

        for (size_t item = 0; item < items; item++)
            medtl_blocked_run(c, &call, stage, item);
    }
}

/* Output channel k of a part, which begins with channel `first`, at one pixel: what is stored, and the sum in double. */
typedef struct sample {
    size_t part, k, row, column;
} sample;

static double sum_at(const medtl_blocked_conv *c, const arrays *a, const sample *at)
{
    const medtl_conv_shape *s = &c->shape;
    const medtl_blocked_part *p = &c->parts[at->part];
    const size_t pixels = s->height_in * s->width_in, first = s->groups > 1 ? at->k : 0;
    double sum = 0.0;

    for (size_t i = 0; i < p->kernel_h; i++)
        for (size_t j = 0; j < p->kernel_w; j++) {
            const size_t row = at->row * s->stride_h +
                               (i + (s->kernel_h - p->kernel_h) / 2) * s->dilation_h - s->pad_top;
            const size_t column = at->column * s->stride_w +
                                  (j + (s->kernel_w - p->kernel_w) / 2) * s->dilation_w -
                                  s->pad_left;
            const size_t pixel = row * s->width_in + column;

            for (size_t in = 0; in < inputs_of(s) && row < s->height_in && column < s->width_in;
                 in++) {
                const size_t ch = first + in;
                const float x = c->plain_input
                                    ? a->x[ch * pixels + pixel]
                                    : a->x[(ch / MEDTL_BLOCK * pixels + pixel) * MEDTL_BLOCK +
                                           ch % MEDTL_BLOCK];

                sum += (double)x *
                       a->weight[at->part]
                                [((at->k * inputs_of(s) + in) * p->kernel_h + i) * p->kernel_w + j];
            }
        }
    return sum;
}

/* Relative root mean square error of some outputs of each part. */
static double error_of(const medtl_blocked_conv *c, const arrays *a)
{
    const medtl_conv_shape *s = &c->shape;
    const size_t pixels = s->height_out * s->width_out;
    double error = 0.0, power = 0.0;
    uint32_t seed = 3;

    for (size_t part = 0, first = 0; part < c->part_count; first += c->parts[part++].channels)
        for (size_t n = 0; n < SAMPLES; n++) {
            const size_t k =
                ((seed = seed * 1664525u + 1013904223u) >> 8) % c->parts[part].channels;
            const size_t pixel = ((seed = seed * 1664525u + 1013904223u) >> 8) % pixels;
            const sample at = {part, k, pixel / s->width_out, pixel % s->width_out};
            const double value = sum_at(c, a, &at);
            const size_t ch = first + k;
            const double difference =
                a->y[(ch / MEDTL_BLOCK * pixels + pixel) * MEDTL_BLOCK + ch % MEDTL_BLOCK] - value;

            error += difference * difference;
            power += value * value;
        }
    return sqrt(error / power);
}

/* Milliseconds of the best round; prints a line's part. */
static double measure(const medtl_blocked_conv *c, size_t rounds)
{
    double best = 1e30;
    arrays a;

    if (create(c, &a)) {
        run(c, &a);
        for (size_t i = 0; i < rounds; i++) {
            const double begin = machine_seconds();

            run(c, &a);
            best = fmin(best, machine_seconds() - begin);
        }
        printf(" %9.3f %7.1f %8.1e", 1e3 * best, 1e-9 * operations(c) / best, error_of(c, &a));
    }
    destroy(&a);
    return 1e3 * best;
}

static void print_name(const medtl_blocked_conv *c)
{
    const medtl_conv_shape *s = &c->shape;
    char shape[64], text[64];

    medtl_blocked_describe(c, text, sizeof text);
    snprintf(shape, sizeof shape, "%zux%zux%zu-%zu %zux%zu/%zu", s->channels_in, s->height_in,
             s->width_in, s->channels_out, s->kernel_h, s->kernel_w, s->stride_h);
    printf("%-30s %-46s", shape, text);
}

static const char *const sets[SETS] = {"avx512", "avx2", "portable"};

static bool takes(const options *o, size_t set)
{
    return (o->set == NULL || strcmp(o->set, sets[set]) == 0) && medtl_kernels_force(sets[set]);
}

static void print_head(const options *o)
{
    printf("%-30s %-46s", "in-out kernel/stride", "algorithm");
    for (size_t i = 0; i < SETS; i++)
        if (takes(o, i))
            printf(" %9s %7s %8s", sets[i], "GFLOP/s", "error");
    printf("\n");
}

/* ------------------------------------------------------------------------------------------ networks */

static bool same(const medtl_blocked_conv *a, const medtl_blocked_conv *b)
{
    return memcmp(&a->shape, &b->shape, sizeof a->shape) == 0 && a->part_count == b->part_count &&
           memcmp(a->parts, b->parts, a->part_count * sizeof a->parts[0]) == 0;
}

static void add_layer(layer *layers, size_t *count, const medtl_blocked_conv *conv)
{
    size_t i = 0;

    while (i < *count && !same(&layers[i].conv, conv))
        i++;
    if (i == *count && i < MOST_LAYERS)
        layers[(*count)++] = (layer){*conv, 0};
    if (i < MOST_LAYERS)
        layers[i].count++;
}

static medtl_status find_layers(const options *o, layer *layers, size_t *count, medtl_error *err)
{
    medtl_network_spec spec = {
        .channels = 3, .height = o->size, .width_px = o->size, .classes = 2, .dropout = -1.0f};
    medtl_network *network = NULL;
    medtl_plan plan = {0};
    medtl_made *made = NULL;
    medtl_status status;

    medtl_graph_init(&plan.graph);
    snprintf(spec.architecture, sizeof spec.architecture, "%s", o->network);
    if ((status = medtl_network_create_empty(&spec, SIZE_MAX, &network, err)) == MEDTL_OK &&
        (made = calloc(20 * network->graph.node_count, sizeof *made)) == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    if (status == MEDTL_OK)
        status = medtl_plan_rewrite(network, &plan, made, err);
    for (size_t i = 0; status == MEDTL_OK && i < plan.graph.node_count; i++)
        if (plan.convs[i] != NULL)
            add_layer(layers, count, plan.convs[i]);
    free(made);
    medtl_plan_clear(&plan);
    medtl_network_destroy(network);
    return status;
}

static medtl_status bench_network(const options *o, medtl_error *err)
{
    static layer layers[MOST_LAYERS];
    double total[SETS] = {0};
    size_t count = 0;
    medtl_status status = find_layers(o, layers, &count, err);

    print_head(o);
    for (size_t i = 0; i < count && status == MEDTL_OK; i++) {
        const medtl_blocked_conv *c = &layers[i].conv;

        print_name(c);
        for (size_t set = 0; set < SETS; set++) {
            medtl_blocked_conv conv;

            if (takes(o, set) &&
                medtl_blocked_choose(&c->shape, c->parts, c->part_count, c->plain_input, &conv))
                total[set] += (double)layers[i].count * measure(&conv, o->rounds);
        }
        printf(" x%zu\n", layers[i].count);
        fflush(stdout);
    }
    for (size_t set = 0; set < SETS && status == MEDTL_OK; set++)
        if (takes(o, set))
            printf("%s: %.2f ms for all convolutions on blocks\n", sets[set], total[set]);
    return status;
}

/* -------------------------------------------------------------------------------------------- shapes */

static bool complete(const options *o, medtl_conv_shape *s)
{
    const size_t *v = o->shape, stride = o->shape_count > 5 ? v[5] : 1;

    *s = (medtl_conv_shape){.channels_in = v[0],
                            .height_in = v[1],
                            .width_in = v[2],
                            .channels_out = v[3],
                            .kernel_h = v[4],
                            .kernel_w = v[4],
                            .stride_h = stride,
                            .stride_w = stride,
                            .dilation_h = 1,
                            .dilation_w = 1,
                            .pad_top = v[4] / 2,
                            .pad_left = v[4] / 2,
                            .pad_bottom = v[4] / 2,
                            .pad_right = v[4] / 2,
                            .groups = 1};
    return medtl_conv_shape_complete(s);
}

static void bench_algorithm(const options *o, const medtl_conv_shape *s,
                            medtl_blocked_algorithm algorithm, size_t outputs)
{
    const bool plain = s->channels_in % MEDTL_BLOCK != 0;
    medtl_blocked_conv conv;

    if (!medtl_blocked_choose_algorithm(s, plain, algorithm, outputs, &conv))
        return;
    print_name(&conv);
    for (size_t set = 0; set < SETS; set++)
        if (takes(o, set) && medtl_blocked_choose_algorithm(s, plain, algorithm, outputs, &conv))
            measure(&conv, o->rounds);
    printf("\n");
}

/* The direct method in whole numbers, for an input between 0 and 1. */
static void bench_int8(const options *o, const medtl_conv_shape *s)
{
    medtl_blocked_conv conv;

    if (!medtl_blocked_choose(s, NULL, 1, false, &conv) ||
        !medtl_blocked_force_int8(&conv, 0.0f, 1.0f))
        return;
    print_name(&conv);
    for (size_t set = 0; set < SETS; set++)
        if (takes(o, set) && medtl_blocked_choose(s, NULL, 1, false, &conv) &&
            medtl_blocked_force_int8(&conv, 0.0f, 1.0f))
            measure(&conv, o->rounds);
    printf("\n");
}

static medtl_status bench_shape(const options *o, medtl_error *err)
{
    medtl_conv_shape s;

    if (o->shape_count < 5 || !complete(o, &s))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "no convolution: --shape C,H,W,K,KERNEL[,STRIDE]");
    print_head(o);
    bench_algorithm(o, &s, MEDTL_BLOCKED_DIRECT, 0);
    for (size_t outputs = 2; outputs <= 4; outputs++)
        bench_algorithm(o, &s, MEDTL_BLOCKED_WINOGRAD, outputs);
    bench_int8(o, &s);
    return MEDTL_OK;
}

/* ------------------------------------------------------------------------------------------------- */

static void parse_shape(options *o, const char *text)
{
    char *end;

    for (o->shape_count = 0; o->shape_count < 6; text = end + 1) {
        o->shape[o->shape_count++] = strtoul(text, &end, 10);
        if (*end != ',')
            break;
    }
}

static bool parse(options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            return false;
        if (strcmp(argv[i], "--network") == 0)
            o->network = argv[i + 1];
        else if (strcmp(argv[i], "--shape") == 0)
            parse_shape(o, argv[i + 1]);
        else if (strcmp(argv[i], "--kernels") == 0)
            o->set = argv[i + 1];
        else if (strcmp(argv[i], "--size") == 0)
            o->size = (uint32_t)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--rounds") == 0)
            o->rounds = strtoul(argv[i + 1], NULL, 10);
        else
            return false;
    }
    return (o->network != NULL) != (o->shape_count > 0) && o->rounds > 0;
}

int main(int argc, char **argv)
{
    options o = {.size = 224, .rounds = 7};
    medtl_error err = {0};

    if (!parse(&o, argc, argv)) {
        fprintf(
            stderr,
            "usage: bench_blocked --network NAME [--size PIXELS] [--kernels avx512|avx2|portable] [--rounds N]\n"
            "       bench_blocked --shape C,H,W,K,KERNEL[,STRIDE] [--kernels SET] [--rounds N]\n");
        return 2;
    }
    machine_print();
    if ((o.network != NULL ? bench_network(&o, &err) : bench_shape(&o, &err)) != MEDTL_OK) {
        fprintf(stderr, "bench_blocked: %s\n", err.message);
        return 1;
    }
    return 0;
}
