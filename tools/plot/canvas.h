/* A page to draw on that becomes a PNG or SVG file, and the few strokes that all charts share. */
#ifndef MEDTL_TOOL_PLOT_CANVAS_H
#define MEDTL_TOOL_PLOT_CANVAS_H

#include "medtl/error.h"

#include <cairo.h>
#include <stddef.h>

typedef struct colour {
    double red, green, blue;
} colour;

typedef struct canvas
    canvas; /* x to the right, y down, in points; the origin is the upper left corner */

/** A white page. @param path  *.png or *.svg; borrowed until canvas_close(). */
medtl_status canvas_open(const char *path, double width, double height, canvas **out,
                         medtl_error *err);
/** Write the file and release the page. Any failure of any stroke is reported here. */
medtl_status canvas_close(canvas *page, medtl_error *err);

cairo_t *canvas_pen(canvas *page);

extern const colour canvas_ink, canvas_soft, canvas_grid, canvas_white;
/** The colour of series `index`: eight that colour-blind people can tell apart (Okabe & Ito 2008), repeated. */
colour canvas_series_colour(size_t index);

typedef struct text_style {
    double size; /* of the letters, points */
    colour ink;
    double across,
        down; /* which part of the text lies at the point: 0 left or top, 0.5 middle, 1 right or bottom */
    double room;       /* longest width; 0: any */
    int bold, upright; /* upright: reads from bottom to top, `across` along its length */
} text_style;

/** @param text  NULL: nothing. */
void canvas_text(canvas *page, const char *text, double x, double y, const text_style *style);
double canvas_text_width(canvas *page, const char *text, double size);

void canvas_box(canvas *page, double x, double y, double width, double height, colour fill,
                double opacity);
void canvas_line(canvas *page, double x1, double y1, double x2, double y2, double width,
                 colour ink);
/** The same, dashed. */
void canvas_dashes(canvas *page, double x1, double y1, double x2, double y2, double width,
                   colour ink);
/** An upright or lying interval: a line with short feet, from (x1, y1) to (x2, y2). */
void canvas_whisker(canvas *page, double x1, double y1, double x2, double y2, colour ink);

#endif
