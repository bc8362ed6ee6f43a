/* Experiments: a matrix of recipes (arms), training sizes and seeds, as an XML file. Only the offline tools use them. */
#ifndef MEDTL_CONFIG_EXPERIMENT_H
#define MEDTL_CONFIG_EXPERIMENT_H

#include "config/recipe.h"

#include <stdint.h>

/** A labelled table. Texts are owned by the experiment; NULL: not said. */
typedef struct medtl_experiment_data {
    char *name, *table, *root, *columns, *label_map, *task, *normaliser, *classes, *test,
        *validation;
    size_t cross_validation; /* parts; 0: the folds of the table */
} medtl_experiment_data;

/** A run of a recipe: prepared once, or an arm of the matrix. */
typedef struct medtl_experiment_run {
    char *name, *recipe;
    size_t data; /* index; data_count: none */
    medtl_setting *settings;
    size_t setting_count;
} medtl_experiment_run;

typedef struct medtl_experiment {
    char *name, *title, *question;
    char **notes;
    size_t note_count;
    medtl_experiment_data *data;
    size_t data_count;
    medtl_experiment_run *prepared;
    size_t prepared_count;
    medtl_experiment_run *arms;
    size_t arm_count, baseline; /* baseline: index of an arm */
    uint64_t *sizes, *seeds;
    size_t size_count, seed_count; /* no size: all that there is */
    double validation_share;
    char **measures;
    size_t measure_count;
    char sha256[MEDTL_SHA256_TEXT_SIZE];
} medtl_experiment;

/** @param[out] out  For medtl_experiment_destroy(). @return As medtl_recipe_load(). */
medtl_status medtl_experiment_load(const char *path, medtl_experiment **out, medtl_error *err);
void medtl_experiment_destroy(medtl_experiment *experiment); /* NULL is allowed */

#endif
