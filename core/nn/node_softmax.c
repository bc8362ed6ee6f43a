/* exp(x) over its sum over the channels of each pixel; the largest is subtracted so that nothing overflows. */
#include "graph.h"
#include "node_parts.h"

#include <math.h>

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err; /* every shape is fine */
    node->shape = in[0];
    return MEDTL_OK;
}

static void forward_pixel(const float *x, float *y, size_t channels, size_t plane)
{
    float largest = x[0];
    double sum = 0.0;

    for (size_t c = 1; c < channels; c++)
        largest = x[c * plane] > largest ? x[c * plane] : largest;
    for (size_t c = 0; c < channels; c++) {
        y[c * plane] = expf(x[c * plane] - largest);
        sum += (double)y[c * plane];
    }
    for (size_t c = 0; c < channels; c++)
        y[c * plane] *= (float)(1.0 / sum);
}

static void forward_row(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_shape s = run->node->shape;
    const size_t n = item / s.height, first = item % s.height * s.width;

    (void)worker;
    for (size_t i = first; i < first + s.width; i++)
        forward_pixel(medtl_image_of(run->x[0], n) + i, medtl_image_of(run->y, n) + i, s.channels,
                      medtl_shape_plane(s));
}

static void forward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->count * run->node->shape.height, forward_row, (void *)run);
}

/* dx = y (dy - sum of y dy). */
static void backward_pixel(const float *y, const float *dy, float *dx, size_t channels,
                           size_t plane, bool add)
{
    double sum = 0.0;

    for (size_t c = 0; c < channels; c++)
        sum += (double)y[c * plane] * (double)dy[c * plane];
    for (size_t c = 0; c < channels; c++) {
        const float given = y[c * plane] * (dy[c * plane] - (float)sum);

        dx[c * plane] = add ? dx[c * plane] + given : given;
    }
}

static void backward_row(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_shape s = run->node->shape;
    const size_t n = item / s.height, first = item % s.height * s.width;

    (void)worker;
    for (size_t i = first; i < first + s.width; i++)
        backward_pixel(medtl_image_of(run->y, n) + i, medtl_image_of(run->dy, n) + i,
                       medtl_image_of(run->dx[0], n) + i, s.channels, medtl_shape_plane(s),
                       run->add[0]);
}

static void backward(const medtl_node_run *run)
{
    if (run->dx[0].data != NULL)
        medtl_pool_for(run->pool, run->count * run->node->shape.height, backward_row, (void *)run);
}

const medtl_node_ops medtl_node_softmax = {
    .kind = "softmax", .elementwise = true, .plan = plan, .forward = forward, .backward = backward};

size_t medtl_graph_softmax(medtl_graph *graph, size_t x)
{
    const medtl_node node = {.ops = &medtl_node_softmax, .inputs = {x}, .input_count = 1};

    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
