/* DenseNet-121 and ResNet-101 side by side, their pooled features concatenated before one linear layer (Trinh & Nguyen,
 * Medico 2021). The parts keep torchvision's names, which do not meet, so each can start from its own published weights;
 * the last layer is called "head". The width is the ResNet's, 64 as published; the DenseNet grows by half of it. */
#include "architecture.h"

/* Stages: the stems, four times a block of both, head. */
void medtl_build_densenet121_resnet101(medtl_graph *graph, const medtl_network_spec *spec)
{
    size_t parts[2];

    parts[0] = medtl_densenet121_trunk(graph, spec->width / 2);
    graph->stage =
        0; /* the second part's stages are those of the first: they freeze and open together */
    parts[1] = medtl_resnet101_trunk(graph, spec->width);
    medtl_graph_heads(graph, medtl_graph_concat(graph, parts, 2), spec, "head");
}
