/* What the files that build a graph share. */
#ifndef MEDTL_ND_GRAPH_H
#define MEDTL_ND_GRAPH_H

#include "nd_op.h"

/** @return MEDTL_E_MEMORY, with the graph's file in the message. */
medtl_status medtl_nd_no_memory(const medtl_nd_graph *graph, medtl_error *err);

/** Add a value that nobody has written yet.
 *  @param[out] out  Its index.
 *  @return MEDTL_E_FORMAT for a name that is empty, too long or there already; MEDTL_E_MEMORY. */
medtl_status medtl_nd_add_value(medtl_nd_graph *graph, const char *name, size_t *out,
                                medtl_error *err);

#endif
