/* Heat maps for a run's report: which of the images that a stage has evaluated are worth a look. */
#ifndef MEDTL_TOOL_EXAMPLES_H
#define MEDTL_TOOL_EXAMPLES_H

#include "recipe_plan.h"

/** A stage "medtl explain" on images of the last stage that evaluates: of each class the one that was told most surely,
 *  and the ones that were most surely wrong.
 *  @param count     Images at most; half of them wrong ones, where there are so many.
 *  @param[out] out  For recipe_step_clear(); all zero where no stage evaluates or `count` is 0.
 *  @return MEDTL_OK; MEDTL_E_FORMAT or MEDTL_E_IO where predictions.csv cannot be read; MEDTL_E_MEMORY. */
medtl_status examples_step(const recipe_plan *plan, const recipe_inputs *inputs, size_t count,
                           recipe_step *out, medtl_error *err);

#endif
