/* y = W x + b over the whole input of an image, flattened as [c][h][w]. */
#include "graph.h"
#include "node_parts.h"

#include <stdarg.h>
#include <stdio.h>

enum { GROUP = 16 }; /* outputs in one piece of work */

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)node; /* the shape was given */
    (void)in;
    (void)err;
    return MEDTL_OK;
}

static size_t groups(const medtl_node_run *run)
{
    return (run->node->shape.channels + GROUP - 1) / GROUP;
}

static void forward_group(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t inputs = medtl_shape_size(run->in[0]), outputs = run->node->shape.channels;
    const size_t n = item % run->count, first = item / run->count * GROUP;
    const size_t end = first + GROUP < outputs ? first + GROUP : outputs;
    const float *x = medtl_image_of(run->x[0], n);
    const medtl_loops *loops = medtl_loops_get();
    float *y = medtl_image_of(run->y, n);

    (void)worker;
    for (size_t k = first; k < end; k++) {
        const float v = (float)(loops->dot(run->parameters[0] + k * inputs, x, inputs) +
                                (double)run->parameters[1][k]);

        y[k] = run->node->relu && v < 0.0f ? 0.0f : v;
    }
}

static void forward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->count * groups(run), forward_group, (void *)run);
}

static void weight_row(void *context, size_t k, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t inputs = medtl_shape_size(run->in[0]);
    const medtl_loops *loops = medtl_loops_get();
    float *row = run->gradients[0] + k * inputs;
    double sum = 0.0;

    (void)worker;
    memset(row, 0, inputs * sizeof *row);
    for (size_t n = 0; n < run->count; n++) {
        const float g = medtl_image_of(run->dy, n)[k];

        loops->add_scaled(row, medtl_image_of(run->x[0], n), inputs, g);
        sum += (double)g;
    }
    run->gradients[1][k] = (float)sum;
}

static void data_image(void *context, size_t n, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t inputs = medtl_shape_size(run->in[0]);
    const float *dy = medtl_image_of(run->dy, n);
    const medtl_loops *loops = medtl_loops_get();
    float *dx = medtl_image_of(run->dx[0], n);

    (void)worker;
    if (!run->add[0])
        memset(dx, 0, inputs * sizeof *dx);
    for (size_t k = 0; k < run->node->shape.channels; k++)
        loops->add_scaled(dx, run->parameters[0] + k * inputs, inputs, dy[k]);
}

static void backward(const medtl_node_run *run)
{
    medtl_node_mask_relu(run);
    medtl_pool_for(run->pool, run->node->shape.channels, weight_row, (void *)run);
    if (run->dx[0].data != NULL)
        medtl_pool_for(run->pool, run->count, data_image, (void *)run);
}

const medtl_node_ops medtl_node_linear = {
    .kind = "linear", .takes_relu = true, .plan = plan, .forward = forward, .backward = backward};

size_t medtl_graph_linear(medtl_graph *graph, size_t x, size_t outputs, const char *name, ...)
{
    medtl_node node = {.ops = &medtl_node_linear, .inputs = {x}, .input_count = 1};
    va_list arguments;

    node.shape = (medtl_shape){outputs, 1, 1};
    va_start(arguments, name);
    vsnprintf(node.name, sizeof node.name, name, arguments);
    va_end(arguments);
    if (medtl_graph_append(graph, &node) == NULL)
        return 0;
    medtl_graph_declare(graph, "weight", MEDTL_PARAMETER_WEIGHT, graph->linear_weight_initialiser,
                        (const size_t[]){outputs, medtl_shape_size(graph->nodes[x].shape)}, 2);
    medtl_graph_declare(graph, "bias", MEDTL_PARAMETER_BIAS, graph->linear_bias_initialiser,
                        &outputs, 1);
    return graph->node_count - 1;
}
