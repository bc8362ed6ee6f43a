/* Small graphs by hand: build, plan, run. */
#ifndef MEDTL_TEST_GRAPH_RUN_H
#define MEDTL_TEST_GRAPH_RUN_H

#include "core/nn/tensor/nd_plan.h"

/** A type of floats: shape(3, 1, 2, 3). */
medtl_nd_type shape(size_t rank, ...);

/** Numbers in [-1, 1) that follow from the seed. */
void noise(float *values, size_t count, unsigned seed);

void add_floats(medtl_nd_graph *graph, const char *name, medtl_nd_type type, const float *values);
void add_input(medtl_nd_graph *graph, const char *name, medtl_nd_type type);

/** Inputs are names separated by spaces; one output. `ints` are lists of attributes: {"pads", 4, {1, 1, 1, 1}}. */
typedef struct int_list {
    const char *name;
    size_t count;
    int64_t values[8];
    bool single;
} int_list;
void add_node(medtl_nd_graph *graph, const char *op, const char *inputs, const char *output,
              const int_list *ints, size_t count);

/** Plan the graph (taking it over), run it with one input and copy the only output. */
void run_graph(medtl_nd_graph *graph, const float *input, size_t threads, float *output);

/** Nodes that are left after planning. */
size_t live_nodes(const medtl_nd_plan *plan);

#endif
