#include "subgroups.h"

#include "evaluation_output.h"
#include "options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 32, MOST_VALUES = 100, NAME_WIDTH = 28 };

/* An image and what a column says of it. */
typedef struct member {
    const char *text;
    double band; /* how many widths lie below it; NAN: not in bands, or no number */
    size_t index;
} member;

static int by_value(const void *a, const void *b)
{
    const member *x = a, *y = b;
    int order = 0;

    if (isnan(x->band) != isnan(y->band))
        return isnan(x->band) ? 1 : -1; /* what is no number comes last */
    if (!isnan(x->band))
        order = (x->band > y->band) - (x->band < y->band);
    else
        order = strcmp(x->text, y->text);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

static bool same_value(const member *a, const member *b)
{
    if (!isnan(a->band) || !isnan(b->band))
        return a->band == b->band;
    return strcmp(a->text, b->text) == 0;
}

/* 0.3 / 0.1 is a little less than 3: a value that rounding alone keeps below the next band is in that one. */
static double band_of(const char *text, double width)
{
    char *end;
    const double value = strtod(text, &end), widths = value / width, nearest = round(widths);

    if (!(width > 0.0) || end == text || *end != '\0' || !isfinite(widths))
        return (double)NAN;
    return fabs(widths - nearest) <= 1e-12 * fabs(widths) ? nearest : floor(widths);
}

static char *value_name(const member *m, double width)
{
    char *name = NULL;

    if (isnan(m->band))
        return strdup(m->text[0] != '\0' ? m->text : "(none)");
    return asprintf(&name, "[%.10g, %.10g)", m->band * width, (m->band + 1.0) * width) >= 0 ? name
                                                                                            : NULL;
}

static size_t classes_in(const scored *s)
{
    size_t count = 0;

    for (size_t k = 0; k < s->classes; k++)
        for (size_t i = 0; i < s->count; i++)
            if (s->labels[i] == k) {
                count++;
                break;
            }
    return count;
}

static medtl_status add(const scored *all, const member *members, size_t count, const char *column,
                        double width, const medtl_evaluation_options *how, subgroup_list *list,
                        medtl_error *err)
{
    subgroup *items = realloc(list->items, (list->count + 1) * sizeof *items), *item;
    size_t *indices = calloc(count + 1, sizeof *indices);
    scored part = {0};
    medtl_predictions view;
    medtl_status status = MEDTL_OK;

    if (items != NULL)
        list->items = items;
    if (items == NULL || indices == NULL) {
        free(indices);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for subgroups");
    }
    item = &list->items[list->count++];
    *item = (subgroup){.column = strdup(column), .value = value_name(&members[0], width)};
    for (size_t i = 0; i < count; i++)
        indices[i] = members[i].index;
    if (item->column == NULL || item->value == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for subgroups");
    else if ((status = scored_subset(all, indices, count, &part, err)) == MEDTL_OK) {
        item->classes = classes_in(&part);
        view = scored_view(&part);
        status = medtl_evaluation_create(&view, how, &item->evaluation, err);
    }
    scored_clear(&part);
    free(indices);
    return status;
}

static medtl_status by_column(const char *column, double width, const scored *all,
                              const labels *table, const size_t *rows,
                              const medtl_evaluation_options *how, subgroup_list *list,
                              medtl_error *err)
{
    const size_t at = medtl_table_column(table->table, column);
    member *members = calloc(all->count + 1, sizeof *members);
    medtl_status status = MEDTL_OK;
    size_t values = 0;

    if (members == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for subgroups");
    if (at == MEDTL_NO_COLUMN)
        status =
            medtl_fail(err, MEDTL_E_ARGUMENT, "--subgroups: the table has no column '%s'", column);
    for (size_t i = 0; i < all->count && status == MEDTL_OK; i++) {
        const char *text = medtl_table_cell(table->table, rows[i], at);

        members[i] = (member){text, band_of(text, width), i};
    }
    if (status == MEDTL_OK)
        qsort(members, all->count, sizeof *members, by_value);
    for (size_t first = 0, end; first < all->count && status == MEDTL_OK; first = end) {
        for (end = first + 1; end < all->count && same_value(&members[first], &members[end]);)
            end++;
        if (++values > MOST_VALUES)
            status = medtl_fail(err, MEDTL_E_ARGUMENT,
                                "--subgroups: column '%s' has more than %d values; numbers can be "
                                "put in bands with %s:WIDTH",
                                column, MOST_VALUES, column);
        else
            status = add(all, members + first, end - first, column, width, how, list, err);
    }
    free(members);
    return status;
}

medtl_status subgroups_evaluate(const char *spec, const scored *all, const labels *table,
                                const size_t *rows, const medtl_evaluation_options *how,
                                subgroup_list *out, medtl_error *err)
{
    char *text = strdup(spec), *words[MOST_COLUMNS];
    medtl_status status = MEDTL_OK;
    size_t count;

    memset(out, 0, sizeof *out);
    if (text == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for subgroups");
    count = split_words(text, ',', words, MOST_COLUMNS);
    if (count > MOST_COLUMNS)
        status =
            medtl_fail(err, MEDTL_E_ARGUMENT, "--subgroups: more than %d columns", MOST_COLUMNS);
    for (size_t i = 0; i < count && status == MEDTL_OK; i++) {
        char *colon = strrchr(words[i], ':'), *end = NULL;
        double width = 0.0;

        /* A column's own name may have a colon in it. */
        if (colon != NULL && medtl_table_column(table->table, words[i]) == MEDTL_NO_COLUMN) {
            width = strtod(colon + 1, &end);
            *colon = '\0';
            if (end == colon + 1 || *end != '\0' || !(width > 0.0) || !isfinite(width)) {
                status = medtl_fail(err, MEDTL_E_ARGUMENT,
                                    "--subgroups: '%s' needs a width above 0 behind its colon",
                                    words[i]);
                break;
            }
        }
        status = by_column(words[i], width, all, table, rows, how, out, err);
    }
    free(text);
    if (status != MEDTL_OK)
        subgroups_clear(out);
    return status;
}

void subgroups_clear(subgroup_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].column);
        free(list->items[i].value);
        medtl_evaluation_destroy(list->items[i].evaluation);
    }
    free(list->items);
    memset(list, 0, sizeof *list);
}

static void put_interval(FILE *stream, const medtl_interval *i)
{
    char text[EVALUATION_TEXT_SIZE];

    evaluation_interval_text(i, text);
    fprintf(stream, "  %-19s", text);
}

void subgroups_print(FILE *stream, const subgroup_list *list, const char *const *classes)
{
    const bool two = list->count > 0 && list->items[0].evaluation->classes == 2;

    fprintf(stream, "\n  %-*s %6s %7s  %-19s  %-19s  %-19s", NAME_WIDTH, "subgroup", "n", "classes",
            "accuracy", "balanced accuracy", "macro AUC");
    if (two)
        fprintf(stream, "  sensitivity to %.12s  specificity", classes[1]);
    fputc('\n', stream);
    for (size_t i = 0; i < list->count; i++) {
        const subgroup *s = &list->items[i];
        const medtl_evaluation *e = s->evaluation;
        char name[NAME_WIDTH + 1];

        if (i == 0 || strcmp(s->column, list->items[i - 1].column) != 0)
            fprintf(stream, "  %s\n", s->column);
        snprintf(name, sizeof name, "  %s", s->value);
        fprintf(stream, "  %-*s %6zu %4zu/%-2zu", NAME_WIDTH, name, e->count, s->classes,
                e->classes);
        put_interval(stream, &e->accuracy);
        put_interval(stream, &e->balanced_accuracy);
        put_interval(stream, &e->macro_auc);
        if (two) {
            put_interval(stream, &e->per_class[1].sensitivity);
            put_interval(stream, &e->per_class[1].specificity);
        }
        fputc('\n', stream);
    }
}

json_t *subgroups_json(const subgroup_list *list, const char *const *classes)
{
    json_t *array = json_array();
    int failed = array == NULL;

    for (size_t i = 0; i < list->count && !failed; i++) {
        const subgroup *s = &list->items[i];

        failed = json_array_append_new(array, json_pack("{s:s, s:s, s:I, s:o}", "column", s->column,
                                                        "value", s->value, "classes_present",
                                                        (json_int_t)s->classes, "evaluation",
                                                        evaluation_json(s->evaluation, classes)));
    }
    if (failed) {
        json_decref(array);
        return NULL;
    }
    return array;
}
