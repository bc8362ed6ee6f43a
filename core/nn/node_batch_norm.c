/* Batch normalisation over images and pixels of a channel (Ioffe & Szegedy 2015), with PyTorch's
 * running statistics, or with those alone where they are frozen. One channel is one piece of work, so its sums have one order. Remembered for
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

/* Statistics of one channel over the batch, remembered for backward and blended into the running ones.
 * Counting from an origin near the mean keeps the difference of the two sums exact enough (shifted data
 * algorithm, Chan, Golub & LeVeque 1983). */
static void measure_channel(const medtl_node_run *run, size_t c, size_t plane)
{
    const float momentum = run->node->u.norm.momentum;
    const double values = (double)(run->count * plane);
    const size_t head = plane < 64 ? plane : 64;
    const medtl_loops *loops = medtl_loops_get();
    const float origin = (float)(loops->sum(run->x[0].data + c * plane, head) / (double)head);
    double sum = 0.0, squares = 0.0, mean, variance;

    for (size_t n = 0; n < run->count; n++)
        loops->add_moments(medtl_image_of(run->x[0], n) + c * plane, plane, origin, &sum, &squares);
    mean = sum / values;
    variance = squares / values - mean * mean;
    variance = variance < 0.0 ? 0.0 : variance; /* rounding of a constant channel; keeps NaN */
    mean += (double)origin;
    run->state[2 * c] = (float)mean;
    run->state[2 * c + 1] = (float)(1.0 / sqrt(variance + (double)run->node->u.norm.epsilon));
    run->parameters[RUNNING_MEAN][c] += momentum * ((float)mean - run->parameters[RUNNING_MEAN][c]);
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
    if (run->training && !run->frozen) {
        if (!run->again)
            measure_channel(run, c, plane);
        mean = run->state[2 * c];
        deviation = run->state[2 * c + 1];
    } else {
        mean = run->parameters[RUNNING_MEAN][c];
        deviation = (float)(1.0 / sqrt((double)run->parameters[RUNNING_VARIANCE][c] +
                                       (double)run->node->u.norm.epsilon));
    }
    if (run->training && run->frozen) {
        run->state[2 * c] = mean;
        run->state[2 * c + 1] = deviation;
    }
    scale = run->parameters[SCALE][c] * deviation;
    for (size_t n = 0; n < run->count; n++)
        medtl_loops_get()->scale_shift(medtl_image_of(run->x[0], n) + c * plane,
                                       medtl_image_of(run->y, n) + c * plane, plane, scale,
                                       run->parameters[SHIFT][c] - mean * scale, run->node->relu);
}

static void forward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->node->shape.channels, forward_channel, (void *)run);
}

static void backward_channel(void *context, size_t c, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t plane = medtl_shape_plane(run->node->shape), at = c * plane;
    const double deviation = (double)run->state[2 * c + 1], values = (double)(run->count * plane);
    const medtl_loops *loops = medtl_loops_get();
    medtl_norm_channel k = {.mean = run->state[2 * c],
                            .scale = run->parameters[SCALE][c] * run->state[2 * c + 1]};
    double sum = 0.0, products = 0.0, a, b;

    (void)worker;
    k.shift = run->parameters[SHIFT][c] - k.mean * k.scale;
    for (size_t n = 0; n < run->count; n++)
        loops->add_norm_products(medtl_image_of(run->dy, n) + at, medtl_image_of(run->x[0], n) + at,
                                 plane, &k, run->node->relu, &sum, &products);
    run->gradients[SCALE][c] = (float)(products * deviation);
    run->gradients[SHIFT][c] = (float)sum;
    if (run->dx[0].data == NULL)
        return;
    a = (double)run->parameters[SCALE][c] * deviation;
    b = -a * deviation * deviation * products / values;
    k.a = (float)a;
    if (!run->frozen) { /* frozen statistics do not move with x */
        k.b = (float)b;
        k.c = (float)(-a * sum / values - b * (double)k.mean);
    }
    for (size_t n = 0; n < run->count; n++)
        loops->give_norm_gradient(
            medtl_image_of(run->dx[0], n) + at, medtl_image_of(run->dy, n) + at,
            medtl_image_of(run->x[0], n) + at, plane, &k, run->node->relu, run->add[0]);
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

    node.u.norm.epsilon = graph->norm_epsilon;
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
