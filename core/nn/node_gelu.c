/* x times the normal distribution function of x (Hendrycks & Gimpel 2016), exact and not the tanh
 * approximation, as PyTorch's default. */
#include "graph.h"
#include "node_parts.h"

#include <math.h>

static const float half_root = 0.707106781f;   /* 1 / sqrt(2) */
static const float half_normal = 0.398942280f; /* 1 / sqrt(2 pi) */

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err; /* elementwise: every shape is fine */
    node->shape = in[0];
    return MEDTL_OK;
}

static void values(const float *x, float *y, size_t count)
{
    for (size_t i = 0; i < count; i++)
        y[i] = 0.5f * x[i] * (1.0f + erff(x[i] * half_root));
}

static void gradients(const float *x, const float *dy, float *dx, size_t count, bool add)
{
    for (size_t i = 0; i < count; i++) {
        const float slope =
            0.5f * (1.0f + erff(x[i] * half_root)) + x[i] * half_normal * expf(-0.5f * x[i] * x[i]);
        const float given = dy[i] * slope;

        dx[i] = add ? dx[i] + given : given;
    }
}

static void forward(const medtl_node_run *run) { medtl_node_map(run, values); }

static void backward(const medtl_node_run *run) { medtl_node_map_gradient(run, gradients); }

const medtl_node_ops medtl_node_gelu = {.kind = "gelu",
                                        .elementwise = true,
                                        .takes_blocked = true,
                                        .plan = plan,
                                        .forward = forward,
                                        .backward = backward};

size_t medtl_graph_gelu(medtl_graph *graph, size_t x)
{
    const medtl_node node = {.ops = &medtl_node_gelu, .inputs = {x}, .input_count = 1};

    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
