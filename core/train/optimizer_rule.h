/* What an optimiser's kind is: how one run of values of a parameter moves. One file each (optimizer_*.c),
 * found by medtl_optimizer_rule_of(). */
#ifndef MEDTL_TRAIN_OPTIMIZER_RULE_H
#define MEDTL_TRAIN_OPTIMIZER_RULE_H

#include "optimizer.h"

/** A run of values of one parameter in one step. Gradients are used times gradient_scale (clipping). */
typedef struct medtl_run {
    float *value;
    const float *gradient;
    float *first, *second; /* the state: as many arrays as the rule asks for, else NULL */
    size_t count;
    double gradient_scale;
    double rate;   /* of this step and this parameter's group */
    double decay;  /* weight decay of this parameter's group */
    double trust;  /* from the rule's own `trust`, else 1 */
    uint64_t step; /* 1-based */
} medtl_run;

typedef struct medtl_optimizer_rule {
    int moments; /* arrays of state for each parameter: 1 or 2 */
    /* Elementwise, so that cutting a parameter into runs changes no bit. */
    void (*step)(const medtl_optimizer_options *options, const medtl_run *run);
    /* A factor from the lengths of the whole parameter and its (scaled) gradient; NULL: none. Asked for
     * weights only, not for biases and norms. */
    double (*trust)(const medtl_optimizer_options *options, double decay, double value_length,
                    double gradient_length);
} medtl_optimizer_rule;

extern const medtl_optimizer_rule medtl_optimizer_sgd, medtl_optimizer_momentum,
    medtl_optimizer_adam, medtl_optimizer_adamw, medtl_optimizer_lars;

const medtl_optimizer_rule *medtl_optimizer_rule_of(medtl_optimizer_kind kind);

#endif
