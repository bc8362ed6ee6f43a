#include "node_distance.h"

#include <stdio.h>

medtl_status medtl_distance_plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err; /* every shape is fine; the output's was given */
    node->u.classifier.size = medtl_shape_size(in[0]);
    return MEDTL_OK;
}

bool medtl_graph_distance(medtl_graph *graph, const medtl_node_ops *ops, size_t x, size_t outputs,
                          size_t vectors, size_t neighbours, const char *name)
{
    medtl_node node = {.ops = ops, .inputs = {x}, .input_count = 1};
    size_t size;

    node.shape = (medtl_shape){outputs, 1, 1};
    node.u.classifier.vectors = vectors;
    node.u.classifier.neighbours = neighbours;
    snprintf(node.name, sizeof node.name, "%s", name);
    if (medtl_graph_append(graph, &node) == NULL)
        return false;
    size = medtl_shape_size(graph->nodes[x].shape);
    medtl_graph_declare(graph, "standard", MEDTL_PARAMETER_BIAS, MEDTL_INIT_ONE,
                        (const size_t[]){2, size}, 2);
    medtl_graph_declare(graph, "vectors", MEDTL_PARAMETER_WEIGHT, MEDTL_INIT_ZERO,
                        (const size_t[]){vectors, size}, 2);
    return true;
}

void medtl_distance_standardise(const medtl_node_run *run, const float *x, float *z)
{
    const size_t size = run->node->u.classifier.size;
    const float *shift = run->parameters[0], *scale = shift + size;

    for (size_t i = 0; i < size; i++)
        z[i] = (x[i] - shift[i]) * scale[i];
}

double medtl_distance_squared(const medtl_node_run *run, const float *z, size_t index)
{
    const size_t size = run->node->u.classifier.size;
    const float *v = run->parameters[1] + index * size;
    double part[4] = {0}; /* four chains: the additions need not wait for each other */
    size_t i = 0;

    for (; i + 4 <= size; i += 4)
        for (size_t lane = 0; lane < 4; lane++) {
            const double d = (double)z[i + lane] - (double)v[i + lane];

            part[lane] += d * d;
        }
    for (; i < size; i++)
        part[0] += ((double)z[i] - (double)v[i]) * ((double)z[i] - (double)v[i]);
    return (part[0] + part[1]) + (part[2] + part[3]);
}
