/* x / (1 + exp(-x)), also called swish (Elfwing et al. 2018). */
#include "graph.h"
#include "node_parts.h"

#include <math.h>

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err; /* elementwise: every shape is fine */
    node->shape = in[0];
    return MEDTL_OK;
}

static float logistic(float x) { return 1.0f / (1.0f + expf(-x)); }

static void values(const float *x, float *y, size_t count)
{
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] * logistic(x[i]);
}

static void gradients(const float *x, const float *dy, float *dx, size_t count, bool add)
{
    for (size_t i = 0; i < count; i++) {
        const float s = logistic(x[i]), given = dy[i] * (s + x[i] * s * (1.0f - s));

        dx[i] = add ? dx[i] + given : given;
    }
}

static void forward(const medtl_node_run *run) { medtl_node_map(run, values); }

static void backward(const medtl_node_run *run) { medtl_node_map_gradient(run, gradients); }

const medtl_node_ops medtl_node_silu = {.kind = "silu",
                                        .elementwise = true,
                                        .takes_blocked = true,
                                        .plan = plan,
                                        .forward = forward,
                                        .backward = backward};

size_t medtl_graph_silu(medtl_graph *graph, size_t x)
{
    const medtl_node node = {.ops = &medtl_node_silu, .inputs = {x}, .input_count = 1};

    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
