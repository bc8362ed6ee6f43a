/* A network's graph made ready for training: activations in blocks of 16 channels wherever kinds of nodes allow it,
 * filled up with channels of zeros where that keeps them in blocks, and conversions between. A ReLU6 is done by the
 * node that it follows. */
#ifndef MEDTL_NN_TRAINING_GRAPH_H
#define MEDTL_NN_TRAINING_GRAPH_H

#include "blocked/training.h"
#include "graph.h"

typedef struct medtl_training_graph {
    medtl_graph graph;              /* its nodes' parameters are those of the network's graph */
    medtl_blocked_training **convs; /* of each node: how a convolution on blocks is done, or NULL */
    size_t *origin; /* of each node: the network's node, or that a conversion is behind */
} medtl_training_graph;

/** A parameter as rows of floats in the network, and in the training graph: where a node's channels were filled up,
 *  rows are longer or more, and what is more is zero. Only convolutions and batch norms are filled up. */
typedef struct medtl_filling {
    size_t rows, row, filled_rows, filled_row;
} medtl_filling;

static inline bool medtl_filling_any(medtl_filling f)
{
    return f.rows != f.filled_rows || f.row != f.filled_row;
}

/** Of parameter `k` of node `made`. */
medtl_filling medtl_training_graph_filling(const medtl_training_graph *training,
                                           const medtl_graph *network, size_t made, size_t k);

medtl_status medtl_training_graph_create(const medtl_graph *network, medtl_training_graph *training,
                                         medtl_error *err);
void medtl_training_graph_clear(medtl_training_graph *training); /* also of a zeroed one */

#endif
