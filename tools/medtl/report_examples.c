/* Heat maps of some of the images that were evaluated, each with what it is and what it was taken for. */
#include "report.h"

#include "core/train/csv.h"
#include "html.h"
#include "run_folder.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The row whose file's name a picture begins with ("a.jpg.melanoma.png" is of "images/a.jpg"); rows: none. */
static size_t find_row(const medtl_table *table, const char *picture)
{
    const size_t file = medtl_table_column(table, "file");
    size_t row = 0;

    for (; row < medtl_table_rows(table) && file != MEDTL_NO_COLUMN; row++) {
        const char *path = medtl_table_cell(table, row, file), *slash = strrchr(path, '/');
        const char *name = slash != NULL ? slash + 1 : path;

        if (strncmp(picture, name, strlen(name)) == 0 && picture[strlen(name)] == '.')
            break;
    }
    return file != MEDTL_NO_COLUMN ? row : medtl_table_rows(table);
}

static medtl_status put_example(FILE *stream, const char *folder, const char *picture,
                                const medtl_table *table, medtl_error *err)
{
    const size_t row = find_row(table, picture), label = medtl_table_column(table, "label"),
                 predicted = medtl_table_column(table, "predicted");
    char caption[600], *path = path_join(folder, picture);
    medtl_status status;

    snprintf(caption, sizeof caption, "%.200s", picture);
    if (row < medtl_table_rows(table) && label != MEDTL_NO_COLUMN && predicted != MEDTL_NO_COLUMN) {
        const char *truth = medtl_table_cell(table, row, label),
                   *answer = medtl_table_cell(table, row, predicted);

        snprintf(caption, sizeof caption, "%s: %.100s is %.100s, predicted %.100s",
                 strcmp(truth, answer) == 0 ? "right" : "wrong", picture, truth, answer);
    }
    status = path != NULL ? html_picture(stream, path, caption, err)
                          : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a report");
    free(path);
    return status;
}

static int is_page(const struct dirent *item)
{
    const char *ending = strrchr(item->d_name, '.');

    return item->d_name[0] != '.' && ending != NULL && strcmp(ending, ".png") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static medtl_status put_all(FILE *stream, const char *folder, const medtl_table *table,
                            medtl_error *err)
{
    struct dirent **items = NULL;
    const int count = scandir(folder, &items, is_page, by_bytes);
    medtl_status status = MEDTL_OK;

    fputs(
        "<h2>Where the model looked</h2>\n<p>Of each class the image that was told most surely, and those that were "
        "most surely wrong. A heat map shows what moved the model, not where disease is.</p>\n",
        stream);
    for (int i = 0; i < count; i++) {
        if (status == MEDTL_OK)
            status = put_example(stream, folder, items[i]->d_name, table, err);
        free(items[i]);
    }
    free(items);
    return status;
}

medtl_status report_examples(FILE *stream, const char *folder, const char *predictions,
                             medtl_error *err)
{
    char *path = path_join(folder, "examples"), *marker = path_join(folder, "examples/stage.json");
    medtl_table *table = NULL;
    medtl_status status = MEDTL_OK;

    if (path == NULL || marker == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a report");
    else if (access(marker, F_OK) == 0 &&
             (status = medtl_table_read(predictions, &table, err)) == MEDTL_OK)
        status = put_all(stream, path, table, err);
    medtl_table_destroy(table);
    free(path);
    free(marker);
    return status;
}
