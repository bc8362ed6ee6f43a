#include "csv_read.h"

#include "core/base/file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 256 << 20, MOST_COLUMNS = 1024 };

typedef struct reader {
    const char *path, *at; /* ends with a zero */
    size_t line;
    char **cells; /* of the row under way */
    size_t count;
} reader;

/* One cell, with its quotes undone. @return NULL: no memory, or a quote that is not closed (`*open`). */
static char *read_cell(reader *r, bool *open)
{
    const size_t most = strcspn(r->at, ",\r\n") + 1;
    bool quoted = *r->at == '"';
    char *cell = malloc(quoted ? strlen(r->at) + 1 : most);
    size_t used = 0;

    *open = false;
    if (cell == NULL)
        return NULL;
    r->at += quoted;
    while (*r->at != '\0' && (quoted || strchr(",\r\n", *r->at) == NULL)) {
        if (quoted && *r->at == '"') {
            r->at++;
            if (*r->at != '"') {
                quoted = false;
                continue;
            }
        }
        r->line += *r->at == '\n';
        cell[used++] = *r->at++;
    }
    cell[used] = '\0';
    if (!quoted)
        return cell;
    free(cell);
    *open = true;
    return NULL;
}

static medtl_status read_row(reader *r, medtl_error *err)
{
    for (;;) {
        bool open = false;
        char *cell;

        if (r->count == MOST_COLUMNS)
            return medtl_fail(err, MEDTL_E_FORMAT, "%s:%zu: more than %d cells", r->path, r->line,
                              MOST_COLUMNS);
        cell = read_cell(r, &open);
        if (open)
            return medtl_fail(err, MEDTL_E_FORMAT, "%s: a quote is never closed", r->path);
        if (cell == NULL)
            return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", r->path);
        r->cells[r->count++] = cell;
        if (*r->at != ',')
            break;
        r->at++;
    }
    r->at += *r->at == '\r';
    r->at += *r->at == '\n';
    return MEDTL_OK;
}

static void clear_cells(reader *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->cells[i]);
    r->count = 0;
}

/* Hand the row under way over to the table; its first row decides how wide the others may be. */
static medtl_status keep_row(reader *r, csv_table *table, medtl_error *err)
{
    const size_t columns = table->row_count == 0 ? r->count : table->columns;
    char ***rows = realloc(table->rows, (table->row_count + 1) * sizeof *rows);
    char **row = calloc(columns, sizeof *row);
    bool complete = true;

    if (rows != NULL)
        table->rows = rows;
    if (rows == NULL || row == NULL) {
        free(row);
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", r->path);
    }
    if (r->count > columns) {
        free(row);
        return medtl_fail(err, MEDTL_E_FORMAT, "%s:%zu: %zu cells, the header has %zu", r->path,
                          r->line, r->count, columns);
    }
    memcpy(row, r->cells, r->count * sizeof *row);
    for (size_t i = r->count; i < columns; i++) {
        row[i] = strdup("");
        complete = complete && row[i] != NULL;
    }
    r->count = 0;
    table->columns = columns;
    table->rows[table->row_count++] = row;
    return complete ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", r->path);
}

medtl_status csv_read(const char *path, csv_table *out, medtl_error *err)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    char *text = NULL;
    reader r = {path, NULL, 1, NULL, 0};
    medtl_status status;

    *out = (csv_table){NULL, 0, 0};
    if ((status = medtl_file_read(path, MOST_BYTES, &bytes, &size, err)) != MEDTL_OK)
        return status;
    if (size > 0 && memchr(bytes, '\0', size) != NULL) {
        status = medtl_fail(err, MEDTL_E_FORMAT, "%s: a zero byte: this is not text", path);
        goto done;
    }
    text = malloc(size + 1);
    r.cells = calloc(MOST_COLUMNS, sizeof *r.cells);
    if (text == NULL || r.cells == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
        goto done;
    }
    memcpy(text, bytes, size);
    text[size] = '\0';
    r.at = size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? text + 3 : text;
    while (*r.at != '\0' && status == MEDTL_OK) {
        status = read_row(&r, err);
        if (status == MEDTL_OK && r.count == 1 && r.cells[0][0] == '\0')
            clear_cells(&r);
        else if (status == MEDTL_OK)
            status = keep_row(&r, out, err);
        r.line++;
    }

done:
    if (r.cells != NULL)
        clear_cells(&r);
    free(r.cells);
    free(text);
    free(bytes);
    if (status != MEDTL_OK)
        csv_clear(out);
    return status;
}

void csv_clear(csv_table *table)
{
    for (size_t i = 0; i < table->row_count; i++) {
        for (size_t j = 0; j < table->columns; j++)
            free(table->rows[i][j]);
        free(table->rows[i]);
    }
    free(table->rows);
    *table = (csv_table){NULL, 0, 0};
}
