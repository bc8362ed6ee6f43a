/* From a network's graph to the graph of a plan: what is fused into what, and which activations lie in blocks. */
#ifndef MEDTL_NN_PLAN_REWRITE_H
#define MEDTL_NN_PLAN_REWRITE_H

#include "blocked/conv.h"
#include "plan.h"

enum { MEDTL_NO_NODE = 0 }; /* node 0 is the input, which is neither a norm nor folded */

/** A convolution of the network, and the batch norm behind it that is folded into its weights. */
typedef struct medtl_made_part {
    size_t conv, norm;
} medtl_made_part;

/** What a node of the plan was made of: nodes of the network. */
typedef struct medtl_made {
    medtl_made_part parts[MEDTL_CONV_MOST_PARTS]; /* of convolutions */
    size_t part_count;
    size_t origin;     /* of any other node */
    size_t norm;       /* affine nodes, and convolutions that scale and shift last: whose factors */
    size_t norm_first; /* the norm's channel that is the node's first */
    size_t input_norm; /* convolutions that normalise their input: by which */
    size_t other;      /* the same activation in the other layout, or MEDTL_NO_NODE */
} medtl_made;

/** Fill plan->graph and plan->convs. @param made  Zeroed; 20 for each node of the network are enough. */
medtl_status medtl_plan_rewrite(const medtl_network *network, medtl_plan *plan, medtl_made *made,
                                medtl_error *err);

/** Allocate and fill plan->weights. */
medtl_status medtl_plan_fill_weights(const medtl_network *network, medtl_plan *plan,
                                     const medtl_made *made, medtl_error *err);

static inline bool medtl_plan_is_conv(const medtl_node *node)
{
    return node->ops == &medtl_node_conv;
}

#endif
