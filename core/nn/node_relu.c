/* max(x, 0). Usually a flag on the node before it; a node of its own where that one cannot take it. */
#include "graph.h"
#include "node_parts.h"

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err; /* elementwise: every shape is fine */
    node->shape = in[0];
    return MEDTL_OK;
}

static void forward_part(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_part part = medtl_node_part(run, item);

    (void)worker;
    medtl_loops_get()->relu(medtl_image_of(run->x[0], part.image) + part.first,
                            medtl_image_of(run->y, part.image) + part.first, part.end - part.first);
}

static void forward(const medtl_node_run *run) { medtl_node_for_parts(run, forward_part); }

static void give_part(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_part part = medtl_node_part(run, item);

    (void)worker;
    medtl_node_mask_part(run, part);
    medtl_give_gradient(medtl_image_of(run->dx[0], part.image) + part.first,
                        medtl_image_of(run->dy, part.image) + part.first, part.end - part.first,
                        run->add[0]);
}

static void backward(const medtl_node_run *run)
{
    if (run->dx[0].data != NULL)
        medtl_node_for_parts(run, give_part);
}

const medtl_node_ops medtl_node_relu = {.kind = "relu",
                                        .elementwise = true,
                                        .takes_blocked = true,
                                        .plan = plan,
                                        .forward = forward,
                                        .backward = backward};

size_t medtl_graph_relu(medtl_graph *graph, size_t x)
{
    const medtl_node node = {
        .ops = &medtl_node_relu, .inputs = {x}, .input_count = 1, .relu = true};

    if (graph->status != MEDTL_OK)
        return 0;
    if (graph->nodes[x].ops->takes_relu && medtl_graph_reader_count(graph, x) == 0) {
        graph->nodes[x].relu = true; /* nobody has seen x without it */
        return x;
    }
    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
