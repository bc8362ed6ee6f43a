/* What classifiers by distance share: the input in standard units, and squared distances to stored vectors.
 *
 * Parameters begin with "standard" [2][size] (shift, then scale: z = (x - shift) * scale, where a Gaussian kernel's width is
 * part of the scale) and "vectors" [vectors][size], which are stored as z. */
#ifndef MEDTL_NN_NODE_DISTANCE_H
#define MEDTL_NN_NODE_DISTANCE_H

#include "graph.h"

/** Append a node of this kind and declare the two parameters. @return false after a failure. */
bool medtl_graph_distance(medtl_graph *graph, const medtl_node_ops *ops, size_t x, size_t outputs,
                          size_t vectors, size_t neighbours, const char *name);

/** `plan` of such kinds: remembers the input's size. */
medtl_status medtl_distance_plan(medtl_node *node, const medtl_shape *in, medtl_error *err);

/** z of one image. */
void medtl_distance_standardise(const medtl_node_run *run, const float *x, float *z);

/** |z - v|^2 for vector `index`, summed in double. */
double medtl_distance_squared(const medtl_node_run *run, const float *z, size_t index);

#endif
