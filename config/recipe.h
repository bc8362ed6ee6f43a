/* Recipes: published ways to train, as stages of medtl's commands (config/recipes/NAME.xml). Only the offline tools use
 * them. What the stages' options mean is the commands' business: nothing here knows them. */
#ifndef MEDTL_CONFIG_RECIPE_H
#define MEDTL_CONFIG_RECIPE_H

#include "core/base/digest.h"
#include "medtl/error.h"

#include <stddef.h>

typedef enum medtl_stage_data {
    MEDTL_STAGE_LABELLED,   /* the labelled table with its folds */
    MEDTL_STAGE_TEST,       /* its test folds alone */
    MEDTL_STAGE_UNLABELLED, /* the normaliser alone: which images, the recipe says */
    MEDTL_STAGE_NONE
} medtl_stage_data;

/** Texts are owned by the recipe. */
typedef struct medtl_setting {
    char *name;
    char *value; /* NULL: a flag, or a parameter without a default */
    char *help;  /* of a parameter; else NULL */
} medtl_setting;

typedef struct medtl_stage {
    char *name, *command;
    medtl_stage_data data;
    medtl_setting *options;
    size_t option_count;
} medtl_stage;

typedef struct medtl_recipe {
    char *name, *title, *source, *published;
    char **deviations; /* in what our tools differ from what was published */
    size_t deviation_count;
    medtl_setting *parameters;
    size_t parameter_count;
    medtl_stage *stages;
    size_t stage_count;
    char sha256[MEDTL_SHA256_TEXT_SIZE]; /* of the file's canonical content */
} medtl_recipe;

/** @param what  A recipe's file (it has a '/' or ends in ".xml"), or a name: recipes/NAME.xml in the data folder.
 *  @param[out] out  For medtl_recipe_destroy().
 *  @return MEDTL_OK; MEDTL_E_CONFIG with FILE:LINE for what does not fit the schema, or for a name that there is no
 *          recipe of (the message lists those there are); MEDTL_E_IO; MEDTL_E_MEMORY. */
medtl_status medtl_recipe_load(const char *what, medtl_recipe **out, medtl_error *err);
void medtl_recipe_destroy(medtl_recipe *recipe); /* NULL is allowed */

/** Names of the recipes of the data folder, sorted, separated by ", ". @param[out] text  Owned by the caller (free). */
medtl_status medtl_recipe_names(char **text, medtl_error *err);

#endif
