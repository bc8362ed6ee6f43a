/* A network's forward pass by the shortest loops there are, in double: the truth that passes, plans and
 * gradients are tested against. Shares with the product the graph, and no arithmetic. */
#ifndef MEDTL_TEST_NAIVE_NETWORK_H
#define MEDTL_TEST_NAIVE_NETWORK_H

#include "core/nn/network_parts.h"

#include <stdbool.h>
#include <stddef.h>

/** Parameter `index` moved by step * direction[i]. */
typedef struct naive_move {
    size_t index;
    const double *direction;
    double step;
} naive_move;

/** Logits [count][classes] of [count][c][h][w], which the caller frees. Dropout does nothing.
 *  @param training  Norms use the batch's statistics. @param move  May be NULL. */
double *naive_forward(const medtl_network *network, const float *input, size_t count, bool training,
                      const naive_move *move);

/** d/dstep at 0, by central differences, of sum of coefficients[i] * logits[i] in training mode. */
double naive_derivative(const medtl_network *network, const float *input, size_t count,
                        const float *coefficients, size_t index, const double *direction);

#endif
