/* Which parts of a network learn, how fast, and from when on.
 *
 * The stages of a network fall into groups: the last stage (the head) is one, the others are shared out evenly. Rates
 * that fall from group to group (discriminative rates) and groups that open one after another from the top (gradual
 * unfreezing) are those of Howard & Ruder, arXiv 1801.06146, and of Romero et al., arXiv 1912.06761: three groups at
 * lr/9, lr/3 and lr, of which the second opens after 10 % of the steps and the first after 20 %. */
#ifndef MEDTL_TRAIN_UNFREEZE_H
#define MEDTL_TRAIN_UNFREEZE_H

#include "medtl/error.h"

#include <stddef.h>
#include <stdint.h>

enum { MEDTL_MOST_GROUPS = 16 };

typedef struct medtl_unfreeze {
    size_t groups; /* 0: all stages are one group that is open from the start */
    double decay;  /* the rate of a group is this times that of the group above it; 0: as 1 */
    double opens
        [MEDTL_MOST_GROUPS]; /* share of the steps, 0 to below 1, after which a group opens, counted from
                                        the top: [0] is the head's */
} medtl_unfreeze;

/** What it comes to for each stage. */
typedef struct medtl_stage_plan {
    uint32_t stages;
    double *rates;   /* [stages]: factors on the learning rate */
    uint64_t *opens; /* [stages]: the first step (0-based) that moves them */
} medtl_stage_plan;

/** @param frozen  Stages below this never move: the groups are made of the others.
 *  @param steps   Of the whole run.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for more groups than stages, or fewer steps than give each group one of its own
 *          (with the numbers); MEDTL_E_MEMORY. */
medtl_status medtl_stage_plan_create(const medtl_unfreeze *unfreeze, uint32_t stages,
                                     uint32_t frozen, uint64_t steps, medtl_stage_plan *out,
                                     medtl_error *err);
void medtl_stage_plan_clear(medtl_stage_plan *plan); /* also of a zeroed one */

#endif
