/* The inside of a training pass, for the files that lay out its memory (trainer_pass_memory.c), run it forward
 * (trainer_pass.c) and backward (trainer_pass_backward.c). */
#ifndef MEDTL_NN_TRAINER_PASS_H
#define MEDTL_NN_TRAINER_PASS_H

#include "layout.h"
#include "network_parts.h"
#include "node_parts.h"
#include "training_graph.h"

struct medtl_trainer_pass {
    medtl_network *network;
    medtl_training_graph training;
    size_t batch, count; /* largest, and of the last forward */
    medtl_pool *pool;
    medtl_node_run *runs;    /* one for each node */
    medtl_segments segments; /* one, unless activations are computed again */
    medtl_layout whole,
        partial; /* activations where all is trained; where only a part is, or unset */
    const medtl_layout *activations; /* the one of these in use */
    medtl_layout gradients;
    float *activation_arena, *gradient_arena;
    float *filled; /* parameters of nodes whose channels were filled up, as these want them */
    float *parameter_gradients, *states, *packed, *packed_backward, *packed_blocked, *scratch,
        *shared;
    float *logits;
    size_t floats; /* of all these blocks */

    /* For backward. */
    size_t first; /* it ends with this node: those before it have no parameter that is trained */
    const float *given[MEDTL_MOST_OUTPUTS]; /* derivatives by named outputs, for the next one */
    bool *reached; /* by the output whose gradient is asked for: one for each node */
};

/** The graph that the pass runs: the network's, rewritten for training. */
static inline const medtl_graph *medtl_trainer_pass_graph(const medtl_trainer_pass *pass)
{
    return &pass->training.graph;
}

/** Parameters of nodes whose channels were filled up: their present values, before a forward; the statistics that it
 *  moved, behind it; and the gradients of node `index` in the network's order, behind its backward. */
void medtl_trainer_pass_fill(medtl_trainer_pass *pass);
void medtl_trainer_pass_take_statistics(medtl_trainer_pass *pass);
void medtl_trainer_pass_take_gradients(medtl_trainer_pass *pass, size_t index);

/** Lay activations and gradients out, allocate all blocks and point the runs, which are started, at their parts. What
 *  reads the input is pointed at it by each forward. */
medtl_status medtl_trainer_pass_reserve(medtl_trainer_pass *pass, size_t threads, bool recompute,
                                        medtl_error *err);
/** Keep what backward from `pass->first` on wants, and no more. The arena stays: what is not used of it is not taken from
 *  the system. */
void medtl_trainer_pass_lay_out_part(medtl_trainer_pass *pass);
void medtl_trainer_pass_release(medtl_trainer_pass *pass); /* also what was reserved in part */

#endif
