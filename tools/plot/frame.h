/* What stands around the data of a chart: title, axes with grid and labels, legend. */
#ifndef MEDTL_TOOL_PLOT_FRAME_H
#define MEDTL_TOOL_PLOT_FRAME_H

#include "axis.h"
#include "canvas.h"

extern const text_style frame_title, frame_label, frame_tick;

typedef struct frame {
    const char *title, *x_label, *y_label; /* may be NULL */
    axis x, y;
} frame;

typedef enum legend_mark { LEGEND_LINE, LEGEND_POINT, LEGEND_DASHES } legend_mark;

/** Draw all but the data. The axes' places (from, to) must be set. */
void frame_draw(canvas *page, const frame *f);
/** Room that an entry of the legend is given, its mark included: worked out from the letters' number, since a page
 *  must have its width before anything can be measured on it. @param name  NULL: none, 0. */
double frame_legend_width(const char *name);
/** One line of the legend, the text's middle at (x, y). */
void frame_legend_entry(canvas *page, double x, double y, const char *name, legend_mark mark,
                        colour ink);
/** Distance between the lines of a legend. */
extern const double frame_legend_step;

#endif
