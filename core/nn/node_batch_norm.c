/* Batch normalisation over images and pixels of a channel (Ioffe & Szegedy 2015), with PyTorch's
 * running statistics. One channel is one piece of work, so its sums have one order. Remembered for
 * backward: the batch mean and 1/sd of each channel. */
#include "graph.h"
#include "node_parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { SCALE, SHIFT, RUNNING_MEAN, RUNNING_VARIANCE }; /* parameters, PyTorch's order */

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err; /* every shape is fine */
    node->shape = in[0];
    return MEDTL_OK;
}

static size_t state_size(const medtl_node *node, size_t count)
{
    (void)count;
    return 2 * node->shape.channels;
}

/* Sums of (x - origin) and its square; an origin near the mean keeps the difference of the two exact
 * enough (shifted data algorithm, Chan, Golub & LeVeque 1983). */
static void add_moments(const float *x, size_t count, float origin, double *sum, double *squares)
{
    size_t i = 0;

    while (i + MEDTL_LANES <= count) {
        const size_t end = i + MEDTL_SUM_BLOCK < count ? i + MEDTL_SUM_BLOCK : count;
        medtl_lanes first = {0}, second = {0};

        for (; i + MEDTL_LANES <= end; i += MEDTL_LANES) {
            const medtl_lanes v = MEDTL_LOAD_LANES(x + i) - origin;

            first += v;
            second += v * v;
        }
        *sum += medtl_sum_lanes(&first);
        *squares += medtl_sum_lanes(&second);
    }
    for (; i < count; i++) {
        const double v = (double)(x[i] - origin);

        *sum += v;
        *squares += v * v;
    }
}

void medtl_scale_shift(const float *x, float *y, size_t count, float scale, float shift, bool relu)
{
    if (relu) {
        MEDTL_INDEPENDENT
        for (size_t i = 0; i < count; i++) {
            const float v = x[i] * scale + shift;

            y[i] = v < 0.0f ? 0.0f : v; /* NaN stays visible */
        }
    } else {
        MEDTL_INDEPENDENT
        for (size_t i = 0; i < count; i++)
            y[i] = x[i] * scale + shift;
    }
}

/* Statistics of one channel over the batch, remembered for backward and blended into the running ones. */
static void measure_channel(const medtl_node_run *run, size_t c, size_t plane)
{
    const float momentum = run->node->u.norm.momentum;
    const double values = (double)(run->count * plane);
    const size_t head = plane < 64 ? plane : 64;
    const float origin = (float)(medtl_sum(run->x[0].data + c * plane, head) / (double)head);
    double sum = 0.0, squares = 0.0, mean, variance;

    for (size_t n = 0; n < run->count; n++)
        add_moments(medtl_image_of(run->x[0], n) + c * plane, plane, origin, &sum, &squares);
    mean = sum / values;
    variance = squares / values - mean * mean;
    variance = variance < 0.0 ? 0.0 : variance; /* rounding of a constant channel; keeps NaN */
    mean += (double)origin;
    run->state[2 * c] = (float)mean;
    run->state[2 * c + 1] = (float)(1.0 / sqrt(variance + (double)run->node->u.norm.epsilon));
    run->parameters[RUNNING_MEAN][c] +=
        momentum * ((float)mean - run->parameters[RUNNING_MEAN][c]);
    run->parameters[RUNNING_VARIANCE][c] +=
        momentum * ((float)(variance * values / (values > 1.0 ? values - 1.0 : 1.0)) -
                    run->parameters[RUNNING_VARIANCE][c]);
}

static void forward_channel(void *context, size_t c, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t plane = medtl_shape_plane(run->node->shape);
    float mean, deviation, scale;

    (void)worker;
    if (run->training) {
        measure_channel(run, c, plane);
        mean = run->state[2 * c];
        deviation = run->state[2 * c + 1];
    } else {
        mean = run->parameters[RUNNING_MEAN][c];
        deviation = (float)(1.0 / sqrt((double)run->parameters[RUNNING_VARIANCE][c] +
                                       (double)run->node->u.norm.epsilon));
    }
    scale = run->parameters[SCALE][c] * deviation;
    for (size_t n = 0; n < run->count; n++)
        medtl_scale_shift(medtl_image_of(run->x[0], n) + c * plane,
                          medtl_image_of(run->y, n) + c * plane, plane, scale,
                          run->parameters[SHIFT][c] - mean * scale, run->node->relu);
}

static void forward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->node->shape.channels, forward_channel, (void *)run);
}

/* Sums of dy and of dy * (x - mean) over one plane, dy counted where y > 0 if `relu`. */
static inline void add_products(const float *dy, const float *x, const float *y, size_t count,
                                float mean, bool relu, double *sum, double *products)
{
    size_t i = 0;

    while (i + MEDTL_LANES <= count) {
        const size_t end = i + MEDTL_SUM_BLOCK < count ? i + MEDTL_SUM_BLOCK : count;
        medtl_lanes first = {0}, second = {0};

        for (; i + MEDTL_LANES <= end; i += MEDTL_LANES) {
            medtl_lanes g = MEDTL_LOAD_LANES(dy + i);

            if (relu) {
                const medtl_lane_bits on = MEDTL_LOAD_LANES(y + i) > 0.0f;

                g = (medtl_lanes)((medtl_lane_bits)g & on);
            }
            first += g;
            second += g * (MEDTL_LOAD_LANES(x + i) - mean);
        }
        *sum += medtl_sum_lanes(&first);
        *products += medtl_sum_lanes(&second);
    }
    for (; i < count; i++) {
        const double g = relu && !(y[i] > 0.0f) ? 0.0 : (double)dy[i];

        *sum += g;
        *products += g * (double)(x[i] - mean);
    }
}

/* dx (+)= a dy + b x + c, dy counted where y > 0 if `relu`. */
static inline void write_gradient(float *dx, const float *dy, const float *x, const float *y,
                                  size_t count, float a, float b, float c, bool relu, bool add)
{
    MEDTL_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        const float g = !relu || y[i] > 0.0f ? dy[i] : 0.0f;
        const float v = a * g + (b * x[i] + c);

        dx[i] = add ? dx[i] + v : v;
    }
}

static void give_plane(float *dx, const float *dy, const float *x, const float *y, size_t count,
                       float a, float b, float c, bool relu, bool add)
{
    /* Four loops without branches inside rather than one with. */
    if (relu && add)
        write_gradient(dx, dy, x, y, count, a, b, c, true, true);
    else if (relu)
        write_gradient(dx, dy, x, y, count, a, b, c, true, false);
    else if (add)
        write_gradient(dx, dy, x, y, count, a, b, c, false, true);
    else
        write_gradient(dx, dy, x, y, count, a, b, c, false, false);
}

static void backward_channel(void *context, size_t c, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t plane = medtl_shape_plane(run->node->shape), at = c * plane;
    const float mean = run->state[2 * c], deviation = run->state[2 * c + 1];
    const double values = (double)(run->count * plane);
    double sum = 0.0, products = 0.0, a, b;

    (void)worker;
    for (size_t n = 0; n < run->count; n++) {
        const float *dy = medtl_image_of(run->dy, n) + at, *x = medtl_image_of(run->x[0], n) + at;
        const float *y = medtl_image_of(run->y, n) + at;

        if (run->node->relu)
            add_products(dy, x, y, plane, mean, true, &sum, &products);
        else
            add_products(dy, x, y, plane, mean, false, &sum, &products);
    }
    run->gradients[SCALE][c] = (float)(products * (double)deviation);
    run->gradients[SHIFT][c] = (float)sum;
    if (run->dx[0].data == NULL)
        return;
    a = (double)run->parameters[SCALE][c] * (double)deviation;
    b = -a * (double)deviation * (double)deviation * products / values;
    for (size_t n = 0; n < run->count; n++)
        give_plane(medtl_image_of(run->dx[0], n) + at, medtl_image_of(run->dy, n) + at,
                   medtl_image_of(run->x[0], n) + at, medtl_image_of(run->y, n) + at, plane,
                   (float)a, (float)b, (float)(-a * sum / values - b * (double)mean),
                   run->node->relu, run->add[0]);
}

static void backward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->node->shape.channels, backward_channel, (void *)run);
}

const medtl_node_ops medtl_node_batch_norm = {.kind = "batch_norm",
                                              .takes_relu = true,
                                              .elementwise = true,
                                              .plan = plan,
                                              .state_size = state_size,
                                              .forward = forward,
                                              .backward = backward};

static const struct {
    const char *suffix;
    medtl_parameter_role role;
    medtl_initialiser initialiser;
} parameters[] = {
    {"weight", MEDTL_PARAMETER_BIAS, MEDTL_INIT_ONE},
    {"bias", MEDTL_PARAMETER_BIAS, MEDTL_INIT_ZERO},
    {"running_mean", MEDTL_PARAMETER_STATISTIC, MEDTL_INIT_ZERO},
    {"running_var", MEDTL_PARAMETER_STATISTIC, MEDTL_INIT_ONE},
};

size_t medtl_graph_batch_norm(medtl_graph *graph, size_t x, const char *name, ...)
{
    medtl_node node = {.ops = &medtl_node_batch_norm, .inputs = {x}, .input_count = 1};
    va_list arguments;
    medtl_node *added;

    node.u.norm.epsilon = 1e-5f;
    node.u.norm.momentum = 0.1f;
    va_start(arguments, name);
    vsnprintf(node.name, sizeof node.name, name, arguments);
    va_end(arguments);
    added = medtl_graph_append(graph, &node);
    if (added == NULL)
        return 0;
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
        medtl_graph_declare(graph, parameters[i].suffix, parameters[i].role,
                            parameters[i].initialiser, &added->shape.channels, 1);
    return graph->node_count - 1;
}
