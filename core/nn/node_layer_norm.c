/* Layer normalisation over the channels of each pixel (Ba et al. 2016): with tokens laid out as pixels, what
 * PyTorch's LayerNorm does over their last dimension. Remembered for backward: mean and 1/sd of each pixel. */
#include "graph.h"
#include "node_parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { SCALE, SHIFT }; /* parameters */
enum { BLOCK = 64 };   /* pixels in one piece of work */

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err; /* every shape is fine */
    node->shape = in[0];
    return MEDTL_OK;
}

static size_t state_size(const medtl_node *node, size_t count)
{
    return 2 * count * medtl_shape_plane(node->shape);
}

/* Pixels [first, first + count) of one image. */
typedef struct block {
    size_t image, first, count, plane, channels;
} block;

static size_t block_count(const medtl_node_run *run)
{
    return (medtl_shape_plane(run->node->shape) + BLOCK - 1) / BLOCK;
}

static block block_of(const medtl_node_run *run, size_t item)
{
    const size_t blocks = block_count(run), plane = medtl_shape_plane(run->node->shape);
    block b = {.image = item / blocks, .first = item % blocks * BLOCK, .plane = plane};

    b.count = plane - b.first < BLOCK ? plane - b.first : BLOCK;
    b.channels = run->node->shape.channels;
    return b;
}

/* The mean and 1/sd of each pixel of a block. */
static void measure(const medtl_node_run *run, block b, const float *x, float *mean,
                    float *deviation)
{
    double sums[BLOCK] = {0.0}, squares[BLOCK] = {0.0};

    for (size_t c = 0; c < b.channels; c++)
        for (size_t i = 0; i < b.count; i++)
            sums[i] += (double)x[c * b.plane + i];
    for (size_t i = 0; i < b.count; i++)
        sums[i] /= (double)b.channels;
    for (size_t c = 0; c < b.channels; c++)
        for (size_t i = 0; i < b.count; i++) {
            const double d = (double)x[c * b.plane + i] - sums[i];

            squares[i] += d * d;
        }
    for (size_t i = 0; i < b.count; i++) {
        mean[i] = (float)sums[i];
        deviation[i] = (float)(1.0 / sqrt(squares[i] / (double)b.channels +
                                          (double)run->node->u.norm.epsilon));
    }
}

static void forward_block(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const block b = block_of(run, item);
    const float *x = medtl_image_of(run->x[0], b.image) + b.first;
    float *y = medtl_image_of(run->y, b.image) + b.first;
    float mean[BLOCK], deviation[BLOCK];

    (void)worker;
    measure(run, b, x, mean, deviation);
    for (size_t c = 0; c < b.channels; c++)
        for (size_t i = 0; i < b.count; i++)
            y[c * b.plane + i] =
                (x[c * b.plane + i] - mean[i]) * deviation[i] * run->parameters[SCALE][c] +
                run->parameters[SHIFT][c];
    if (run->training) {
        float *state = run->state + 2 * (b.image * b.plane + b.first);

        for (size_t i = 0; i < b.count; i++) {
            state[2 * i] = mean[i];
            state[2 * i + 1] = deviation[i];
        }
    }
}

static void forward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->count * block_count(run), forward_block, (void *)run);
}

static void parameter_gradients(void *context, size_t c, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t plane = medtl_shape_plane(run->node->shape);
    double sum = 0.0, products = 0.0;

    (void)worker;
    for (size_t n = 0; n < run->count; n++) {
        const float *x = medtl_image_of(run->x[0], n) + c * plane;
        const float *dy = medtl_image_of(run->dy, n) + c * plane;
        const float *state = run->state + 2 * n * plane;

        for (size_t i = 0; i < plane; i++) {
            sum += (double)dy[i];
            products += (double)dy[i] * (double)((x[i] - state[2 * i]) * state[2 * i + 1]);
        }
    }
    run->gradients[SCALE][c] = (float)products;
    run->gradients[SHIFT][c] = (float)sum;
}

/* With z the normalised x and g = scale dy: dx = (g - mean(g) - z mean(g z)) / sd. */
static void data_block(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const block b = block_of(run, item);
    const float *x = medtl_image_of(run->x[0], b.image) + b.first;
    const float *dy = medtl_image_of(run->dy, b.image) + b.first;
    const float *state = run->state + 2 * (b.image * b.plane + b.first);
    float *dx = medtl_image_of(run->dx[0], b.image) + b.first;
    double sums[BLOCK] = {0.0}, products[BLOCK] = {0.0};

    (void)worker;
    for (size_t c = 0; c < b.channels; c++)
        for (size_t i = 0; i < b.count; i++) {
            const float g = run->parameters[SCALE][c] * dy[c * b.plane + i];

            sums[i] += (double)g;
            products[i] += (double)(g * ((x[c * b.plane + i] - state[2 * i]) * state[2 * i + 1]));
        }
    for (size_t c = 0; c < b.channels; c++)
        for (size_t i = 0; i < b.count; i++) {
            const size_t k = c * b.plane + i;
            const float z = (x[k] - state[2 * i]) * state[2 * i + 1];
            const float g = run->parameters[SCALE][c] * dy[k];
            const float given = state[2 * i + 1] * (g - (float)(sums[i] / (double)b.channels) -
                                                    z * (float)(products[i] / (double)b.channels));

            dx[k] = run->add[0] ? dx[k] + given : given;
        }
}

static void backward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->node->shape.channels, parameter_gradients, (void *)run);
    if (run->dx[0].data != NULL)
        medtl_pool_for(run->pool, run->count * block_count(run), data_block, (void *)run);
}

const medtl_node_ops medtl_node_layer_norm = {.kind = "layer_norm",
                                              .elementwise = true,
                                              .plan = plan,
                                              .state_size = state_size,
                                              .forward = forward,
                                              .backward = backward};

size_t medtl_graph_layer_norm(medtl_graph *graph, size_t x, const char *name, ...)
{
    medtl_node node = {.ops = &medtl_node_layer_norm, .inputs = {x}, .input_count = 1};
    va_list arguments;
    medtl_node *added;

    node.u.norm.epsilon = graph->norm_epsilon;
    va_start(arguments, name);
    vsnprintf(node.name, sizeof node.name, name, arguments);
    va_end(arguments);
    added = medtl_graph_append(graph, &node);
    if (added == NULL)
        return 0;
    medtl_graph_declare(graph, "weight", MEDTL_PARAMETER_BIAS, MEDTL_INIT_ONE,
                        &added->shape.channels, 1);
    medtl_graph_declare(graph, "bias", MEDTL_PARAMETER_BIAS, MEDTL_INIT_ZERO,
                        &added->shape.channels, 1);
    return graph->node_count - 1;
}
