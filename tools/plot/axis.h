/* One axis: its range, where its ticks are, and what they are called. */
#ifndef MEDTL_TOOL_PLOT_AXIS_H
#define MEDTL_TOOL_PLOT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

enum { AXIS_TICKS = 24, AXIS_LABEL_SIZE = 32 };

typedef struct axis {
    bool log;
    double low, high; /* what the ends stand for */
    double from, to;  /* where the ends lie on the page */
    double ticks[AXIS_TICKS];
    size_t tick_count;
    int decimals; /* of a linear axis' labels */
} axis;

/** Fit to the data: the ends go out to round numbers. low == high is widened; on a log axis both are above 0. */
void axis_fit(axis *a, double low, double high, bool log);
/** Exactly low to high. */
void axis_fix(axis *a, double low, double high);
/** Where a value lies on the page. */
double axis_place(const axis *a, double value);
void axis_label(const axis *a, double value, char out[AXIS_LABEL_SIZE]);

#endif
