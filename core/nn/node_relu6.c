/* min(max(x, 0), 6), as MobileNetV2 wants it (Sandler et al. 2018). Its derivative is 0 at both corners,
 * as PyTorch's. */
#include "graph.h"
#include "node_parts.h"

static const float ceiling = 6.0f;

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err; /* elementwise: every shape is fine */
    node->shape = in[0];
    return MEDTL_OK;
}

static void values(const float *x, float *y, size_t count)
{
    MEDTL_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        const float v = x[i] < 0.0f ? 0.0f : x[i]; /* NaN stays visible */

        y[i] = v > ceiling ? ceiling : v;
    }
}

static void gradients(const float *x, const float *dy, float *dx, size_t count, bool add)
{
    MEDTL_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        const float whole = dy[i], given = x[i] > 0.0f && x[i] < ceiling ? whole : 0.0f;

        dx[i] = add ? dx[i] + given : given;
    }
}

static void forward(const medtl_node_run *run) { medtl_node_map(run, values); }

static void backward(const medtl_node_run *run) { medtl_node_map_gradient(run, gradients); }

const medtl_node_ops medtl_node_relu6 = {.kind = "relu6",
                                         .elementwise = true,
                                         .takes_blocked = true,
                                         .plan = plan,
                                         .forward = forward,
                                         .backward = backward};

size_t medtl_graph_relu6(medtl_graph *graph, size_t x)
{
    const medtl_node node = {.ops = &medtl_node_relu6, .inputs = {x}, .input_count = 1};

    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
