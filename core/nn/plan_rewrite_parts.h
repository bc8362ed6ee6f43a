/* What the files that rewrite a network as a plan share. Nodes are named by their index in the network's graph unless
 * they are called "made"; node 0 (MEDTL_NO_NODE) also says that memory ran out, and then plan->graph.status does. */
#ifndef MEDTL_NN_PLAN_REWRITE_PARTS_H
#define MEDTL_NN_PLAN_REWRITE_PARTS_H

#include "plan_rewrite.h"

typedef struct medtl_rewrite {
    const medtl_graph *old;
    medtl_plan *plan;
    medtl_made *made; /* of each node of the plan */
    size_t *renamed;  /* node -> made node that computes it */
    size_t *delayed;  /* pool -> batch norm that moves behind it */
    size_t *needed;   /* by the results, directly or through others: 0 or 1 */
    size_t *spread;   /* batch norm -> 1: done by the inputs of the concatenation before it */
    size_t
        *left; /* batch norm -> 1: done by the convolution that reads it, or the pool before that */
} medtl_rewrite;

static inline medtl_node *medtl_rewrite_made(const medtl_rewrite *r, size_t made)
{
    return &r->plan->graph.nodes[made];
}

/** Append a node to the plan. @return its index, or MEDTL_NO_NODE. */
size_t medtl_rewrite_append(medtl_rewrite *r, const medtl_node *prototype, const medtl_made *made);

/** The activation `made` in the layout asked for: itself, or a conversion that is made when it is first wanted. */
size_t medtl_rewrite_convert(medtl_rewrite *r, size_t made, bool blocked);

/** Can batch norm `norm` become part of the weights of `conv`, which nobody else reads? */
bool medtl_rewrite_folds(const medtl_rewrite *r, size_t norm, size_t conv);

/** The average pool behind 1x1 convolution `conv` that goes before it, or MEDTL_NO_NODE. */
size_t medtl_rewrite_pool_first(const medtl_rewrite *r, size_t conv);

/** Is batch norm `norm` done by such a pool as it reads? */
bool medtl_rewrite_is_left_to_pool(const medtl_rewrite *r, size_t norm);

/** Append that pool, which must be there, before `conv` is. @return its index in the plan. */
size_t medtl_rewrite_pool_before(medtl_rewrite *r, size_t conv);

/** Append convolution `index`, with those beside it that had better be computed with it, unless that is done already. */
void medtl_rewrite_conv(medtl_rewrite *r, size_t index);

/** Addition `index` (`node`): the input that is computed last takes the other in as it writes, if it is a convolution
 *  that nobody else reads. @return false if neither does. */
bool medtl_rewrite_fuse_addition(medtl_rewrite *r, const medtl_node *node, size_t index);

#endif
