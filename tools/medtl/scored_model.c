#include "scored_model.h"

#include "evaluate_leaks.h"
#include "target.h"

#include <stdlib.h>

typedef struct run {
    medtl_model *model;
    target target;
    labels table;
    size_t *rows, count;
    predictions given;
} run;

static medtl_status open_model(run *r, const char *path, medtl_error *err)
{
    medtl_status status = medtl_model_load(path, &r->model, err);
    const medtl_model_info *info;

    if (status != MEDTL_OK)
        return status;
    info = medtl_model_get_info(r->model);
    if (info->normaliser[0] == '\0')
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: the model names no normaliser", path);
    return target_resolve(NULL, info->normaliser, NULL, &r->target, err);
}

static medtl_status choose_rows(run *r, const scored_model_options *o, medtl_error *err)
{
    const medtl_model_info *info = medtl_model_get_info(r->model);
    medtl_status status =
        labels_read(o->labels, info->class_names, info->class_count, &r->table, err);
    bool *chosen;

    if (status != MEDTL_OK)
        return status;
    chosen = calloc(r->table.count + 1, sizeof *chosen);
    r->rows = calloc(r->table.count + 1, sizeof *r->rows);
    if (chosen == NULL || r->rows == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu rows", r->table.count);
    else
        status = labels_choose(&r->table, o->folds, "folds", chosen, err);
    for (size_t i = 0; i < r->table.count && status == MEDTL_OK; i++)
        if (chosen[i] || o->folds == NULL)
            r->rows[r->count++] = i;
    free(chosen);
    if (status == MEDTL_OK && r->count == 0)
        status = medtl_fail(err, MEDTL_E_ARGUMENT, "no row is chosen");
    return status;
}

/* Run the model, and see that the pictures are not those that it was made from. */
static medtl_status measure(run *r, const char *path, const scored_model_options *o, scored *out,
                            size_t *unreadable, medtl_error *err)
{
    const predict_options how = {
        .threads = o->threads, .prints = o->leaks != LEAKS_IGNORE, .quiet = o->quiet};
    bool checked;
    medtl_status status = predict(r->model, &r->target.normaliser, &r->table, r->rows, r->count,
                                  &how, &r->given, err);

    if (status != MEDTL_OK)
        return status;
    *unreadable = r->count - r->given.count;
    if ((double)*unreadable > o->max_unreadable * (double)r->count)
        return medtl_fail(err, MEDTL_E_IO, "%zu of %zu images cannot be read; --max-unreadable %g",
                          *unreadable, r->count, o->max_unreadable);
    if ((status = evaluate_check_pictures(path, NULL, &r->given, &r->table, o->threads, o->leaks,
                                          &checked, err)) != MEDTL_OK)
        return status;
    return scored_from_predictions(&r->given, &r->table, medtl_model_get_info(r->model), out, err);
}

medtl_status scored_from_model(const char *path, const scored_model_options *options, scored *out,
                               size_t *unreadable, medtl_error *err)
{
    run r = {0};
    medtl_status status;

    *unreadable = 0;
    if ((status = open_model(&r, path, err)) == MEDTL_OK &&
        (status = choose_rows(&r, options, err)) == MEDTL_OK &&
        (status = evaluate_check_folds(options->command, medtl_model_get_info(r.model), &r.table,
                                       r.rows, r.count, options->leaks, err)) == MEDTL_OK)
        status = measure(&r, path, options, out, unreadable, err);
    predictions_clear(&r.given);
    free(r.rows);
    labels_clear(&r.table);
    target_clear(&r.target);
    medtl_model_destroy(r.model);
    return status;
}
