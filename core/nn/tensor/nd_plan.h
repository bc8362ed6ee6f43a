/* A graph made ready to run: types of all values, constants folded, nodes that nobody needs gone, batch norms folded
 * into convolutions, ReLUs and additions fused, weights packed, and every value that remains laid into one arena by
 * lifetime. Immutable; runners share it. */
#ifndef MEDTL_ND_PLAN_H
#define MEDTL_ND_PLAN_H

#include "nd.h"

typedef struct medtl_nd_plan {
    medtl_nd_graph *graph; /* rewritten */
    size_t *root;          /* of each value: the value in whose memory it lies */
    size_t *offset; /* of each root: bytes into the arena; MEDTL_ND_NONE for constants and inputs */
    size_t arena;   /* bytes */
    size_t scratch, shared; /* floats: for each thread, for all */
} medtl_nd_plan;

/** @param graph  Taken over on success; after a failure only good for destroying. */
medtl_status medtl_nd_plan_create_take(medtl_nd_graph *graph, medtl_nd_plan *plan,
                                       medtl_error *err);
void medtl_nd_plan_clear(medtl_nd_plan *plan); /* also of a zeroed one */

/* Its parts. */

/** Types of all values; constants folded. */
medtl_status medtl_nd_infer_all(medtl_nd_graph *graph, medtl_error *err);
/** Drop what nobody needs, fold and fuse. */
medtl_status medtl_nd_rewrite(medtl_nd_graph *graph, medtl_error *err);
/** Set root, offset and arena. */
medtl_status medtl_nd_layout(medtl_nd_plan *plan, medtl_error *err);
/** Mark the nodes dead that no output needs. */
medtl_status medtl_nd_sweep(medtl_nd_graph *graph, medtl_error *err);

#endif
