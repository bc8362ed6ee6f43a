/* Reliability diagrams: how often predictions are right, by how sure they are. */
#include "frame.h"
#include "plot.h"

#include <math.h>
#include <stdio.h>

static const double SIDE = 320.0, LEFT = 66.0, TOP = 36.0, RIGHT = 150.0, GAP = 26.0, LOW = 70.0,
                    BOTTOM = 48.0;

/* Upper part: accuracy of each bin as a bar, the mean confidence as a point on the height of the accuracy. */
static void draw_accuracy(canvas *page, const plot_bin *bins, size_t count, const char *title)
{
    frame f = {.title = title, .y_label = "share that was right"};
    const colour bar = canvas_series_colour(0), point = canvas_series_colour(1);
    const double width = SIDE / (double)count;
    cairo_t *pen = canvas_pen(page);

    axis_fix(&f.x, 0.0, 1.0);
    axis_fix(&f.y, 0.0, 1.0);
    f.x.from = LEFT;
    f.x.to = LEFT + SIDE;
    f.y.from = TOP + SIDE;
    f.y.to = TOP;
    f.x.tick_count = 0; /* named below the counts */
    frame_draw(page, &f);
    for (size_t i = 0; i < count; i++)
        if (bins[i].count > 0)
            canvas_box(page, LEFT + width * (double)i + 1.0, axis_place(&f.y, bins[i].accuracy),
                       width - 2.0, f.y.from - axis_place(&f.y, bins[i].accuracy), bar, 0.45);
    canvas_dashes(page, f.x.from, f.y.from, f.x.to, f.y.to, 1.0, canvas_soft);
    for (size_t i = 0; i < count; i++)
        if (bins[i].count > 0) {
            cairo_set_source_rgb(pen, point.red, point.green, point.blue);
            cairo_arc(pen, axis_place(&f.x, bins[i].confidence), axis_place(&f.y, bins[i].accuracy),
                      3.2, 0.0, 2.0 * acos(-1.0));
            cairo_fill(pen);
        }
    frame_legend_entry(page, LEFT + SIDE + 14.0, TOP + 8.0, "right, by bin", LEGEND_LINE, bar);
    frame_legend_entry(page, LEFT + SIDE + 14.0, TOP + 8.0 + frame_legend_step, "mean probability",
                       LEGEND_POINT, point);
    frame_legend_entry(page, LEFT + SIDE + 14.0, TOP + 8.0 + 2.0 * frame_legend_step, "perfect",
                       LEGEND_DASHES, canvas_soft);
}

static void draw_counts(canvas *page, const plot_bin *bins, size_t count)
{
    frame f = {.x_label = "predicted probability", .y_label = "cases"};
    const double width = SIDE / (double)count;
    double most = 1.0;

    for (size_t i = 0; i < count; i++)
        most = fmax(most, (double)bins[i].count);
    axis_fix(&f.x, 0.0, 1.0);
    axis_fit(&f.y, 0.0, most, false);
    f.x.from = LEFT;
    f.x.to = LEFT + SIDE;
    f.y.from = TOP + SIDE + GAP + LOW;
    f.y.to = TOP + SIDE + GAP;
    f.y.ticks[0] = f.y.low; /* a low strip has room for the ends alone */
    f.y.ticks[1] = f.y.high;
    f.y.tick_count = 2;
    frame_draw(page, &f);
    for (size_t i = 0; i < count; i++)
        if (bins[i].count > 0)
            canvas_box(page, LEFT + width * (double)i + 1.0,
                       axis_place(&f.y, (double)bins[i].count), width - 2.0,
                       f.y.from - axis_place(&f.y, (double)bins[i].count), canvas_soft, 0.6);
}

medtl_status plot_reliability(const char *path, const char *title, const plot_bin *bins,
                              size_t count, double error, medtl_error *err)
{
    char heading[160];
    uint64_t cases = 0;
    canvas *page = NULL;
    medtl_status status;

    for (size_t i = 0; i < count; i++)
        cases += bins[i].count;
    if (cases == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: no case to draw a reliability diagram of",
                          path);
    if ((status = canvas_open(path, LEFT + SIDE + RIGHT, TOP + SIDE + GAP + LOW + BOTTOM, &page,
                              err)) != MEDTL_OK)
        return status;
    if (isfinite(error))
        snprintf(heading, sizeof heading, "%.100s%scalibration error %.3f",
                 title != NULL ? title : "", title != NULL ? ": " : "", error);
    else
        snprintf(heading, sizeof heading, "%.150s", title != NULL ? title : "");
    draw_accuracy(page, bins, count, heading);
    draw_counts(page, bins, count);
    return canvas_close(page, err);
}
