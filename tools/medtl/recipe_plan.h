/* From a recipe and what is given to it, the command lines of its stages. Nothing is run here. */
#ifndef MEDTL_TOOL_RECIPE_PLAN_H
#define MEDTL_TOOL_RECIPE_PLAN_H

#include "config/recipe.h"
#include "labels.h"

/** What a recipe is run on. Borrowed; NULL: not given. */
typedef struct recipe_inputs {
    labels_options labels;
    const char *task, *normaliser, *classes;
    const char *test_folds, *validation_folds;
    const char *run_folder;
    bool locked; /* by the caller (run_folder.h); else that is done when the recipe is run */
    const char
        *anew; /* how a run is started anew, for the message that the folder holds another one */
    uint64_t seed, threads;
    const char *const *sets; /* "parameter=value" or "stage.option=value" */
    size_t set_count;
    size_t examples; /* images with heat maps for the report; 0: none */
} recipe_inputs;

typedef struct recipe_step {
    const char *name, *command; /* borrowed from the recipe */
    char *folder;               /* RUN/1-NAME */
    char *product;              /* the file that is there when the stage is done */
    char **arguments;           /* [0] is the command; ends with NULL */
    size_t argument_count;
} recipe_step;

typedef struct recipe_plan {
    char **values; /* of the recipe's parameters, in their order */
    size_t value_count;
    recipe_step *steps;
    size_t count;
} recipe_plan;

/** @return MEDTL_OK; MEDTL_E_ARGUMENT for a parameter that is missing or that the recipe does not have;
 *          MEDTL_E_CONFIG for a {name} in the recipe that means nothing; MEDTL_E_MEMORY. */
medtl_status recipe_plan_make(const medtl_recipe *recipe, const recipe_inputs *inputs,
                              recipe_plan *out, medtl_error *err);
void recipe_plan_clear(recipe_plan *plan); /* all zero is allowed */
void recipe_step_clear(recipe_step *step); /* likewise */

/** A command line as a person would type it, for a log. @return owned (free); NULL without memory. */
char *recipe_step_text(const recipe_step *step);

/** Do two command lines give the same result? Those that differ in --threads alone do, or in how paths are spelled.
 *  @param from  Folder that relative paths among the arguments start from; those of the step start from the working folder,
 *               as they do where this is NULL. */
bool recipe_step_same(const recipe_step *step, const char *const *arguments, size_t count,
                      const char *from);

#endif
