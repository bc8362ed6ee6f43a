/* Of which class each image of a source is. */
#include "image_source.h"

#include <stdlib.h>
#include <string.h>

enum { FREE_CLASS_LIMIT = 100000 };

/* The free label of a row; NULL: none. */
static const char *free_value(const image_source *source, size_t column, size_t row)
{
    const char *value = source->table.table != NULL
                            ? medtl_table_cell(source->table.table, row, column)
                            : source->values[row];

    return value != NULL && value[0] != '\0' ? value : NULL;
}

static medtl_status find_column(const image_source_options *options, const image_source *source,
                                size_t *column, medtl_error *err)
{
    *column = MEDTL_NO_COLUMN;
    if (options->free_label == NULL || source->table.table == NULL)
        return MEDTL_OK;
    *column = medtl_table_column(source->table.table, options->free_label);
    return *column != MEDTL_NO_COLUMN
               ? MEDTL_OK
               : medtl_fail(err, MEDTL_E_ARGUMENT, "%s: there is no column '%s'",
                            options->labels.data, options->free_label);
}

/* Rows without the label are left out, and counted. */
static void drop_unlabelled(image_source *source, size_t column)
{
    size_t kept = 0;

    for (size_t i = 0; i < source->count; i++)
        if (free_value(source, column, source->rows[i]) != NULL)
            source->rows[kept++] = source->rows[i];
        else
            source->unlabelled++;
    source->count = kept;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static medtl_status name_classes(image_source *source, const char *const *names, size_t count,
                                 medtl_error *err)
{
    source->classes = calloc(count + 1, sizeof *source->classes);
    for (size_t k = 0; source->classes != NULL && k < count; k++, source->class_count++)
        if ((source->classes[k] = strdup(names[k])) == NULL)
            break;
    return source->class_count == count
               ? MEDTL_OK
               : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu classes", count);
}

/* Classes are the values that occur, sorted. */
static medtl_status classify_freely(const image_source_options *options, image_source *source,
                                    medtl_error *err)
{
    const char **seen = NULL;
    size_t column, distinct = 0;
    medtl_status status = find_column(options, source, &column, err);

    if (status != MEDTL_OK)
        return status;
    drop_unlabelled(source, column);
    seen = malloc((source->count + 1) * sizeof *seen);
    if (seen == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu rows", source->count);
    for (size_t i = 0; i < source->count; i++)
        seen[i] = free_value(source, column, source->rows[i]);
    qsort(seen, source->count, sizeof *seen, by_text);
    for (size_t i = 0; i < source->count; i++)
        if (i == 0 || strcmp(seen[i], seen[distinct - 1]) != 0)
            seen[distinct++] = seen[i];
    if (distinct < 2 || distinct > FREE_CLASS_LIMIT)
        status = medtl_fail(err, MEDTL_E_ARGUMENT,
                            "the free label '%s' has %zu values in %zu images (%zu have none): "
                            "2 to %d are needed",
                            options->free_label, distinct, source->count, source->unlabelled,
                            FREE_CLASS_LIMIT);
    else
        status = name_classes(source, seen, distinct, err);
    for (size_t i = 0; i < source->count && status == MEDTL_OK; i++) {
        const char *value = free_value(source, column, source->rows[i]);
        const char **found = bsearch(&value, seen, distinct, sizeof *seen, by_text);

        source->classes_of[i] = found != NULL ? (uint32_t)(found - seen) : 0;
    }
    free(seen);
    return status;
}

medtl_status image_source_classify(const image_source_options *options, image_source *source,
                                   medtl_error *err)
{
    static const char *const none[] = {"unlabelled"};

    source->classes_of = calloc(source->count + 1, sizeof *source->classes_of);
    if (source->classes_of == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu rows", source->count);
    if (options->free_label != NULL)
        return classify_freely(options, source, err);
    if (options->labels.unlabelled)
        return name_classes(source, none, 1, err);
    for (size_t i = 0; i < source->count; i++)
        source->classes_of[i] = source->table.rows[source->rows[i]].label;
    return name_classes(source, (const char *const *)source->table.classes,
                        source->table.class_count, err);
}
