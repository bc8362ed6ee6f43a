/* Predictions as a CSV file, written and read. */
#include "scored.h"

#include "core/base/file.h"
#include "core/train/csv.h"
#include "csv_field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double sum_tolerance = 1e-3;

static void put_row(FILE *stream, const scored *s, size_t i, const medtl_evaluation_options *rule)
{
    const float *p = s->probabilities + i * s->classes;

    csv_put_field(stream, s->files[i]);
    fputc(',', stream);
    csv_put_field(stream, s->names[s->labels[i]]);
    fputc(',', stream);
    csv_put_field(stream, s->names[medtl_predicted_class(p, s->classes, rule)]);
    for (size_t k = 0; k < s->classes; k++)
        fprintf(stream, ",%.9g", (double)p[k]);
    fprintf(stream, ",%u\n", (unsigned)s->groups[i]);
}

medtl_status scored_write(const char *path, const scored *s, const medtl_evaluation_options *rule,
                          medtl_error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    medtl_status status;

    if (stream == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    fputs("file,label,predicted", stream);
    for (size_t k = 0; k < s->classes; k++) {
        char *name = NULL;

        if (asprintf(&name, "p_%s", s->names[k]) < 0)
            name = NULL;
        fputc(',', stream);
        csv_put_field(stream, name != NULL ? name : "");
        free(name);
    }
    fputs(",group\n", stream);
    for (size_t i = 0; i < s->count; i++)
        put_row(stream, s, i, rule);
    status = fclose(stream) == 0 ? medtl_file_replace(path, text, size, err)
                                 : medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    free(text);
    return status;
}

typedef struct columns {
    size_t file, label, group, *class_of; /* class_of: column of each class */
    size_t classes;
} columns;

static medtl_status find_columns(const char *path, const medtl_table *table, columns *c,
                                 medtl_error *err)
{
    const size_t count = medtl_table_columns(table);

    c->file = medtl_table_column(table, "file");
    c->label = medtl_table_column(table, "label");
    c->group = medtl_table_column(table, "group");
    c->class_of = calloc(count + 1, sizeof *c->class_of);
    if (c->class_of == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    for (size_t i = 0; i < count; i++)
        if (strncmp(medtl_table_header(table, i), "p_", 2) == 0)
            c->class_of[c->classes++] = i;
    if (c->file == MEDTL_NO_COLUMN || c->label == MEDTL_NO_COLUMN || c->classes == 0)
        return medtl_fail(err, MEDTL_E_FORMAT,
                          "%s: no predictions: the columns file, label and p_CLASS are needed",
                          path);
    return MEDTL_OK;
}

static medtl_status refuse(const char *path, const medtl_table *table, size_t row, const char *why,
                           medtl_error *err)
{
    return medtl_fail(err, MEDTL_E_FORMAT, "%s:%zu: %s", path, medtl_table_line(table, row), why);
}

static medtl_status read_row(const char *path, const medtl_table *table, const columns *c, size_t i,
                             scored *s, medtl_error *err)
{
    double sum = 0.0;
    size_t label = 0;

    for (size_t k = 0; k < c->classes; k++) {
        char *end;
        const char *text = medtl_table_cell(table, i, c->class_of[k]);
        const double p = strtod(text, &end);

        if (end == text || *end != '\0' || !(p >= 0.0 && p <= 1.0))
            return refuse(path, table, i, "a probability that is no number from 0 to 1", err);
        s->probabilities[i * c->classes + k] = (float)p;
        sum += p;
    }
    if (fabs(sum - 1.0) > sum_tolerance)
        return refuse(path, table, i, "the probabilities do not add up to 1", err);
    while (label < c->classes && strcmp(s->names[label], medtl_table_cell(table, i, c->label)) != 0)
        label++;
    if (label == c->classes)
        return refuse(path, table, i, "the label is none of the classes", err);
    s->labels[i] = (uint32_t)label;
    s->files[i] = strdup(medtl_table_cell(table, i, c->file));
    return s->files[i] != NULL ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
}

typedef struct keyed {
    const char *text;
    size_t row;
} keyed;

static int by_text(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    const int order = strcmp(x->text, y->text);

    return order != 0 ? order : (x->row > y->row) - (x->row < y->row);
}

/* Equal texts are one group; no text is none, and cannot be told from another one. */
static medtl_status read_groups(const char *path, const medtl_table *table, size_t column,
                                scored *s, medtl_error *err)
{
    keyed *sorted;

    s->has_groups = column != MEDTL_NO_COLUMN;
    for (size_t i = 0; i < s->count && s->has_groups; i++)
        if (medtl_table_cell(table, i, column)[0] == '\0')
            return refuse(path, table, i, "no group", err);
    sorted = calloc(s->count + 1, sizeof *sorted);
    if (sorted == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for groups");
    for (size_t i = 0; i < s->count; i++)
        sorted[i] = (keyed){s->has_groups ? medtl_table_cell(table, i, column) : "", i};
    qsort(sorted, s->count, sizeof *sorted, by_text);
    for (size_t i = 0; i < s->count; i++) {
        if (i == 0 || !s->has_groups || strcmp(sorted[i].text, sorted[i - 1].text) != 0)
            s->group_count++;
        s->groups[sorted[i].row] = (uint32_t)(s->group_count - 1);
    }
    free(sorted);
    return MEDTL_OK;
}

static medtl_status check_repeated(const char *path, const scored *s, medtl_error *err)
{
    bool memory;
    const char *twice = scored_repeated_file(s, &memory);

    if (!memory)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    return twice == NULL ? MEDTL_OK
                         : medtl_fail(err, MEDTL_E_FORMAT, "%s: %s is there twice", path, twice);
}

static medtl_status read_table(const char *path, const medtl_table *table, scored *out,
                               medtl_error *err)
{
    columns c = {0};
    medtl_status status = find_columns(path, table, &c, err);

    out->count = medtl_table_rows(table);
    out->classes = c.classes;
    out->names = calloc(c.classes + 1, sizeof *out->names);
    out->files = calloc(out->count + 1, sizeof *out->files);
    out->probabilities = calloc(out->count * c.classes + 1, sizeof *out->probabilities);
    out->labels = calloc(out->count + 1, sizeof *out->labels);
    out->groups = calloc(out->count + 1, sizeof *out->groups);
    if (status == MEDTL_OK &&
        (out->names == NULL || out->files == NULL || out->probabilities == NULL ||
         out->labels == NULL || out->groups == NULL))
        status = medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    for (size_t k = 0; k < c.classes && status == MEDTL_OK; k++)
        if ((out->names[k] = strdup(medtl_table_header(table, c.class_of[k]) + 2)) == NULL)
            status = medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    for (size_t i = 0; i < out->count && status == MEDTL_OK; i++)
        status = read_row(path, table, &c, i, out, err);
    if (status == MEDTL_OK && out->count == 0)
        status = medtl_fail(err, MEDTL_E_FORMAT, "%s: no row below the header", path);
    if (status == MEDTL_OK)
        status = read_groups(path, table, c.group, out, err);
    if (status == MEDTL_OK)
        status = check_repeated(path, out, err);
    free(c.class_of);
    return status;
}

medtl_status scored_read(const char *path, scored *out, medtl_error *err)
{
    medtl_table *table = NULL;
    medtl_status status;

    memset(out, 0, sizeof *out);
    if ((status = medtl_table_read(path, &table, err)) == MEDTL_OK &&
        (status = medtl_table_check_utf8(table, path, err)) == MEDTL_OK)
        status = read_table(path, table, out, err);
    medtl_table_destroy(table);
    if (status != MEDTL_OK)
        scored_clear(out);
    return status;
}
