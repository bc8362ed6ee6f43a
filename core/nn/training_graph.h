/* A network's graph made ready for training: activations in blocks of 16 channels wherever kinds of nodes allow it,
 * and conversions between. Nothing is fused. */
#ifndef MEDTL_NN_TRAINING_GRAPH_H
#define MEDTL_NN_TRAINING_GRAPH_H

#include "blocked/training.h"
#include "graph.h"

typedef struct medtl_training_graph {
    medtl_graph graph;              /* its nodes' parameters are those of the network's graph */
    medtl_blocked_training **convs; /* of each node: how a convolution on blocks is done, or NULL */
    size_t *origin; /* of each node: the network's node, or that a conversion is behind */
} medtl_training_graph;

medtl_status medtl_training_graph_create(const medtl_graph *network, medtl_training_graph *training,
                                         medtl_error *err);
void medtl_training_graph_clear(medtl_training_graph *training); /* also of a zeroed one */

#endif
