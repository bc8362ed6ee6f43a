/* A network made ready for inference: batch norms folded into the convolutions before them, additions
 * and ReLUs fused into the convolutions they follow, dropout gone, activations in blocks of 16 channels wherever
 * they can be, weights packed, memory laid out. Immutable; predictors share it. */
#ifndef MEDTL_NN_PLAN_H
#define MEDTL_NN_PLAN_H

#include "blocked/conv.h"
#include "layout.h"
#include "network_parts.h"
#include "ranges.h"

/** The weights of one node, as its forward wants them. */
typedef struct medtl_plan_weights {
    float *packed; /* convolutions */
    /* convolution: scale and shift of the input [2][channels] or NULL, bias, scale and shift of the output or NULL;
     * affine: scale, shift; others: their own */
    float *parameters[MEDTL_NODE_MAX_PARAMETERS];
} medtl_plan_weights;

typedef struct medtl_plan {
    medtl_graph graph;          /* rewritten; its parameters are not used */
    medtl_blocked_conv **convs; /* of each node: how a convolution on blocks is done, or NULL */
    medtl_plan_weights *weights;
    float *values; /* of all weights */
    medtl_layout layout;
    size_t scratch; /* floats a thread */
} medtl_plan;

medtl_status medtl_plan_create(const medtl_network *network, medtl_plan *plan, medtl_error *err);

/** The same, with convolutions in whole numbers where a range is given and they gain.
 *  @return MEDTL_E_FORMAT for a range of what is no convolution of the network, too. */
medtl_status medtl_plan_create_int8(const medtl_network *network, const medtl_ranges *ranges,
                                    medtl_plan *plan, medtl_error *err);
void medtl_plan_clear(medtl_plan *plan); /* also of a zeroed one */

/** Floats that all threads share while `count` images are computed together. */
size_t medtl_plan_shared_size(const medtl_plan *plan, size_t count);

#endif
