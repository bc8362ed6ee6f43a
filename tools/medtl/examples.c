#include "examples.h"

#include "core/train/csv.h"
#include "labels.h"
#include "run_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct example {
    size_t row;
    double sure; /* probability of the class that was predicted */
    bool right;
} example;

static int by_sureness(const void *a, const void *b)
{
    const example *x = a, *y = b;

    if (x->sure != y->sure)
        return x->sure > y->sure ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static medtl_status list_examples(const medtl_table *table, const char *path, example **out,
                                  medtl_error *err)
{
    const size_t label = medtl_table_column(table, "label"),
                 predicted = medtl_table_column(table, "predicted");
    example *list = calloc(medtl_table_rows(table) + 1, sizeof *list);

    *out = list;
    if (list == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    if (label == MEDTL_NO_COLUMN || predicted == MEDTL_NO_COLUMN ||
        medtl_table_column(table, "file") == MEDTL_NO_COLUMN)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: no columns file, label and predicted", path);
    for (size_t i = 0; i < medtl_table_rows(table); i++) {
        char name[300];
        size_t column;

        snprintf(name, sizeof name, "p_%s", medtl_table_cell(table, i, predicted));
        column = medtl_table_column(table, name);
        list[i] = (example){
            i, column != MEDTL_NO_COLUMN ? strtod(medtl_table_cell(table, i, column), NULL) : 0.0,
            strcmp(medtl_table_cell(table, i, label), medtl_table_cell(table, i, predicted)) == 0};
    }
    qsort(list, medtl_table_rows(table), sizeof *list, by_sureness);
    return MEDTL_OK;
}

/* Is there an image of this class among those that were chosen? */
static bool has_class(const medtl_table *table, const size_t *rows, size_t count, size_t row)
{
    const size_t label = medtl_table_column(table, "label");

    for (size_t i = 0; i < count; i++)
        if (strcmp(medtl_table_cell(table, rows[i], label), medtl_table_cell(table, row, label)) ==
            0)
            return true;
    return false;
}

/* @param[out] rows  [most]. @return how many. */
static size_t choose(const medtl_table *table, const example *list, size_t most, size_t *rows)
{
    const size_t count = medtl_table_rows(table);
    size_t wrong = 0, chosen = 0;

    for (size_t i = 0; i < count; i++)
        wrong += !list[i].right;
    wrong = wrong < most / 2 ? wrong : most / 2;
    for (size_t i = 0; i < count && chosen < most - wrong; i++)
        if (list[i].right && !has_class(table, rows, chosen, list[i].row))
            rows[chosen++] = list[i].row;
    for (size_t i = 0; i < count && wrong > 0; i++)
        if (!list[i].right) {
            rows[chosen++] = list[i].row;
            wrong--;
        }
    return chosen;
}

/* The value of "--name VALUE" in a stage's arguments; NULL: none. */
static const char *value_of(const recipe_step *step, const char *name)
{
    for (size_t i = 1; i + 1 < step->argument_count; i++)
        if (strcmp(step->arguments[i], name) == 0)
            return step->arguments[i + 1];
    return NULL;
}

/* A file of the table, from its folder or from --root. Owned. */
static char *image_path(const recipe_step *evaluated, const char *file)
{
    const char *root = value_of(evaluated, "--root"), *data = value_of(evaluated, "--data");
    const char *slash = data != NULL ? strrchr(data, '/') : NULL;
    char *path = NULL;

    if (file[0] == '/')
        return strdup(file);
    if (root != NULL)
        return path_join(root, file);
    if (slash == NULL)
        return asprintf(&path, "./%s", file) >= 0 ? path : NULL; /* never taken for an option */
    return asprintf(&path, "%.*s/%s", (int)(slash - data), data, file) >= 0 ? path : NULL;
}

static bool is_inverted(const labels *l, const char *file)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->rows[i].file, file) == 0)
            return l->rows[i].inverted;
    return false;
}

/* Pictures that the table calls inverted have to be called that again: their files do not say it. */
static medtl_status add_pictures(const recipe_step *evaluated, const labels_options *options,
                                 const medtl_table *table, const size_t *rows, size_t count,
                                 recipe_step *out, medtl_error *err)
{
    labels l = {0};
    medtl_status status = options->data != NULL ? labels_read(options, NULL, 0, &l, err) : MEDTL_OK;

    for (size_t i = 0; i < count && status == MEDTL_OK; i++) {
        const char *file = medtl_table_cell(table, rows[i], medtl_table_column(table, "file"));

        if (is_inverted(&l, file))
            out->arguments[out->argument_count++] = strdup("--inverted");
        out->arguments[out->argument_count++] = image_path(evaluated, file);
    }
    labels_clear(&l);
    return status;
}

static medtl_status fill_step(const recipe_step *evaluated, const labels_options *labelled,
                              const medtl_table *table, const size_t *rows, size_t count,
                              recipe_step *out, medtl_error *err)
{
    const char *const fixed[] = {
        "--model", value_of(evaluated, "--model"), "--output", out->folder, "--json", out->product,
        "--quiet"};
    const size_t fixed_count = sizeof fixed / sizeof fixed[0];
    bool complete = true;
    medtl_status status;

    out->arguments = calloc(2 * count + fixed_count + 2, sizeof *out->arguments);
    if (out->arguments == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for examples");
    out->arguments[out->argument_count++] = strdup("explain");
    for (size_t i = 0; i < fixed_count; i++)
        out->arguments[out->argument_count++] = strdup(fixed[i]);
    if ((status = add_pictures(evaluated, labelled, table, rows, count, out, err)) != MEDTL_OK)
        return status;
    for (size_t i = 0; i < out->argument_count; i++)
        complete = complete && out->arguments[i] != NULL;
    return complete ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for examples");
}

static medtl_status make_step(const recipe_step *evaluated, const recipe_inputs *inputs,
                              size_t most, recipe_step *out, medtl_error *err)
{
    char *path = path_join(evaluated->folder, "predictions.csv");
    size_t *rows = calloc(most, sizeof *rows), count;
    medtl_table *table = NULL;
    example *list = NULL;
    medtl_status status = MEDTL_OK;

    out->name = "examples";
    out->command = "explain";
    out->folder = path_join(inputs->run_folder, "examples");
    out->product = out->folder != NULL ? path_join(out->folder, "explain.json") : NULL;
    if (path == NULL || rows == NULL || out->product == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for examples");
    if (status == MEDTL_OK && (status = medtl_table_read(path, &table, err)) == MEDTL_OK &&
        (status = list_examples(table, path, &list, err)) == MEDTL_OK) {
        count = choose(table, list, most, rows);
        if (count > 0)
            status = fill_step(evaluated, &inputs->labels, table, rows, count, out, err);
    }
    medtl_table_destroy(table);
    free(list);
    free(rows);
    free(path);
    return status;
}

medtl_status examples_step(const recipe_plan *plan, const recipe_inputs *inputs, size_t count,
                           recipe_step *out, medtl_error *err)
{
    const recipe_step *evaluated = NULL;
    medtl_status status;

    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->steps[i].command, "evaluate") == 0 &&
            value_of(&plan->steps[i], "--model") != NULL)
            evaluated = &plan->steps[i];
    if (evaluated == NULL || count == 0)
        return MEDTL_OK;
    status = make_step(evaluated, inputs, count, out, err);
    if (status != MEDTL_OK || out->argument_count == 0)
        recipe_step_clear(out);
    return status;
}
