/* A network made ready for inference: batch norms folded into the convolutions before them, additions
 * and ReLUs fused into the convolutions they follow, dropout gone, weights packed, memory laid out.
 * Immutable; predictors share it. */
#ifndef MEDTL_NN_PLAN_H
#define MEDTL_NN_PLAN_H

#include "layout.h"
#include "network_parts.h"

/** The weights of one node, as its forward wants them. */
typedef struct medtl_plan_weights {
    float *packed;        /* convolutions */
    float *parameters[2]; /* convolution: -, bias; affine: scale, shift; others: their own */
} medtl_plan_weights;

typedef struct medtl_plan {
    medtl_graph graph; /* rewritten; its parameters are not used */
    medtl_plan_weights *weights;
    float *values; /* of all weights */
    medtl_layout layout;
    size_t scratch; /* floats a thread */
} medtl_plan;

medtl_status medtl_plan_create(const medtl_network *network, medtl_plan *plan, medtl_error *err);
void medtl_plan_clear(medtl_plan *plan); /* also of a zeroed one */

#endif
