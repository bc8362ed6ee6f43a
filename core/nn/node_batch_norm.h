/* What batch norm's two layouts share: a channel's statistics, and its factors forward and backward. State: the
 * batch mean and 1/sd of channel c at [2 c] and [2 c + 1]; blocked norms keep their sums behind them. */
#ifndef MEDTL_NN_NODE_BATCH_NORM_H
#define MEDTL_NN_NODE_BATCH_NORM_H

#include "node_parts.h"

/** Parameters, PyTorch's order. */
enum { MEDTL_NORM_SCALE, MEDTL_NORM_SHIFT, MEDTL_NORM_MEAN, MEDTL_NORM_VARIANCE };

/** Does this forward measure the batch? */
static inline bool medtl_norm_measures(const medtl_node_run *run)
{
    return run->training && !run->frozen && !run->again;
}

static inline bool medtl_norm_is_frozen(const medtl_node_run *run)
{
    return run->training && run->frozen;
}

/** Channel c's mean and 1/sd into the state, and blended into the running statistics. `sum` and `squares` are of all
 *  (x - origin) and of their squares: counting from an origin near the mean keeps the difference of the two exact
 *  enough (shifted data algorithm, Chan, Golub & LeVeque 1983). */
void medtl_norm_take_sums(const medtl_node_run *run, size_t c, float origin, double sum,
                          double squares);

/** Channel c's running statistics into the state, for a training forward in which they are frozen. */
void medtl_norm_take_running(const medtl_node_run *run, size_t c);

/** Channel c's factors of y = scale x + shift: from the state in training, else from the running statistics. */
void medtl_norm_forward_factors(const medtl_node_run *run, size_t c, float *scale, float *shift);

/** Channel c before backward's sums are known: all but a, b and c. */
medtl_norm_channel medtl_norm_channel_of(const medtl_node_run *run, size_t c);

/** The gradients of channel c's scale and shift, from the sums of dy and of dy * (x - mean). */
void medtl_norm_take_products(const medtl_node_run *run, size_t c, double sum, double products);

/** a, b and c of dx = a (dy + c + b (x - mean)), from the same sums. */
void medtl_norm_backward_factors(const medtl_node_run *run, size_t c, double sum, double products,
                                 medtl_norm_channel *channel);

/** Floats that sums over `count` images take in the state of a norm in blocks. */
size_t medtl_norm_blocked_state_size(const medtl_node *node, size_t count);
void medtl_norm_blocked_forward(const medtl_node_run *run);
void medtl_norm_blocked_backward(const medtl_node_run *run);

#endif
