/* One step down the gradient, and a running average of the weights. The updates are PyTorch's (torch.optim.SGD,
 * Adam, AdamW) and, for LARS, those of its paper. Parameters fall into groups: by role (weight decay) and by
 * stage (learning rate, freezing). */
#ifndef MEDTL_TRAIN_OPTIMIZER_H
#define MEDTL_TRAIN_OPTIMIZER_H

#include "core/base/pool.h"
#include "core/nn/network.h"
#include "medtl/error.h"

typedef enum medtl_optimizer_kind {
    MEDTL_OPTIMIZER_SGD, /* with Nesterov's momentum */
    MEDTL_OPTIMIZER_ADAMW,
    MEDTL_OPTIMIZER_ADAM,
    MEDTL_OPTIMIZER_LARS,
    MEDTL_OPTIMIZER_MOMENTUM /* SGD with classical momentum */
} medtl_optimizer_kind;

typedef struct medtl_optimizer_options {
    medtl_optimizer_kind kind;
    double momentum;     /* 0 to below 1; Adam and AdamW: beta1 */
    double beta2;        /* Adam, AdamW */
    double epsilon;      /* Adam, AdamW */
    double trust;        /* LARS: the paper's eta, above 0 */
    double weight_decay; /* of MEDTL_PARAMETER_WEIGHT */
    double bias_decay;   /* of MEDTL_PARAMETER_BIAS: biases, and scale and shift of norms */
    double
        layer_decay; /* the learning rate of stage s is times layer_decay^(last stage - s); 0: as 1 */
    double head_rate;       /* and that of the last stage times this; 0: as 1 */
    double clip;            /* largest length of the whole gradient; 0: no limit */
    uint32_t frozen_stages; /* parameters of stages below this stay as they are */
    const double
        *stage_rates; /* [stages]: a further factor on the rate of each; NULL: 1. Both are read on
                                    creation only */
    const uint64_t
        *stage_opens; /* [stages]: steps that are taken before a stage begins to move; NULL: 0 */
    double average;   /* decay of the running average, 0: none, below 1. In the first steps it is
                             min(average, (1 + step) / (10 + step)), so that the start is forgotten */
} medtl_optimizer_options;

typedef struct medtl_optimizer medtl_optimizer;

medtl_status medtl_optimizer_create(medtl_network *network, const medtl_optimizer_options *options,
                                    medtl_optimizer **out, medtl_error *err);
void medtl_optimizer_destroy(medtl_optimizer *optimizer); /* NULL is allowed */

/** Length of the gradient of the parameters that are trained (before clipping). */
double medtl_optimizer_gradient_norm(const medtl_optimizer *optimizer,
                                     const medtl_trainer_pass *pass);

/** Update the network from the gradients of `pass`, then the running average. The result does
 *  not depend on the pool. @param norm  From medtl_optimizer_gradient_norm(). */
void medtl_optimizer_step(medtl_optimizer *optimizer, const medtl_trainer_pass *pass, double rate,
                          double norm, medtl_pool *pool);

/** The lowest stage that the next step moves; the number of stages where it moves none. */
uint32_t medtl_optimizer_open_stage(const medtl_optimizer *optimizer);

/** Exchange the network's values (statistics too) with their running averages; a second call changes
 *  back. No effect where there is no average. */
void medtl_optimizer_swap_average(medtl_optimizer *optimizer);

/** The state as blocks of bytes, for a checkpoint: momenta, averages, step count. The order and sizes
 *  follow from network and options. @return how many. */
size_t medtl_optimizer_block_count(const medtl_optimizer *optimizer);
void *medtl_optimizer_block(medtl_optimizer *optimizer, size_t index, size_t *size); /* borrowed */

#endif
