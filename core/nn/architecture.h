/* The architectures that can be built by name. Each adds its nodes to a graph that has its input; the
 * input's shape and the class count are checked by the caller. */
#ifndef MEDTL_NN_ARCHITECTURE_H
#define MEDTL_NN_ARCHITECTURE_H

#include "graph.h"

typedef struct medtl_architecture {
    const char *name;
    uint32_t width; /* of the published network */
    float dropout;  /* of the published network */
    void (*build)(medtl_graph *graph, const medtl_network_spec *spec);
} medtl_architecture;

/** NULL for a name we do not know. */
const medtl_architecture *medtl_architecture_find(const char *name);

/** Fill in the architecture's own width and dropout where the spec asks for them, and check limits.
 *  @return MEDTL_E_UNSUPPORTED or MEDTL_E_ARGUMENT with a message that names what is wrong. */
medtl_status medtl_spec_complete(medtl_network_spec *spec, medtl_error *err);

/** Build the graph of a completed spec, with `count` heads beside the main one. The caller clears the
 *  graph, also after a failure. */
medtl_status medtl_architecture_build(const medtl_network_spec *spec, const medtl_head *heads,
                                      size_t count, medtl_graph *graph, medtl_error *err);

void medtl_build_hybrid2(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_resnet18(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_resnet34(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_resnet50(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_resnet101(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_resnet18_cifar(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_resnet20(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_hybrid6(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_densenet121(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_densenet121_resnet101(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_vit_tiny(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_fusion(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_inception_v3(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_mobilenet_v2(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_mobilenet_v2_keras(medtl_graph *graph, const medtl_network_spec *spec);
void medtl_build_mobilenet_v2_keras_bn(medtl_graph *graph, const medtl_network_spec *spec);

/** The networks without their last layer, on the graph's input, from the graph's present stage on.
 *  @return the node of the pooled features. */
size_t medtl_densenet121_trunk(medtl_graph *graph, size_t growth);
size_t medtl_resnet101_trunk(medtl_graph *graph, size_t width);

#endif
