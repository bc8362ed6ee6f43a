/* Charts of predictions: ROC, confusion matrix, reliability. */
#include "report_charts.h"

#include "core/base/file.h"
#include "core/eval/curves.h"
#include "core/train/csv.h"
#include "html.h"
#include "run_folder.h"
#include "tools/plot/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As many as plot_confusion() draws; of more nobody could tell the curves apart. */
enum { CHART_CLASSES = 40 };

typedef struct scored {
    size_t count, classes;
    const char *names[CHART_CLASSES]; /* borrowed from the table */
    float *probabilities;
    uint32_t *truth, *predicted;
} scored;

static void scored_clear(scored *s)
{
    free(s->probabilities);
    free(s->truth);
    free(s->predicted);
}

static medtl_status class_of(const scored *s, const char *name, const char *csv, size_t line,
                             uint32_t *out, medtl_error *err)
{
    for (size_t k = 0; k < s->classes; k++)
        if (strcmp(s->names[k], name) == 0) {
            *out = (uint32_t)k;
            return MEDTL_OK;
        }
    return medtl_fail(err, MEDTL_E_FORMAT, "%s:%zu: a class that has no column of probabilities",
                      csv, line);
}

static medtl_status read_rows(const medtl_table *table, const char *csv, const size_t *columns,
                              scored *s, medtl_error *err)
{
    const size_t label = medtl_table_column(table, "label"),
                 predicted = medtl_table_column(table, "predicted");
    medtl_status status = MEDTL_OK;

    s->count = medtl_table_rows(table);
    s->probabilities = calloc(s->count * s->classes + 1, sizeof *s->probabilities);
    s->truth = calloc(s->count + 1, sizeof *s->truth);
    s->predicted = calloc(s->count + 1, sizeof *s->predicted);
    if (s->probabilities == NULL || s->truth == NULL || s->predicted == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", csv);
    for (size_t i = 0; i < s->count && status == MEDTL_OK; i++) {
        const size_t line = medtl_table_line(table, i);

        if ((status = class_of(s, medtl_table_cell(table, i, label), csv, line, &s->truth[i],
                               err)) == MEDTL_OK)
            status = class_of(s, medtl_table_cell(table, i, predicted), csv, line, &s->predicted[i],
                              err);
        for (size_t k = 0; k < s->classes && status == MEDTL_OK; k++) {
            const float p = strtof(medtl_table_cell(table, i, columns[k]), NULL);

            s->probabilities[i * s->classes + k] = p;
            if (!(p >= 0.0f && p <= 1.0f))
                status = medtl_fail(err, MEDTL_E_FORMAT, "%s:%zu: not a probability", csv, line);
        }
    }
    return status;
}

static bool is_class(const char *header) { return strncmp(header, "p_", 2) == 0; }

static size_t count_classes(const medtl_table *table)
{
    size_t count = 0;

    for (size_t k = 0; k < medtl_table_columns(table); k++)
        count += is_class(medtl_table_header(table, k));
    return count;
}

/* Of a table with at most CHART_CLASSES classes. */
static medtl_status read_table(const medtl_table *table, const char *csv, scored *s,
                               medtl_error *err)
{
    size_t columns[CHART_CLASSES];

    for (size_t k = 0; k < medtl_table_columns(table); k++) {
        const char *name = medtl_table_header(table, k);

        if (!is_class(name))
            continue;
        columns[s->classes] = k;
        s->names[s->classes++] = name + 2;
    }
    if (s->classes == 0 || medtl_table_column(table, "label") == MEDTL_NO_COLUMN ||
        medtl_table_column(table, "predicted") == MEDTL_NO_COLUMN)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: no columns label, predicted and p_CLASS", csv);
    return read_rows(table, csv, columns, s, err);
}

/* One curve for each class that both occurs and is missing somewhere; of two classes the second alone. */
static medtl_status draw_roc(FILE *stream, const scored *s, const char *path, medtl_error *err)
{
    plot_roc_curve curves[CHART_CLASSES];
    double *points[CHART_CLASSES] = {NULL};
    size_t count = 0;
    medtl_status status = MEDTL_OK;

    for (size_t k = s->classes == 2 ? 1 : 0; k < s->classes && status == MEDTL_OK; k++) {
        medtl_ranking ranking;
        double *xy = calloc(2 * (s->count + 1), sizeof *xy);

        points[k] = xy;
        if (xy == NULL)
            status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for ROC curves");
        else if ((status = medtl_ranking_create_for_class(s->probabilities, s->classes, s->truth,
                                                          (uint32_t)k, s->count, &ranking, err)) ==
                 MEDTL_OK) {
            const size_t length = medtl_roc_points(&ranking, xy, xy + s->count + 1);

            if (length > 0)
                curves[count++] = (plot_roc_curve){s->names[k], xy, xy + s->count + 1, length,
                                                   medtl_ranking_auc(&ranking, NULL)};
            medtl_ranking_clear(&ranking);
        }
    }
    if (status == MEDTL_OK && count > 0 &&
        (status = plot_roc(path, "ROC", curves, count, err)) == MEDTL_OK)
        status = html_picture(stream, path, s->classes == 2 ? NULL : "Each class against the rest.",
                              err);
    for (size_t k = 0; k < s->classes; k++)
        free(points[k]);
    return status;
}

static medtl_status draw_confusion(FILE *stream, const scored *s, const char *path,
                                   medtl_error *err)
{
    uint64_t *counts = calloc(s->classes * s->classes, sizeof *counts);
    medtl_status status;

    if (counts == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a confusion matrix");
    for (size_t i = 0; i < s->count; i++)
        counts[s->truth[i] * s->classes + s->predicted[i]]++;
    status = plot_confusion(path, "Confusion matrix", counts, s->names, s->classes, err);
    free(counts);
    return status == MEDTL_OK ? html_picture(stream, path, "Counts, and shares of each row.", err)
                              : status;
}

static medtl_status draw_reliability(FILE *stream, const scored *s, const char *path,
                                     medtl_error *err)
{
    const medtl_predictions predictions = {.count = s->count,
                                           .classes = s->classes,
                                           .probabilities = s->probabilities,
                                           .labels = s->truth};
    medtl_reliability_bin bins[MEDTL_CALIBRATION_BINS];
    plot_bin bars[MEDTL_CALIBRATION_BINS];
    double error = 0.0;
    medtl_status status;

    medtl_reliability(&predictions, bins);
    for (size_t b = 0; b < MEDTL_CALIBRATION_BINS; b++) {
        bars[b] = (plot_bin){bins[b].confidence, bins[b].accuracy, bins[b].count};
        if (bins[b].count > 0)
            error += (double)bins[b].count / (double)s->count *
                     fabs(bins[b].confidence - bins[b].accuracy);
    }
    status = plot_reliability(path, "Reliability", bars, MEDTL_CALIBRATION_BINS, error, err);
    return status == MEDTL_OK ? html_picture(stream, path, "Of the most probable class.", err)
                              : status;
}

static medtl_status draw_all(FILE *stream, const medtl_table *table, const char *csv,
                             const char *plots, medtl_error *err)
{
    static const struct {
        const char *file;
        medtl_status (*draw)(FILE *, const scored *, const char *, medtl_error *);
    } charts[] = {{"roc.svg", draw_roc},
                  {"confusion.svg", draw_confusion},
                  {"reliability.svg", draw_reliability}};
    scored s = {0};
    medtl_status status = read_table(table, csv, &s, err);

    if (status == MEDTL_OK && s.count > 0)
        status = medtl_file_make_folders(plots, err);
    for (size_t i = 0; i < 3 && status == MEDTL_OK && s.count > 0; i++) {
        char *path = path_join(plots, charts[i].file);

        status = path != NULL ? charts[i].draw(stream, &s, path, err)
                              : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for charts");
        free(path);
    }
    scored_clear(&s);
    return status;
}

medtl_status charts_predictions(FILE *stream, const char *csv, const char *plots, medtl_error *err)
{
    medtl_table *table = NULL;
    medtl_status status = medtl_table_read(csv, &table, err);

    if (status == MEDTL_OK && count_classes(table) > CHART_CLASSES)
        fprintf(
            stream,
            "<p>ROC curves, confusion matrix and reliability are drawn of at most %d classes, and here "
            "are %zu: there are no such charts. The probabilities are in predictions.csv.</p>\n",
            CHART_CLASSES, count_classes(table));
    else if (status == MEDTL_OK)
        status = draw_all(stream, table, csv, plots, err);
    medtl_table_destroy(table);
    return status;
}
