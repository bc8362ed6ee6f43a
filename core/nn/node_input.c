/* The input: its values are the caller's, so there is nothing to do. */
#include "graph.h"

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)node; /* the shape was given */
    (void)in;
    (void)err;
    return MEDTL_OK;
}

static void forward(const medtl_node_run *run) { (void)run; }

const medtl_node_ops medtl_node_input = {
    .kind = "input", .plan = plan, .forward = forward, .backward = forward};

size_t medtl_graph_input(medtl_graph *graph, medtl_shape shape)
{
    const medtl_node node = {.ops = &medtl_node_input, .shape = shape};

    (void)medtl_graph_append(graph, &node);
    return 0; /* the input is always the first node */
}
