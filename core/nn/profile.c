#include "profile.h"

#include "blocked/conv.h"

#include <stdio.h>

void medtl_node_algorithm(const medtl_node_run *run, char *text, size_t size)
{
    char name[64] = "";

    if (run->conv != NULL)
        medtl_blocked_describe(run->conv, name, sizeof name);
    else if (run->node->ops == &medtl_node_conv)
        snprintf(name, sizeof name, "staged");
    if (run->conv != NULL && run->conv->part_count > 1)
        snprintf(text, size, "%s, %zu kernels", name, run->conv->part_count);
    else
        snprintf(text, size, "%s", name);
}

double medtl_node_products(const medtl_node *node, medtl_shape in)
{
    if (node->ops == &medtl_node_conv) {
        const medtl_conv_shape *s = &node->u.conv;

        return (double)medtl_shape_size(node->shape) * (double)(s->channels_in / s->groups) *
               (double)(s->kernel_h * s->kernel_w);
    }
    if (node->ops == &medtl_node_linear)
        return (double)medtl_shape_size(in) * (double)node->shape.channels;
    return 0.0;
}

double medtl_run_products(const medtl_node_run *run)
{
    double sum = 0.0;

    if (run->conv == NULL)
        return medtl_node_products(run->node, run->in[0]);
    for (size_t i = 0; i < run->conv->part_count; i++) {
        const medtl_blocked_part *part = &run->conv->parts[i];

        sum += (double)(part->channels * part->kernel_h * part->kernel_w);
    }
    return sum * (double)medtl_shape_plane(run->node->shape) *
           (double)(run->conv->shape.channels_in / run->conv->shape.groups);
}

double medtl_graph_products(const medtl_graph *graph)
{
    double sum = 0.0;

    for (size_t i = 1; i < graph->node_count; i++)
        sum += medtl_node_products(&graph->nodes[i], graph->nodes[graph->nodes[i].inputs[0]].shape);
    return sum;
}
