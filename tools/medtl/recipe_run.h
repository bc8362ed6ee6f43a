/* Carrying out a recipe: each stage that is not done yet, as a child process; then the report. */
#ifndef MEDTL_TOOL_RECIPE_RUN_H
#define MEDTL_TOOL_RECIPE_RUN_H

#include "recipe_plan.h"

typedef struct recipe_outcome {
    size_t stages, already_done;
    bool
        incomplete; /* a stage named files that it could not read, now or when it was carried out */
    double seconds; /* of the stages that ran now */
} recipe_outcome;

/** @param say  A line to standard output about each stage.
 *  @return MEDTL_OK; MEDTL_E_CANCELLED where it was stopped (the same call goes on); MEDTL_E_IO where a stage failed
 *          (it said why; its log has more); or what the run folder says (run_folder.h). */
medtl_status recipe_run(const medtl_recipe *recipe, const recipe_inputs *inputs, bool force,
                        bool say, recipe_outcome *out, medtl_error *err);

/** Only check that every stage's command takes its options: nothing is run and no folder made. */
medtl_status recipe_check(const medtl_recipe *recipe, const recipe_inputs *inputs, bool say,
                          medtl_error *err);

#endif
