#include "evaluation_output.h"

#include "core/base/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of the table and members of the object, in one order. */
static const struct overall {
    const char *title, *key;
    size_t offset;
} overall[] = {
    {"macro AUC", "macro_auc", offsetof(medtl_evaluation, macro_auc)},
    {"  (DeLong)", "macro_auc_delong", offsetof(medtl_evaluation, macro_auc_delong)},
    {"balanced accuracy", "balanced_accuracy", offsetof(medtl_evaluation, balanced_accuracy)},
    {"accuracy", "accuracy", offsetof(medtl_evaluation, accuracy)},
    {"macro F1", "macro_f1", offsetof(medtl_evaluation, macro_f1)},
    {"log loss", "log_loss", offsetof(medtl_evaluation, log_loss)},
    {"Brier score", "brier", offsetof(medtl_evaluation, brier)},
    {"calibration error", "calibration_error", offsetof(medtl_evaluation, calibration_error)},
};
static const struct per_class {
    const char *title, *key;
    size_t offset;
} per_class[] = {
    {"sensitivity", "sensitivity", offsetof(medtl_class_evaluation, sensitivity)},
    {"specificity", "specificity", offsetof(medtl_class_evaluation, specificity)},
    {"precision", "precision", offsetof(medtl_class_evaluation, precision)},
    {"F1", "f1", offsetof(medtl_class_evaluation, f1)},
    {"AUC", "auc", offsetof(medtl_class_evaluation, auc)},
    {"AUC (DeLong)", "auc_delong", offsetof(medtl_class_evaluation, auc_delong)},
};
enum {
    OVERALL_COUNT = sizeof overall / sizeof overall[0],
    PER_CLASS_COUNT = sizeof per_class / sizeof per_class[0]
};

static const medtl_interval *interval_at(const void *record, size_t offset)
{
    return (const medtl_interval *)(const void *)((const char *)record + offset);
}

void evaluation_interval_text(const medtl_interval *i, char text[EVALUATION_TEXT_SIZE])
{
    if (isnan(i->value))
        snprintf(text, EVALUATION_TEXT_SIZE, "-");
    else if (isnan(i->low))
        snprintf(text, EVALUATION_TEXT_SIZE, "%.3f", i->value);
    else
        snprintf(text, EVALUATION_TEXT_SIZE, "%.3f (%.3f-%.3f)", i->value, i->low, i->high);
}

static int name_width(const medtl_evaluation *e, const char *const *classes)
{
    int width = 5;

    for (size_t k = 0; k < e->classes; k++)
        if ((int)strlen(classes[k]) > width)
            width = (int)strlen(classes[k]);
    return width < 24 ? width : 24;
}

static void print_confusion(FILE *stream, const medtl_evaluation *e, const char *const *classes)
{
    const int width = name_width(e, classes);

    fprintf(stream, "\n  %-*s   predicted\n  %-*s ", width, "", width, "truth");
    for (size_t k = 0; k < e->classes; k++)
        fprintf(stream, " %*.*s", width, width, classes[k]);
    fputc('\n', stream);
    for (size_t i = 0; i < e->classes; i++) {
        fprintf(stream, "  %-*.*s ", width, width, classes[i]);
        for (size_t k = 0; k < e->classes; k++)
            fprintf(stream, " %*llu", width, (unsigned long long)e->confusion[i * e->classes + k]);
        fputc('\n', stream);
    }
}

void evaluation_print(FILE *stream, const medtl_evaluation *evaluation, const char *const *classes)
{
    const medtl_evaluation *e = evaluation;
    const int width = name_width(e, classes);
    char text[EVALUATION_TEXT_SIZE];

    fprintf(stream, "  %zu images of %zu groups; 95 %% intervals by resampling groups\n\n",
            e->count, e->groups);
    for (size_t i = 0; i < OVERALL_COUNT; i++) {
        evaluation_interval_text(interval_at(e, overall[i].offset), text);
        fprintf(stream, "  %-18s %s\n", overall[i].title, text);
    }
    fprintf(stream, "\n  %-*s %6s", width, "class", "n");
    for (size_t i = 0; i < PER_CLASS_COUNT; i++)
        fprintf(stream, "  %-19s", per_class[i].title);
    fputc('\n', stream);
    for (size_t k = 0; k < e->classes; k++) {
        fprintf(stream, "  %-*.*s %6zu", width, width, classes[k], e->per_class[k].support);
        for (size_t i = 0; i < PER_CLASS_COUNT; i++) {
            evaluation_interval_text(interval_at(&e->per_class[k], per_class[i].offset), text);
            fprintf(stream, "  %-19s", text);
        }
        fputc('\n', stream);
    }
    print_confusion(stream, e, classes);
}

json_t *evaluation_number_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *evaluation_interval_json(const medtl_interval *i)
{
    return json_pack("{s:o, s:o, s:o}", "value", evaluation_number_json(i->value), "low",
                     evaluation_number_json(i->low), "high", evaluation_number_json(i->high));
}

/* json_object_set_new() and its kin release the value and fail when it is NULL, so one flag will do. */
static int add_class(json_t *list, const medtl_evaluation *e, size_t k, const char *name)
{
    json_t *one = json_pack("{s:s, s:I}", "name", name, "n", (json_int_t)e->per_class[k].support);
    int failed = one == NULL;

    for (size_t i = 0; i < PER_CLASS_COUNT; i++)
        failed |= json_object_set_new(
            one, per_class[i].key,
            evaluation_interval_json(interval_at(&e->per_class[k], per_class[i].offset)));
    return failed | json_array_append_new(list, one);
}

static int add_confusion(json_t *list, const medtl_evaluation *e, size_t truth)
{
    json_t *row = json_array();
    int failed = row == NULL;

    for (size_t k = 0; k < e->classes; k++)
        failed |= json_array_append_new(
            row, json_integer((json_int_t)e->confusion[truth * e->classes + k]));
    return failed | json_array_append_new(list, row);
}

json_t *evaluation_json(const medtl_evaluation *evaluation, const char *const *classes)
{
    const medtl_evaluation *e = evaluation;
    json_t *object = json_pack("{s:I, s:I, s:[], s:[]}", "images", (json_int_t)e->count, "groups",
                               (json_int_t)e->groups, "classes", "confusion");
    int failed = object == NULL;

    for (size_t i = 0; i < OVERALL_COUNT; i++)
        failed |= json_object_set_new(object, overall[i].key,
                                      evaluation_interval_json(interval_at(e, overall[i].offset)));
    for (size_t k = 0; k < e->classes && !failed; k++)
        failed = add_class(json_object_get(object, "classes"), e, k, classes[k]) |
                 add_confusion(json_object_get(object, "confusion"), e, k);
    if (failed) {
        json_decref(object);
        return NULL;
    }
    return object;
}

medtl_status json_write(const char *path, const json_t *value, medtl_error *err)
{
    char *text = json_dumps(value, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10));
    size_t length;
    medtl_status status;

    if (text == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for JSON", path);
    length = strlen(text);
    text[length] = '\n'; /* in place of the end: files are not strings */
    status = medtl_file_replace(path, text, length + 1, err);
    free(text);
    return status;
}
