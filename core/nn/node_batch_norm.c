/* Batch normalisation over images and pixels of a channel (Ioffe & Szegedy 2015), with PyTorch's running
 * statistics, or with those alone where they are frozen. Plain activations: one channel is one piece of work, so
 * its sums have one order. Remembered for backward: the batch mean and 1/sd of each channel. */
#include "node_batch_norm.h"

#include "graph.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err; /* every shape is fine */
    node->shape = in[0];
    return MEDTL_OK;
}

static size_t state_size(const medtl_node *node, size_t count)
{
    return 2 * node->shape.channels +
           (node->blocked ? medtl_norm_blocked_state_size(node, count) : 0);
}

static float running_deviation(const medtl_node_run *run, size_t c)
{
    return (float)(1.0 / sqrt((double)run->parameters[MEDTL_NORM_VARIANCE][c] +
                              (double)run->node->u.norm.epsilon));
}

/* With slope s = scale / sd, y = s (x - running mean) + shift: the same line, told from the batch's mean and sd. The
 * variance is the biased one, so that evaluation does what this forward does. */
static void settle(const medtl_node_run *run, size_t c, double mean, double variance)
{
    float *scale = &run->parameters[MEDTL_NORM_SCALE][c];
    const double slope = (double)*scale * (double)running_deviation(run, c);

    run->parameters[MEDTL_NORM_SHIFT][c] +=
        (float)(slope * (mean - (double)run->parameters[MEDTL_NORM_MEAN][c]));
    *scale = (float)(slope * sqrt(variance + (double)run->node->u.norm.epsilon));
    run->parameters[MEDTL_NORM_MEAN][c] = (float)mean;
    run->parameters[MEDTL_NORM_VARIANCE][c] = (float)variance;
}

void medtl_norm_take_sums(const medtl_node_run *run, size_t c, float origin, double sum,
                          double squares)
{
    const float momentum = run->node->u.norm.momentum;
    const double values = (double)(run->count * medtl_shape_plane(run->node->shape));
    float *running_mean = &run->parameters[MEDTL_NORM_MEAN][c];
    float *running_variance = &run->parameters[MEDTL_NORM_VARIANCE][c];
    double mean = sum / values, variance = squares / values - mean * mean;

    variance = variance < 0.0 ? 0.0 : variance; /* rounding of a constant channel; keeps NaN */
    mean += (double)origin;
    run->state[2 * c] = (float)mean;
    run->state[2 * c + 1] = (float)(1.0 / sqrt(variance + (double)run->node->u.norm.epsilon));
    if (run->settles) {
        settle(run, c, mean, variance);
        return;
    }
    *running_mean += momentum * ((float)mean - *running_mean);
    *running_variance +=
        momentum *
        ((float)(variance * values / (values > 1.0 ? values - 1.0 : 1.0)) - *running_variance);
}

static void measure_channel(const medtl_node_run *run, size_t c, size_t plane)
{
    const size_t head = plane < 64 ? plane : 64;
    const medtl_loops *loops = medtl_loops_get();
    const float origin = (float)(loops->sum(run->x[0].data + c * plane, head) / (double)head);
    double sum = 0.0, squares = 0.0;

    for (size_t n = 0; n < run->count; n++)
        loops->add_moments(medtl_image_of(run->x[0], n) + c * plane, plane, origin, &sum, &squares);
    medtl_norm_take_sums(run, c, origin, sum, squares);
}

void medtl_norm_take_running(const medtl_node_run *run, size_t c)
{
    run->state[2 * c] = run->parameters[MEDTL_NORM_MEAN][c];
    run->state[2 * c + 1] = running_deviation(run, c);
}

void medtl_norm_forward_factors(const medtl_node_run *run, size_t c, float *scale, float *shift)
{
    const float mean = run->training ? run->state[2 * c] : run->parameters[MEDTL_NORM_MEAN][c];
    const float deviation = run->training ? run->state[2 * c + 1] : running_deviation(run, c);

    *scale = run->parameters[MEDTL_NORM_SCALE][c] * deviation;
    *shift = run->parameters[MEDTL_NORM_SHIFT][c] - mean * *scale;
}

static void forward_channel(void *context, size_t c, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t plane = medtl_shape_plane(run->node->shape);
    float scale, shift;

    (void)worker;
    if (medtl_norm_measures(run))
        measure_channel(run, c, plane);
    else if (medtl_norm_is_frozen(run))
        medtl_norm_take_running(run, c);
    medtl_norm_forward_factors(run, c, &scale, &shift);
    for (size_t n = 0; n < run->count; n++)
        medtl_loops_get()->scale_shift(medtl_image_of(run->x[0], n) + c * plane,
                                       medtl_image_of(run->y, n) + c * plane, plane, scale, shift,
                                       run->node->relu);
}

static void forward(const medtl_node_run *run)
{
    if (run->node->blocked)
        medtl_norm_blocked_forward(run);
    else
        medtl_pool_for(run->pool, run->node->shape.channels, forward_channel, (void *)run);
}

medtl_norm_channel medtl_norm_channel_of(const medtl_node_run *run, size_t c)
{
    medtl_norm_channel k = {.mean = run->state[2 * c],
                            .scale = run->parameters[MEDTL_NORM_SCALE][c] * run->state[2 * c + 1]};

    k.shift = run->parameters[MEDTL_NORM_SHIFT][c] - k.mean * k.scale;
    return k;
}

void medtl_norm_take_products(const medtl_node_run *run, size_t c, double sum, double products)
{
    run->gradients[MEDTL_NORM_SCALE][c] = (float)(products * (double)run->state[2 * c + 1]);
    run->gradients[MEDTL_NORM_SHIFT][c] = (float)sum;
}

void medtl_norm_backward_factors(const medtl_node_run *run, size_t c, double sum, double products,
                                 medtl_norm_channel *k)
{
    const double deviation = (double)run->state[2 * c + 1];
    const double values = (double)(run->count * medtl_shape_plane(run->node->shape));

    k->a = (float)((double)run->parameters[MEDTL_NORM_SCALE][c] * deviation);
    if (!run->frozen) { /* frozen statistics do not move with x */
        k->b = (float)(-deviation * deviation * products / values);
        k->c = (float)(-sum / values);
    }
}

static void backward_channel(void *context, size_t c, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t plane = medtl_shape_plane(run->node->shape), at = c * plane;
    const medtl_loops *loops = medtl_loops_get();
    medtl_norm_channel k = medtl_norm_channel_of(run, c);
    double sum = 0.0, products = 0.0;

    (void)worker;
    for (size_t n = 0; n < run->count; n++)
        loops->add_norm_products(medtl_image_of(run->dy, n) + at, medtl_image_of(run->x[0], n) + at,
                                 plane, &k, run->node->relu, &sum, &products);
    medtl_norm_take_products(run, c, sum, products);
    if (run->dx[0].data == NULL)
        return;
    medtl_norm_backward_factors(run, c, sum, products, &k);
    for (size_t n = 0; n < run->count; n++)
        loops->give_norm_gradient(
            medtl_image_of(run->dx[0], n) + at, medtl_image_of(run->dy, n) + at,
            medtl_image_of(run->x[0], n) + at, plane, &k, run->node->relu, run->add[0]);
}

static void backward(const medtl_node_run *run)
{
    if (run->node->blocked)
        medtl_norm_blocked_backward(run);
    else
        medtl_pool_for(run->pool, run->node->shape.channels, backward_channel, (void *)run);
}

const medtl_node_ops medtl_node_batch_norm = {.kind = "batch_norm",
                                              .takes_relu = true,
                                              .elementwise = true,
                                              .takes_blocked = true,
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
