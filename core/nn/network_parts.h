/* The inside of a network, for the files of core/nn that make, read and run one. */
#ifndef MEDTL_NN_NETWORK_PARTS_H
#define MEDTL_NN_NETWORK_PARTS_H

#include "graph.h"
#include "network.h"

struct medtl_network {
    medtl_network_spec spec; /* completed */
    medtl_graph graph;
    medtl_parameter *parameters; /* in the order of graph.declarations */
    float *values;               /* of all of them, value_count with padding */
    size_t value_count;
    uint32_t stage_count;
};

/** As medtl_network_create(), but the values are left zero: a file will fill them.
 *  @param most  Refuse (MEDTL_E_FORMAT) a network of more parameters: what the file could hold. */
medtl_status medtl_network_create_empty(const medtl_network_spec *spec, size_t most,
                                        medtl_network **out, medtl_error *err);

/** A network over a finished graph, which it takes over (on success). spec.classes becomes the output's
 *  channels; the values are initialised from `seed`. */
medtl_status medtl_network_from_graph_take(medtl_graph *graph, uint64_t seed, medtl_network **out,
                                           medtl_error *err);

/** Set what a run of node `index` sees of the graph; memory and parameters are the caller's to set. */
void medtl_node_run_init(medtl_node_run *run, const medtl_graph *graph, size_t index);

/** 64-byte aligned floats; count 0 gives a valid block too. NULL if out of memory. Give to free(). */
float *medtl_floats_allocate(size_t count);

#endif
