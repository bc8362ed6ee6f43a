/* ROC curves: one square, false positive rate to the right, sensitivity upwards. */
#include "frame.h"
#include "plot.h"

#include <math.h>
#include <stdio.h>

static const double SIDE = 320.0, LEFT = 66.0, TOP = 36.0, RIGHT = 18.0, BOTTOM = 48.0;

static void name_of(const plot_roc_curve *curve, char *out, size_t size)
{
    if (isfinite(curve->auc))
        snprintf(out, size, "%.60s, AUC %.3f", curve->name, curve->auc);
    else
        snprintf(out, size, "%.60s", curve->name);
}

static void draw_curve(canvas *page, const frame *f, const plot_roc_curve *curve, colour ink)
{
    cairo_t *pen = canvas_pen(page);

    for (size_t i = 0; i < curve->count; i++)
        cairo_line_to(pen, axis_place(&f->x, curve->false_positive_rate[i]),
                      axis_place(&f->y, curve->sensitivity[i]));
    cairo_set_source_rgb(pen, ink.red, ink.green, ink.blue);
    cairo_set_line_width(pen, 1.8);
    cairo_set_line_join(pen, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke(pen);
}

medtl_status plot_roc(const char *path, const char *title, const plot_roc_curve *curves,
                      size_t count, medtl_error *err)
{
    frame f = {.title = title, .x_label = "1 - specificity", .y_label = "sensitivity"};
    double legend = 0.0;
    canvas *page = NULL;
    char name[96];
    medtl_status status;

    for (size_t k = 0; k < count; k++) {
        name_of(&curves[k], name, sizeof name);
        legend = fmax(legend, frame_legend_width(name));
    }
    if (count == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: no ROC curve to draw", path);
    if ((status = canvas_open(path, LEFT + SIDE + RIGHT + legend, TOP + SIDE + BOTTOM, &page,
                              err)) != MEDTL_OK)
        return status;
    axis_fix(&f.x, 0.0, 1.0);
    axis_fix(&f.y, 0.0, 1.0);
    f.x.from = LEFT;
    f.x.to = LEFT + SIDE;
    f.y.from = TOP + SIDE;
    f.y.to = TOP;
    frame_draw(page, &f);
    canvas_dashes(page, f.x.from, f.y.from, f.x.to, f.y.to, 1.0, canvas_soft);
    for (size_t k = 0; k < count; k++) {
        draw_curve(page, &f, &curves[k], canvas_series_colour(k));
        name_of(&curves[k], name, sizeof name);
        frame_legend_entry(page, LEFT + SIDE + RIGHT, TOP + 8.0 + frame_legend_step * (double)k,
                           name, LEGEND_LINE, canvas_series_colour(k));
    }
    return canvas_close(page, err);
}
