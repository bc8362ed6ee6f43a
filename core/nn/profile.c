#include "profile.h"

const char *medtl_node_algorithm(const medtl_node_run *run)
{
    return run->node->ops == &medtl_node_conv ? "staged" : "";
}

double medtl_node_products(const medtl_node *node, const medtl_shape *in)
{
    if (node->ops == &medtl_node_conv) {
        const medtl_conv_shape *s = &node->u.conv;

        return (double)medtl_shape_size(node->shape) * (double)(s->channels_in / s->groups) *
               (double)(s->kernel_h * s->kernel_w);
    }
    if (node->ops == &medtl_node_linear)
        return (double)medtl_shape_size(in[0]) * (double)node->shape.channels;
    return 0.0;
}

double medtl_graph_products(const medtl_graph *graph)
{
    double sum = 0.0;

    for (size_t i = 1; i < graph->node_count; i++)
        sum +=
            medtl_node_products(&graph->nodes[i], &graph->nodes[graph->nodes[i].inputs[0]].shape);
    return sum;
}
