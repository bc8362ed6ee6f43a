/* Fields are unquoted in place in one copy of the text (they never grow), and cells point into it. */
#include "csv.h"

#include "core/base/file.h"
#include "core/base/utf8.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct medtl_table {
    char *text;
    char **cells; /* header first, then the rows */
    size_t cell_count, cell_room;
    size_t *lines; /* of the header and each row */
    size_t line_count, line_room;
    size_t columns;
};

typedef struct cursor {
    char *next, *end;   /* unread text; `end` is writable and ends the text with a zero */
    size_t line, field; /* 1-based, of what is read */
    const char *name;
} cursor;

typedef enum after_field { ANOTHER_FIELD, END_OF_LINE } after_field;

/* Make room for one more element of `size` bytes. */
static bool grow(void **array, size_t count, size_t *room, size_t size)
{
    size_t wanted;
    void *larger;

    if (count < *room)
        return true;
    wanted = *room == 0 ? 64 : *room * 2;
    larger = realloc(*array, wanted * size);
    if (larger == NULL)
        return false;
    *array = larger;
    *room = wanted;
    return true;
}

static medtl_status add_cell(medtl_table *table, char *cell, medtl_error *err)
{
    if (!grow((void **)&table->cells, table->cell_count, &table->cell_room, sizeof *table->cells))
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a table");
    table->cells[table->cell_count++] = cell;
    return MEDTL_OK;
}

static medtl_status add_line(medtl_table *table, size_t line, medtl_error *err)
{
    if (!grow((void **)&table->lines, table->line_count, &table->line_room, sizeof *table->lines))
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a table");
    table->lines[table->line_count++] = line;
    return MEDTL_OK;
}

static bool at_line_end(const cursor *c)
{
    return c->next == c->end || *c->next == '\n' ||
           (*c->next == '\r' && (c->next + 1 == c->end || c->next[1] == '\n'));
}

static void skip_line_end(cursor *c)
{
    if (c->next < c->end && *c->next == '\r')
        c->next++;
    if (c->next < c->end && *c->next == '\n')
        c->next++;
    c->line++;
}

/* The rest of a field after its opening quote; `*length` counts what it says. */
static medtl_status read_quoted(cursor *c, char *field, size_t *length, medtl_error *err)
{
    const size_t start = c->line; /* the quote may open lines before the end */

    for (;;) {
        if (c->next == c->end)
            return medtl_fail(err, MEDTL_E_FORMAT, "%s:%zu: column %zu: a quote is not closed",
                              c->name, start, c->field);
        if (*c->next == '"') {
            c->next++;
            if (c->next == c->end || *c->next != '"')
                return MEDTL_OK;
        } else if (*c->next == '\n') {
            c->line++;
        }
        field[(*length)++] = *c->next++;
    }
}

static medtl_status read_field(cursor *c, char **cell, after_field *after, medtl_error *err)
{
    medtl_status status;
    char *field = c->next;
    size_t length = 0;

    if (c->next < c->end && *c->next == '"') {
        c->next++;
        if ((status = read_quoted(c, field, &length, err)) != MEDTL_OK)
            return status;
        if (!at_line_end(c) && *c->next != ',')
            return medtl_fail(err, MEDTL_E_FORMAT, "%s:%zu: column %zu: text after a closing quote",
                              c->name, c->line, c->field);
    } else {
        while (!at_line_end(c) && *c->next != ',') {
            if (*c->next == '"')
                return medtl_fail(err, MEDTL_E_FORMAT, "%s:%zu: column %zu: a quote inside a field",
                                  c->name, c->line, c->field);
            length++;
            c->next++;
        }
    }
    *after = at_line_end(c) ? END_OF_LINE : ANOTHER_FIELD;
    if (*after == ANOTHER_FIELD)
        c->next++;
    else
        skip_line_end(c);
    field[length] = '\0'; /* on the separator, the closing quote or the end: all read already */
    *cell = field;
    return MEDTL_OK;
}

static medtl_status read_line(cursor *c, medtl_table *table, medtl_error *err)
{
    const size_t first = table->cell_count, line = c->line;
    after_field after = ANOTHER_FIELD;
    medtl_status status;
    char *cell = NULL;

    if ((status = add_line(table, line, err)) != MEDTL_OK)
        return status;
    for (c->field = 1; after == ANOTHER_FIELD; c->field++)
        if ((status = read_field(c, &cell, &after, err)) != MEDTL_OK ||
            (status = add_cell(table, cell, err)) != MEDTL_OK)
            return status;
    if (table->line_count == 1)
        table->columns = table->cell_count;
    else if (table->cell_count - first != table->columns)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s:%zu: %zu fields where the header has %zu",
                          c->name, line, table->cell_count - first, table->columns);
    return MEDTL_OK;
}

static medtl_status check_header(const medtl_table *table, const char *name, medtl_error *err)
{
    if (table->line_count == 0)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: no header line", name);
    for (size_t i = 0; i < table->columns; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(table->cells[i], table->cells[j]) == 0)
                return medtl_fail(err, MEDTL_E_FORMAT, "%s:%zu: columns %zu and %zu have one name",
                                  name, table->lines[0], j + 1, i + 1);
    return MEDTL_OK;
}

static medtl_status read_lines(medtl_table *table, cursor *c, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    if (c->end - c->next >= 3 && memcmp(c->next, "\xef\xbb\xbf", 3) == 0)
        c->next += 3;
    while (c->next < c->end && status == MEDTL_OK)
        if (at_line_end(c))
            skip_line_end(c);
        else
            status = read_line(c, table, err);
    return status == MEDTL_OK ? check_header(table, c->name, err) : status;
}

medtl_status medtl_table_parse(const char *bytes, size_t size, const char *name, medtl_table **out,
                               medtl_error *err)
{
    medtl_table *table = NULL;
    medtl_status status;
    cursor c;

    *out = NULL;
    if (size > 0 && memchr(bytes, '\0', size) != NULL)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: a zero byte: this is not text", name);
    table = calloc(1, sizeof *table);
    if (table != NULL)
        table->text = malloc(size + 1);
    if (table == NULL || table->text == NULL) {
        medtl_table_destroy(table);
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for %zu bytes", name, size);
    }
    if (size > 0)
        memcpy(table->text, bytes, size);
    table->text[size] = '\0';
    c = (cursor){table->text, table->text + size, 1, 1, name};
    status = read_lines(table, &c, err);
    if (status == MEDTL_OK) {
        *out = table;
        table = NULL;
    }
    medtl_table_destroy(table);
    return status;
}

medtl_status medtl_table_read(const char *path, medtl_table **out, medtl_error *err)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    medtl_status status;

    *out = NULL;
    status = medtl_file_read(path, MEDTL_TABLE_LIMIT, &bytes, &size, err);
    if (status == MEDTL_OK)
        status = medtl_table_parse((const char *)bytes, size, path, out, err);
    free(bytes);
    return status;
}

medtl_status medtl_table_check_utf8(const medtl_table *table, const char *name, medtl_error *err)
{
    for (size_t i = 0; i < table->line_count * table->columns; i++)
        if (!medtl_is_utf8(table->cells[i]))
            return medtl_fail(err, MEDTL_E_FORMAT,
                              "%s:%zu: column %zu is not in UTF-8: save the table in that encoding",
                              name, table->lines[i / table->columns], i % table->columns + 1);
    return MEDTL_OK;
}

void medtl_table_destroy(medtl_table *table)
{
    if (table == NULL)
        return;
    free(table->text);
    free(table->cells);
    free(table->lines);
    free(table);
}

size_t medtl_table_rows(const medtl_table *table) { return table->line_count - 1; }

size_t medtl_table_columns(const medtl_table *table) { return table->columns; }

const char *medtl_table_header(const medtl_table *table, size_t column)
{
    return table->cells[column];
}

size_t medtl_table_column(const medtl_table *table, const char *name)
{
    for (size_t i = 0; i < table->columns; i++)
        if (strcmp(table->cells[i], name) == 0)
            return i;
    return MEDTL_NO_COLUMN;
}

const char *medtl_table_cell(const medtl_table *table, size_t row, size_t column)
{
    return table->cells[(row + 1) * table->columns + column];
}

size_t medtl_table_line(const medtl_table *table, size_t row) { return table->lines[row + 1]; }
