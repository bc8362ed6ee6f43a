#include "unfreeze.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The group of a stage that can move, counted from the top. */
static size_t group_of(uint32_t stage, uint32_t frozen, uint32_t stages, size_t groups)
{
    const size_t below = stages - 1 - frozen; /* stages that are not the head's */

    if (stage + 1 == stages || groups < 2)
        return 0;
    return groups - 1 - (size_t)(stage - frozen) * (groups - 1) / below;
}

static medtl_status check(const medtl_unfreeze *u, uint32_t stages, uint32_t frozen, uint64_t steps,
                          medtl_error *err)
{
    const uint32_t left = stages > frozen ? stages - frozen : 0;
    uint64_t before = 0;

    if (u->groups > MEDTL_MOST_GROUPS || u->groups > left)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "%zu groups of stages, but the network has %u stages that can move",
                          u->groups, (unsigned)left);
    for (size_t g = 0; g < u->groups; g++) {
        const double share = u->opens[g];
        const uint64_t opens = (uint64_t)ceil(share * (double)steps);

        if (!(share >= 0.0 && share < 1.0) || (g > 0 && share < u->opens[g - 1]))
            return medtl_fail(err, MEDTL_E_ARGUMENT,
                              "groups open at shares of the steps from 0 to below 1 that do not "
                              "fall; group %zu from the top opens at %g",
                              g, share);
        if (opens >= steps || (g > 0 && share > u->opens[g - 1] && opens == before))
            return medtl_fail(err, MEDTL_E_ARGUMENT,
                              "%llu steps are too few for gradual unfreezing: group %zu from the "
                              "top opens after %g of them and would have no step of its own",
                              (unsigned long long)steps, g, share);
        before = opens;
    }
    return MEDTL_OK;
}

medtl_status medtl_stage_plan_create(const medtl_unfreeze *unfreeze, uint32_t stages,
                                     uint32_t frozen, uint64_t steps, medtl_stage_plan *out,
                                     medtl_error *err)
{
    const double decay = unfreeze->decay > 0.0 ? unfreeze->decay : 1.0;
    medtl_status status;

    memset(out, 0, sizeof *out);
    if ((status = check(unfreeze, stages, frozen, steps, err)) != MEDTL_OK)
        return status;
    out->stages = stages;
    out->rates = calloc(stages + 1, sizeof *out->rates);
    out->opens = calloc(stages + 1, sizeof *out->opens);
    if (out->rates == NULL || out->opens == NULL) {
        medtl_stage_plan_clear(out);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %u stages", (unsigned)stages);
    }
    for (uint32_t s = 0; s < stages; s++) {
        const size_t group =
            s >= frozen && unfreeze->groups > 0 ? group_of(s, frozen, stages, unfreeze->groups) : 0;

        out->rates[s] = pow(decay, (double)group);
        out->opens[s] = (uint64_t)ceil(unfreeze->opens[group] * (double)steps);
    }
    return MEDTL_OK;
}

void medtl_stage_plan_clear(medtl_stage_plan *plan)
{
    free(plan->rates);
    free(plan->opens);
    memset(plan, 0, sizeof *plan);
}
