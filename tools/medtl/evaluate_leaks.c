#include "evaluate_leaks.h"

#include "options.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_DEPTH = 16, MEASURED_SIDE = 0, TRAINED_SIDE = 1 };

/* Mark the rows of folds that one training run left out. @return false where it did not use this table. */
static bool mark_left_out(const json_t *data, const labels *table, bool *left_out)
{
    const char *sha256 = json_string_value(json_object_get(data, "table_sha256"));
    const char *folds = json_string_value(json_object_get(data, "test_folds"));
    char *text, *words[CLASS_LIMIT];
    size_t count;

    if (sha256 == NULL || strcmp(sha256, table->sha256) != 0)
        return false;
    memset(left_out, 0, table->count * sizeof *left_out);
    text = strdup(folds != NULL ? folds : "");
    if (text == NULL)
        return false;
    count = split_words(text, ',', words, CLASS_LIMIT);
    for (size_t i = 0; i < table->count && table->has_folds; i++)
        for (size_t k = 0; k < count && k < CLASS_LIMIT; k++)
            left_out[i] = left_out[i] || strcmp(table->folds[table->rows[i].fold], words[k]) == 0;
    free(text);
    return true;
}

/* Rows that any run in this provenance used: an ensemble has several. */
static void mark_used(const json_t *value, const labels *table, bool *left_out, bool *used,
                      int depth)
{
    const json_t *child;
    const char *key;
    size_t index;

    if (depth > MOST_DEPTH)
        return;
    if (json_is_object(value) && mark_left_out(value, table, left_out))
        for (size_t i = 0; i < table->count; i++)
            used[i] = used[i] || !left_out[i];
    json_object_foreach((json_t *)value, key, child)
        mark_used(child, table, left_out, used, depth + 1);
    json_array_foreach((json_t *)value, index, child)
        mark_used(child, table, left_out, used, depth + 1);
}

medtl_status evaluate_check_folds(const char *command, const medtl_model_info *info,
                                  const labels *table, const size_t *rows, size_t count,
                                  leak_policy policy, medtl_error *err)
{
    bool *used, *left_out;
    json_t *provenance;
    size_t leaks = 0;

    if (policy == LEAKS_IGNORE)
        return MEDTL_OK;
    used = calloc(table->count + 1, sizeof *used);
    left_out = calloc(table->count + 1, sizeof *left_out);
    provenance = json_loads(info->provenance, 0, NULL);
    if (used != NULL && left_out != NULL && provenance != NULL)
        mark_used(provenance, table, left_out, used, 0);
    for (size_t i = 0; i < count && used != NULL; i++)
        leaks += used[rows[i]];
    json_decref(provenance);
    free(used);
    free(left_out);
    if (leaks == 0)
        return MEDTL_OK;
    if (policy == LEAKS_WARN) {
        fprintf(stderr,
                "medtl %s: warning: the model was made from this table, and %zu of the %zu "
                "rows lie in folds that it was trained or validated on: results are too good\n",
                command, leaks, count);
        return MEDTL_OK;
    }
    return medtl_fail(err, MEDTL_E_ARGUMENT,
                      "the model was made from this table, and %zu of the %zu rows lie in folds "
                      "that it was trained or validated on (choose --folds; --leaks warn goes on)",
                      leaks, count);
}

/* The measured pictures, then those of the file. */
static medtl_status compare(const fingerprint_list *list, const predictions *p, const labels *table,
                            size_t threads, leak_policy policy, medtl_error *err)
{
    static const char *const side_names[] = {"measured", "trained on"};
    const size_t count = p->count + list->count;
    medtl_fingerprint *prints = calloc(count + 1, sizeof *prints);
    const char **files = calloc(count + 1, sizeof *files);
    int *sides = calloc(count + 1, sizeof *sides);
    medtl_status status;

    if (prints == NULL || files == NULL || sides == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu fingerprints", count);
        goto done;
    }
    for (size_t i = 0; i < p->count; i++) {
        prints[i] = p->prints[i];
        files[i] = table->rows[p->rows[i]].file;
        sides[i] = MEASURED_SIDE;
    }
    for (size_t i = 0; i < list->count; i++) {
        prints[p->count + i] = list->prints[i];
        files[p->count + i] = list->files[i];
        sides[p->count + i] = TRAINED_SIDE;
    }
    status = leaks_check("evaluate",
                         &(leak_images){.prints = prints,
                                        .files = files,
                                        .sides = sides,
                                        .count = count,
                                        .side_names = side_names},
                         policy, threads, NULL, err);
done:
    free(prints);
    free(files);
    free(sides);
    return status;
}

medtl_status evaluate_check_pictures(const char *model_path, const char *trained_on,
                                     const predictions *p, const labels *table, size_t threads,
                                     leak_policy policy, bool *checked, medtl_error *err)
{
    char *path;
    fingerprint_list list = {0};
    medtl_status status = MEDTL_OK;

    *checked = false;
    if (policy == LEAKS_IGNORE || p->prints == NULL)
        return MEDTL_OK;
    path = trained_on != NULL ? strdup(trained_on) : fingerprints_beside(model_path);
    if (path == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    if (trained_on != NULL || access(path, F_OK) == 0) {
        if ((status = fingerprints_read(path, &list, err)) == MEDTL_OK) {
            *checked = true;
            status = compare(&list, p, table, threads, policy, err);
        }
        fingerprints_clear(&list);
    }
    free(path);
    return status;
}
