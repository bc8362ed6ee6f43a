/* Looking at a predictor node by node: what ran, by which algorithm, how much arithmetic it was. For benchmarks
 * and for whoever wonders which kernel took a layer and why; nothing here reads a clock, the watcher does. */
#ifndef MEDTL_NN_PROFILE_H
#define MEDTL_NN_PROFILE_H

#include "graph.h"

/** Told of a node right after its forward over run->count images. Called on the thread that runs the
 *  predictor, in the order of the plan; images go through in groups, so a node may come several times a run. */
typedef void (*medtl_node_watch)(void *context, const medtl_node_run *run);

/** From now on `watch` is called after each node; NULL: nobody is. Not while the predictor runs. A model that came
 *  from ONNX has other nodes, which are not shown. */
void medtl_predictor_watch(medtl_predictor *predictor, medtl_node_watch watch, void *context);

/** The graph that the predictor's nodes are of: the plan's, fused and rewritten. Borrowed from the model. */
const medtl_graph *medtl_predictor_graph(const medtl_predictor *predictor);

/** How the node computes, in a few words for a table: the algorithm that was chosen for a convolution (for
 *  parallel kernels that are computed together, with how many they are), "" where there is only one way. */
void medtl_node_algorithm(const medtl_node_run *run, char *text, size_t size);

/** Multiply-adds of one image by the definition of the layer, however it is computed (an algorithm that needs
 *  fewer shows as a higher rate): convolutions and linear layers; 0 for all others.
 *  @param in  Of the first input. */
double medtl_node_products(const medtl_node *node, medtl_shape in);

/** The same of a node as a predictor runs it, which may be several convolutions of the network at once. */
double medtl_run_products(const medtl_node_run *run);

/** The same of a whole network, as it was built. */
double medtl_graph_products(const medtl_graph *graph);

#endif
