/* Charts of a run, as PNG or SVG: the ending of the file's name decides. Drawn by Cairo with its own "sans-serif",
 * which Debian's libcairo2 always finds (it depends on fontconfig-config, and that on fonts-dejavu-core or another).
 * SVG files hold their letters as outlines, so that they look the same everywhere.
 *
 * All functions write through a temporary file; on failure an old file is untouched. Texts are UTF-8; bytes that are
 * not are shown as '?'. Long texts are shortened with an ellipsis. Several threads may draw at once, each its own file.
 * All return MEDTL_OK; MEDTL_E_ARGUMENT for another ending, or where there is nothing to draw; MEDTL_E_IO;
 * MEDTL_E_MEMORY. */
#ifndef MEDTL_TOOL_PLOT_H
#define MEDTL_TOOL_PLOT_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum plot_style {
    PLOT_LINE,        /* through the points, in order; a point that is not finite breaks it */
    PLOT_LINE_POINTS, /* the same, each point marked */
    PLOT_POINTS,      /* marks alone */
    PLOT_DASHED       /* a dashed line: a reference, a chance level */
} plot_style;

/** One line of a chart. Arrays are borrowed. */
typedef struct plot_series {
    const char *name;         /* in the legend; NULL: not there */
    const double *x;          /* [count] */
    const double *y;          /* [count]; NAN: no value here */
    const double *low, *high; /* [count], whiskers of an interval around y; NULL: none */
    size_t count;
    plot_style style;
} plot_series;

typedef struct plot_chart {
    const char *title; /* may be NULL, as the labels may */
    const char *x_label, *y_label;
    const plot_series *series;
    size_t series_count;
    bool x_log, y_log; /* values that are not above 0 are left out */
    bool y_from_zero;  /* the axis starts at 0 even where no value is near it */
    bool has_mark;     /* a vertical line at x = mark: the epoch that was kept, the rate chosen */
    double mark;
    const char *mark_name; /* in the legend; may be NULL */
} plot_chart;

/** A chart of lines. At least one point must be drawable. */
medtl_status plot_lines(const char *path, const plot_chart *chart, medtl_error *err);

/** One class against the rest. */
typedef struct plot_roc_curve {
    const char *name;
    const double *false_positive_rate,
        *sensitivity; /* [count], both rising; see core/eval/curves.h */
    size_t count;
    double auc; /* shown in the legend; NAN: not shown */
} plot_roc_curve;

/** ROC curves in one square, with the diagonal of chance. */
medtl_status plot_roc(const char *path, const char *title, const plot_roc_curve *curves,
                      size_t count, medtl_error *err);

/** A confusion matrix: each cell with its count and its share of the truth's row, which is also its shade.
 *  @param counts   [classes][classes], [truth][predicted].
 *  @param classes  1 to 40. */
medtl_status plot_confusion(const char *path, const char *title, const uint64_t *counts,
                            const char *const *names, size_t classes, medtl_error *err);

/** One bin of predicted probabilities. */
typedef struct plot_bin {
    double confidence; /* mean predicted probability */
    double accuracy;   /* share that was right */
    uint64_t count;    /* 0: the bin is empty, and the other two are not read */
} plot_bin;

/** A reliability diagram (Guo et al., ICML 2017): bars of how often a prediction was right beside how sure it was, the
 *  diagonal of perfect calibration, and below it how many cases each bin has.
 *  @param bins   Of equal width from 0 to 1.
 *  @param error  The expected calibration error, for the title line; NAN: not shown. */
medtl_status plot_reliability(const char *path, const char *title, const plot_bin *bins,
                              size_t count, double error, medtl_error *err);

typedef struct plot_bar {
    const char *name;
    double value, low,
        high; /* low, high: NAN for none. A bar whose value is NAN keeps its place, empty */
} plot_bar;

/** Horizontal bars with the whiskers of their intervals, the first on top; the axis starts at 0 where all values are
 *  positive, unless `from` says otherwise.
 *  @param value_label  What the length means; may be NULL.
 *  @param from         Where the bars start; NAN: 0. */
medtl_status plot_bars(const char *path, const char *title, const char *value_label,
                       const plot_bar *bars, size_t count, double from, medtl_error *err);

#endif
