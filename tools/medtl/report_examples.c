/* Heat maps in the report of a run: what examples/explain.json lists, each with what predictions.csv says of its image. */
#include "report.h"

#include "core/train/csv.h"
#include "html.h"
#include "run_folder.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Is `path` this file of the table, below some folder? */
static bool is_file(const char *path, const char *file)
{
    const size_t whole = strlen(path), length = strlen(file);

    return whole >= length && strcmp(path + whole - length, file) == 0 &&
           (whole == length || path[whole - length - 1] == '/');
}

/* The row of the picture: of several whose file's name its path ends with, the longest. Rows: none. */
static size_t find_row(const medtl_table *table, const char *path)
{
    const size_t file = medtl_table_column(table, "file"), rows = medtl_table_rows(table);
    size_t found = rows, longest = 0;

    for (size_t row = 0; row < rows && file != MEDTL_NO_COLUMN; row++) {
        const char *name = medtl_table_cell(table, row, file);

        if (strlen(name) > longest && is_file(path, name)) {
            found = row;
            longest = strlen(name);
        }
    }
    return found;
}

static medtl_status put_example(FILE *stream, const char *folder, const json_t *map,
                                const medtl_table *table, medtl_error *err)
{
    const char *file = json_string_value(json_object_get(map, "file")),
               *page = json_string_value(json_object_get(map, "page"));
    const size_t label = medtl_table_column(table, "label"),
                 predicted = medtl_table_column(table, "predicted");
    char caption[600], *path;
    size_t row;
    medtl_status status;

    /* A name out of a file: it must stay in the folder. */
    if (file == NULL || page == NULL || strchr(page, '/') != NULL)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s/explain.json: a heat map without file or page",
                          folder);
    row = find_row(table, file);
    snprintf(caption, sizeof caption, "%.200s", page);
    if (row < medtl_table_rows(table) && label != MEDTL_NO_COLUMN && predicted != MEDTL_NO_COLUMN) {
        const char *truth = medtl_table_cell(table, row, label),
                   *answer = medtl_table_cell(table, row, predicted);

        snprintf(caption, sizeof caption, "%s: %.200s is %.100s, predicted %.100s",
                 strcmp(truth, answer) == 0 ? "right" : "wrong", page, truth, answer);
    }
    path = path_join(folder, page);
    status = path != NULL ? html_picture(stream, path, caption, err)
                          : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a report");
    free(path);
    return status;
}

static medtl_status put_all(FILE *stream, const char *folder, const json_t *explained,
                            const medtl_table *table, medtl_error *err)
{
    const json_t *map;
    medtl_status status = MEDTL_OK;
    size_t i;

    fputs(
        "<h2>Where the model looked</h2>\n<p>Of each class the image that was told most surely, and those that were "
        "most surely wrong. A heat map shows what moved the model, not where disease is.</p>\n",
        stream);
    json_array_foreach(json_object_get(explained, "heat_maps"), i, map)
    {
        if (status == MEDTL_OK)
            status = put_example(stream, folder, map, table, err);
    }
    return status;
}

medtl_status report_examples(FILE *stream, const char *folder, const char *predictions,
                             medtl_error *err)
{
    char *path = path_join(folder, "examples"), *marker = path_join(folder, "examples/stage.json"),
         *list = path_join(folder, "examples/explain.json");
    medtl_table *table = NULL;
    json_t *explained = NULL;
    medtl_status status = MEDTL_OK;

    if (path == NULL || marker == NULL || list == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a report");
    else if (access(marker, F_OK) == 0 && (explained = json_load_file(list, 0, NULL)) != NULL &&
             (status = medtl_table_read(predictions, &table, err)) == MEDTL_OK)
        status = put_all(stream, path, explained, table, err);
    json_decref(explained);
    medtl_table_destroy(table);
    free(path);
    free(marker);
    free(list);
    return status;
}
