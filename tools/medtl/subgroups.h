/* How good a model is on parts of the images: by age, sex, site, density, or any other column of the table. */
#ifndef MEDTL_TOOL_SUBGROUPS_H
#define MEDTL_TOOL_SUBGROUPS_H

#include "scored.h"

#include <jansson.h>
#include <stdio.h>

/** One value (or band of values) of one column. */
typedef struct subgroup {
    char *column, *value; /* owned; value is "(none)" for empty fields, "[40, 60)" for a band */
    size_t classes;       /* that occur in it */
    medtl_evaluation *evaluation;
} subgroup;

typedef struct subgroup_list {
    subgroup *items;
    size_t count;
} subgroup_list;

/** @param spec  "sex,age:20,view": columns; with ":WIDTH" numbers in bands of that width, from a multiple of it.
 *  @param rows  The table's row of each image.
 *  @return MEDTL_E_ARGUMENT for a column that the table lacks, a width that is no number above 0, or more than a hundred
 *          values of a column. */
medtl_status subgroups_evaluate(const char *spec, const scored *all, const labels *table,
                                const size_t *rows, const medtl_evaluation_options *how,
                                subgroup_list *out, medtl_error *err);
void subgroups_clear(subgroup_list *list); /* all zero is allowed */

void subgroups_print(FILE *stream, const subgroup_list *list, const char *const *classes);

/** A list of {"column", "value", "classes_present", "evaluation"}; NULL without memory. */
json_t *subgroups_json(const subgroup_list *list, const char *const *classes);

#endif
