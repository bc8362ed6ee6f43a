#include "labels_columns.h"

#include "options.h"

#include <stdlib.h>
#include <string.h>

static const char *const column_names[COLUMN_COUNT] = {"file", "label", "group", "fold",
                                                       "photometric"};

/* One "key=value" of a list, cut up in place. */
static medtl_status cut_pair(char *word, const char *option_name, char **value, medtl_error *err)
{
    char *equals = strchr(word, '=');

    if (equals == NULL || equals == word)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--%s: '%s' is no name=value", option_name, word);
    *equals = '\0';
    *value = equals + 1;
    return MEDTL_OK;
}

static medtl_status set_column(const medtl_table *table, const char *data, char *word,
                               labels_columns *c, medtl_error *err)
{
    char *value = NULL;
    medtl_status status = cut_pair(word, "columns", &value, err);
    size_t which = 0;

    if (status != MEDTL_OK)
        return status;
    while (which < COLUMN_COUNT && strcmp(column_names[which], word) != 0)
        which++;
    if (which == COLUMN_COUNT)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--columns: '%s' is none of file, label, group, fold, photometric", word);
    c->places[which] = medtl_table_column(table, value);
    if (c->places[which] == MEDTL_NO_COLUMN)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: there is no column '%s'", data, value);
    return MEDTL_OK;
}

static medtl_status find_columns(const medtl_table *table, const labels_options *options,
                                 labels_columns *c, medtl_error *err)
{
    char *text = strdup(options->columns != NULL ? options->columns : "");
    char *words[COLUMN_COUNT];
    medtl_status status = MEDTL_OK;
    size_t count;

    if (text == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        c->places[i] = medtl_table_column(table, column_names[i]);
    count = split_words(text, ',', words, COLUMN_COUNT);
    if (count > COLUMN_COUNT)
        status =
            medtl_fail(err, MEDTL_E_ARGUMENT, "--columns names more than %d columns", COLUMN_COUNT);
    for (size_t i = 0; i < count && status == MEDTL_OK; i++)
        status = set_column(table, options->data, words[i], c, err);
    for (size_t i = FILE_COLUMN; i <= LABEL_COLUMN && status == MEDTL_OK; i++)
        if ((i == FILE_COLUMN || !c->unlabelled) && c->places[i] == MEDTL_NO_COLUMN)
            status = medtl_fail(err, MEDTL_E_ARGUMENT,
                                "%s: no column '%s'; say which one with --columns %s=NAME",
                                options->data, column_names[i], column_names[i]);
    free(text);
    return status;
}

static medtl_status read_map(const labels_options *options, labels_columns *c, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    c->map_text = strdup(options->label_map != NULL ? options->label_map : "");
    if (c->map_text == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    c->map_count = split_words(c->map_text, ',', c->map, CLASS_LIMIT);
    if (c->map_count > CLASS_LIMIT)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--label-map: more than %d values", CLASS_LIMIT);
    for (size_t i = 0; i < c->map_count && status == MEDTL_OK; i++)
        status = cut_pair(c->map[i], "label-map", &c->to[i], err);
    return status;
}

medtl_status labels_columns_read(const labels_options *options, const medtl_table *table,
                                 labels_columns *out, medtl_error *err)
{
    medtl_status status;

    *out = (labels_columns){.unlabelled = options->unlabelled};
    status = find_columns(table, options, out, err);
    return status == MEDTL_OK ? read_map(options, out, err) : status;
}

void labels_columns_clear(labels_columns *c) { free(c->map_text); }

const char *labels_columns_class(const labels_columns *c, const medtl_table *table, size_t row)
{
    const char *value;

    if (c->unlabelled)
        return "unlabelled";
    value = medtl_table_cell(table, row, c->places[LABEL_COLUMN]);
    if (c->map_count == 0)
        return value;
    for (size_t i = 0; i < c->map_count; i++)
        if (strcmp(c->map[i], value) == 0)
            return c->to[i];
    return NULL;
}
