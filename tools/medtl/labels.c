#include "labels.h"

#include "core/base/file.h"
#include "labels_columns.h"
#include "labels_repeated.h"
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sort and drop doubles. @return how many are left. */
static size_t unique(const char **texts, size_t count)
{
    size_t kept = 0;

    qsort(texts, count, sizeof *texts, by_text);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(texts[i], texts[kept - 1]) != 0)
            texts[kept++] = texts[i];
    return kept;
}

static size_t find_text(const char *const *sorted, size_t count, const char *text)
{
    const char *const *found = bsearch(&text, sorted, count, sizeof *sorted, by_text);

    return found != NULL ? (size_t)(found - sorted) : count;
}

/* The distinct values of a column, sorted. */
static medtl_status distinct(const labels *l, size_t column, const char ***out, size_t *count,
                             medtl_error *err)
{
    const char **values = malloc((l->count + 1) * sizeof *values);

    *out = values;
    *count = 0;
    if (values == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu rows", l->count);
    for (size_t i = 0; i < l->count; i++)
        values[i] = medtl_table_cell(l->table, i, column);
    *count = unique(values, l->count);
    return MEDTL_OK;
}

static medtl_status copy_classes(const char *const *classes, size_t count, labels *l,
                                 medtl_error *err)
{
    if (count == 0 || count > CLASS_LIMIT)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%zu classes; 1 to %d are possible", count,
                          CLASS_LIMIT);
    l->classes = calloc(count, sizeof *l->classes);
    if (l->classes == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    for (size_t k = 0; k < count; k++) {
        l->classes[k] = strdup(classes[k]);
        l->class_count = k + 1;
        if (l->classes[k] == NULL)
            return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    return MEDTL_OK;
}

static medtl_status find_classes(const labels_columns *c, const char *const *classes,
                                 size_t class_count, labels *l, medtl_error *err)
{
    const char **seen;
    medtl_status status;
    size_t count = 0;

    if (classes != NULL)
        return copy_classes(classes, class_count, l, err);
    seen = malloc((l->count + 1) * sizeof *seen);
    if (seen == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu rows", l->count);
    for (size_t i = 0; i < l->count; i++)
        if (labels_columns_class(c, l->table, i) != NULL)
            seen[count++] = labels_columns_class(c, l->table, i);
    status = copy_classes(seen, unique(seen, count), l, err);
    free(seen);
    return status;
}

static char *join_path(const char *root, const char *table_path, const char *file)
{
    const char *slash = strrchr(table_path, '/');
    const int length = slash != NULL ? (int)(slash - table_path) : 1;
    char *path = NULL;
    int written;

    if (file[0] == '/')
        return strdup(file);
    if (root != NULL)
        written = asprintf(&path, "%s/%s", root, file);
    else
        written = asprintf(&path, "%.*s/%s", length, slash != NULL ? table_path : ".", file);
    return written >= 0 ? path : NULL;
}

/* 1, MONOCHROME1 and yes mean inverted; 0, MONOCHROME2, RGB, no and nothing mean not. */
static bool read_inverted(const char *value, bool *out)
{
    static const char *const yes[] = {"1", "MONOCHROME1", "yes", "true"};
    static const char *const no[] = {"0", "MONOCHROME2", "RGB", "no", "false", ""};

    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        if (strcmp(value, yes[i]) == 0)
            return *out = true;
    *out = false;
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        if (strcmp(value, no[i]) == 0)
            return true;
    return false;
}

/* FILE:LINE and which column, but not what it holds: that may identify a patient. */
static medtl_status refuse_cell(const labels_options *options, const labels_columns *c,
                                const labels *l, size_t row, size_t which, const char *why,
                                medtl_error *err)
{
    return medtl_fail(err, MEDTL_E_FORMAT, "%s:%zu: column %zu (%.40s) %s", options->data,
                      medtl_table_line(l->table, row), c->places[which] + 1,
                      medtl_table_header(l->table, c->places[which]), why);
}

static medtl_status read_row(const labels_options *options, const labels_columns *c,
                             const char *const *groups, labels *l, size_t index, medtl_error *err)
{
    label_row *row = &l->rows[index];
    const char *class_name = labels_columns_class(c, l->table, index);
    size_t k = 0;

    row->line = medtl_table_line(l->table, index);
    row->file = medtl_table_cell(l->table, index, c->places[FILE_COLUMN]);
    while (class_name != NULL && k < l->class_count && strcmp(l->classes[k], class_name) != 0)
        k++;
    if (row->file[0] == '\0')
        return refuse_cell(options, c, l, index, FILE_COLUMN, "is empty", err);
    if (class_name == NULL || k == l->class_count)
        return refuse_cell(options, c, l, index, LABEL_COLUMN,
                           "is none of the classes (see --classes, --label-map)", err);
    row->label = (uint32_t)k;
    row->group = (uint32_t)index;
    if (l->has_groups)
        row->group = (uint32_t)find_text(
            groups, l->group_count, medtl_table_cell(l->table, index, c->places[GROUP_COLUMN]));
    if (l->has_folds)
        row->fold = (uint32_t)find_text(l->folds, l->fold_count,
                                        medtl_table_cell(l->table, index, c->places[FOLD_COLUMN]));
    if (c->places[PHOTOMETRIC_COLUMN] != MEDTL_NO_COLUMN &&
        !read_inverted(medtl_table_cell(l->table, index, c->places[PHOTOMETRIC_COLUMN]),
                       &row->inverted))
        return refuse_cell(options, c, l, index, PHOTOMETRIC_COLUMN,
                           "takes 0, 1, MONOCHROME1 or MONOCHROME2", err);
    row->path = join_path(options->root, options->data, row->file);
    return row->path != NULL ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
}

/* Images without a label or a group: all of them counted, the first named by their lines. */
static medtl_status check_given(const labels_options *options, const labels_columns *c,
                                const labels *l, size_t which, const char *what, medtl_error *err)
{
    char lines[64] = "";
    size_t missing = 0;

    for (size_t i = 0; i < l->count && c->places[which] != MEDTL_NO_COLUMN; i++) {
        const size_t used = strlen(lines);

        if (medtl_table_cell(l->table, i, c->places[which])[0] != '\0' ||
            (which == LABEL_COLUMN && c->map_count > 0 &&
             labels_columns_class(c, l->table, i) != NULL))
            continue;
        if (missing++ < 3)
            snprintf(lines + used, sizeof lines - used, "%s%zu", missing > 1 ? ", " : "",
                     medtl_table_line(l->table, i));
    }
    if (missing == 0)
        return MEDTL_OK;
    return medtl_fail(
        err, MEDTL_E_FORMAT,
        "%s: %zu of %zu images have no %s: column %zu (%.40s) is empty in line%s %s%s",
        options->data, missing, l->count, what, c->places[which] + 1,
        medtl_table_header(l->table, c->places[which]), missing > 1 ? "s" : "", lines,
        missing > 3 ? ", ..." : "");
}

static medtl_status read_rows(const labels_options *options, const labels_columns *c, labels *l,
                              medtl_error *err)
{
    const char **groups = NULL;
    medtl_status status = MEDTL_OK;

    l->group_column = c->places[GROUP_COLUMN];
    l->has_groups = l->group_column != MEDTL_NO_COLUMN;
    l->has_folds = c->places[FOLD_COLUMN] != MEDTL_NO_COLUMN;
    l->group_count = l->count;
    l->rows = calloc(l->count, sizeof *l->rows);
    if (l->rows == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu rows", l->count);
    if (l->has_groups)
        status = distinct(l, c->places[GROUP_COLUMN], &groups, &l->group_count, err);
    if (l->has_folds && status == MEDTL_OK)
        status = distinct(l, c->places[FOLD_COLUMN], &l->folds, &l->fold_count, err);
    for (size_t i = 0; i < l->count && status == MEDTL_OK; i++)
        status = read_row(options, c, groups, l, i, err);
    free(groups);
    return status;
}

static medtl_status read_table(const char *path, labels *out, medtl_error *err)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    medtl_status status = medtl_file_read(path, MEDTL_TABLE_LIMIT, &bytes, &size, err);

    if (status == MEDTL_OK) {
        medtl_sha256_text(bytes, size, out->sha256);
        status = medtl_table_parse((const char *)bytes, size, path, &out->table, err);
    }
    free(bytes);
    if (status == MEDTL_OK && (out->count = medtl_table_rows(out->table)) == 0)
        status = medtl_fail(err, MEDTL_E_FORMAT, "%s: no row below the header", path);
    return status;
}

medtl_status labels_read(const labels_options *options, const char *const *classes,
                         size_t class_count, labels *out, medtl_error *err)
{
    labels_columns *c = calloc(1, sizeof *c);
    medtl_status status;

    memset(out, 0, sizeof *out);
    if (c == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    if ((status = read_table(options->data, out, err)) == MEDTL_OK &&
        (status = options->unlabelled
                      ? MEDTL_OK /* only its files' names count, which are bytes */
                      : medtl_table_check_utf8(out->table, options->data, err)) == MEDTL_OK &&
        (status = labels_columns_read(options, out->table, c, err)) == MEDTL_OK &&
        (status = check_given(options, c, out, LABEL_COLUMN, "label", err)) == MEDTL_OK &&
        (status = check_given(options, c, out, GROUP_COLUMN, "group", err)) == MEDTL_OK &&
        (status = find_classes(c, classes, class_count, out, err)) == MEDTL_OK)
        status = read_rows(options, c, out, err);
    if (status == MEDTL_OK && !options->unlabelled)
        status = labels_check_repeated(out, options->data, err);
    labels_columns_clear(c);
    free(c);
    if (status != MEDTL_OK)
        labels_clear(out);
    return status;
}

void labels_clear(labels *l)
{
    for (size_t i = 0; l->rows != NULL && i < l->count; i++)
        free(l->rows[i].path);
    for (size_t k = 0; k < l->class_count; k++)
        free(l->classes[k]);
    free(l->rows);
    free(l->classes);
    free(l->folds);
    medtl_table_destroy(l->table);
    memset(l, 0, sizeof *l);
}

medtl_status labels_choose(const labels *l, const char *folds, const char *option_name,
                           bool *chosen, medtl_error *err)
{
    char *text = strdup(folds != NULL ? folds : ""), *words[CLASS_LIMIT];
    medtl_status status = MEDTL_OK;
    size_t count;

    if (text == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    memset(chosen, 0, l->count * sizeof *chosen);
    count = split_words(text, ',', words, CLASS_LIMIT);
    if (count > 0 && !l->has_folds)
        status = medtl_fail(err, MEDTL_E_ARGUMENT,
                            "--%s: the table has no fold column (see --columns)", option_name);
    for (size_t i = 0; i < count && i < CLASS_LIMIT && status == MEDTL_OK; i++) {
        const size_t fold = find_text(l->folds, l->fold_count, words[i]);

        if (fold == l->fold_count)
            status = medtl_fail(err, MEDTL_E_ARGUMENT, "--%s: there is no fold '%s'", option_name,
                                words[i]);
        for (size_t row = 0; row < l->count; row++)
            chosen[row] = chosen[row] || l->rows[row].fold == fold;
    }
    free(text);
    return status;
}

medtl_status labels_check_leak(const labels *l, const int *sides, medtl_error *err)
{
    size_t *first =
        calloc(l->group_count + 1, sizeof *first); /* 1-based row that showed a group's side */
    bool *split = calloc(l->group_count + 1, sizeof *split);
    size_t count = 0, lines[2] = {0};
    medtl_status status = MEDTL_OK;

    if (first == NULL || split == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
        goto done;
    }
    for (size_t i = 0; i < l->count; i++) {
        const uint32_t group = l->rows[i].group;

        if (sides[i] < 0)
            continue;
        if (first[group] == 0)
            first[group] = i + 1;
        if (sides[first[group] - 1] == sides[i] || split[group])
            continue;
        split[group] = true;
        if (count++ == 0) {
            lines[0] = l->rows[first[group] - 1].line;
            lines[1] = l->rows[i].line;
        }
    }
    if (count > 0)
        status = medtl_fail(err, MEDTL_E_ARGUMENT,
                            "%zu of %zu groups lie on two sides of the split: results would be too "
                            "good (lines %zu and %zu of the table are of one group)",
                            count, l->group_count, lines[0], lines[1]);
done:
    free(first);
    free(split);
    return status;
}

size_t compact_groups(const labels *l, const size_t *rows, const size_t *chosen, size_t count,
                      uint32_t *groups)
{
    uint32_t *numbers = calloc(l->group_count + 1, sizeof *numbers); /* 0: not met yet */
    uint32_t next = 0;

    if (numbers == NULL)
        return 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t *number = &numbers[l->rows[rows[chosen != NULL ? chosen[i] : i]].group];

        if (*number == 0)
            *number = ++next;
        groups[i] = *number - 1;
    }
    free(numbers);
    return next;
}
