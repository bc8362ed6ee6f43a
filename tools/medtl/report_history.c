/* Learning curves. Columns are taken by their names, so that each command may have its own. */
#include "report_charts.h"

#include "core/base/file.h"
#include "core/train/csv.h"
#include "html.h"
#include "run_folder.h"
#include "tools/plot/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_ROOM = 24 };

typedef struct curves {
    size_t count; /* epochs */
    size_t columns;
    const char *names[COLUMN_ROOM];
    double *values[COLUMN_ROOM]; /* owned */
} curves;

static double number_of(const char *cell)
{
    char *end = NULL;
    const double value = strtod(cell, &end);

    return end != cell && *end == '\0' ? value : (double)NAN;
}

static medtl_status read_curves(const medtl_table *table, curves *c, medtl_error *err)
{
    c->count = medtl_table_rows(table);
    for (size_t k = 0; k < medtl_table_columns(table) && k < COLUMN_ROOM; k++) {
        c->values[k] = calloc(c->count + 1, sizeof **c->values);
        if (c->values[k] == NULL)
            return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for curves");
        c->names[k] = medtl_table_header(table, k);
        c->columns = k + 1;
        for (size_t i = 0; i < c->count; i++)
            c->values[k][i] = number_of(medtl_table_cell(table, i, k));
    }
    return MEDTL_OK;
}

static void curves_clear(curves *c)
{
    for (size_t k = 0; k < c->columns; k++)
        free(c->values[k]);
}

static bool any_number(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i]))
            return true;
    return false;
}

static bool is_loss(const char *name) { return strstr(name, "loss") != NULL; }

static bool is_score(const char *name)
{
    return strstr(name, "auc") != NULL || strstr(name, "accuracy") != NULL ||
           strstr(name, "knn") != NULL || strstr(name, "probe") != NULL;
}

static bool is_rate(const char *name) { return strcmp(name, "rate") == 0; }

static const struct kind {
    const char *file, *title, *y_label;
    bool (*takes)(const char *name);
} kinds[] = {
    {"loss.svg", "Loss", "loss", is_loss},
    {"scores.svg", "Scores on validation images", "score", is_score},
    {"rate.svg", "Learning rate", "learning rate", is_rate},
};

static medtl_status draw(FILE *stream, const curves *c, const struct kind *kind, const char *plots,
                         double kept, medtl_error *err)
{
    plot_series series[COLUMN_ROOM];
    char names[COLUMN_ROOM][64], *path;
    plot_chart chart = {.title = kind->title,
                        .x_label = "epoch",
                        .y_label = kind->y_label,
                        .series = series,
                        .has_mark = kept > 0.0 && kind->takes != is_rate,
                        .mark = kept,
                        .mark_name = "kept epoch"};
    medtl_status status;

    for (size_t k = 0; k < c->columns; k++) {
        const size_t s = chart.series_count;

        if (!kind->takes(c->names[k]) || !any_number(c->values[k], c->count))
            continue;
        snprintf(names[s], sizeof names[s], "%s",
                 strcmp(c->names[k], "loss") == 0 ? "training loss" : c->names[k]);
        for (char *p = names[s]; *p != '\0'; p++)
            *p = *p == '_' ? ' ' : *p;
        series[s] = (plot_series){.name = names[s],
                                  .x = c->values[0],
                                  .y = c->values[k],
                                  .count = c->count,
                                  .style = c->count < 40 ? PLOT_LINE_POINTS : PLOT_LINE};
        chart.series_count++;
    }
    if (chart.series_count == 0 || !any_number(c->values[0], c->count))
        return MEDTL_OK;
    path = path_join(plots, kind->file);
    if (path == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for curves");
    if ((status = plot_lines(path, &chart, err)) == MEDTL_OK)
        status = html_picture(stream, path, NULL, err);
    free(path);
    return status;
}

medtl_status charts_history(FILE *stream, const char *csv, const char *note, const char *plots,
                            double kept, medtl_error *err)
{
    medtl_table *table = NULL;
    curves c = {0};
    medtl_status status = medtl_table_read(csv, &table, err);

    if (status == MEDTL_OK && medtl_table_rows(table) > 0) {
        fputs("<h3>Curves</h3>\n", stream);
        if (note != NULL)
            fprintf(stream, "<p>%s</p>\n", note);
        if ((status = medtl_file_make_folders(plots, err)) == MEDTL_OK)
            status = read_curves(table, &c, err);
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && status == MEDTL_OK; i++)
            status = draw(stream, &c, &kinds[i], plots, kept, err);
    }
    curves_clear(&c);
    medtl_table_destroy(table);
    return status;
}
