/* Charts of lines: learning curves, rate finders, scores by training size. */
#include "frame.h"
#include "plot.h"

#include <math.h>

static const double WIDTH = 460.0, HEIGHT = 280.0; /* of the data's area */
static const double LEFT = 66.0, TOP = 36.0, RIGHT = 18.0, BOTTOM = 48.0;

typedef struct range {
    double low, high;
} range;

static void include(range *r, double value)
{
    r->low = fmin(r->low, value);
    r->high = fmax(r->high, value);
}

static bool drawable(double value, bool log) { return isfinite(value) && (!log || value > 0.0); }

static bool has_point(const plot_chart *c, const plot_series *s, size_t i)
{
    return drawable(s->x[i], c->x_log) && drawable(s->y[i], c->y_log);
}

static bool has_interval(const plot_chart *c, const plot_series *s, size_t i)
{
    return s->low != NULL && s->high != NULL && drawable(s->low[i], c->y_log) &&
           drawable(s->high[i], c->y_log);
}

/* @return false where no point can be drawn. */
static bool find_ranges(const plot_chart *c, range *x, range *y)
{
    *x = *y = (range){INFINITY, -INFINITY};
    for (size_t k = 0; k < c->series_count; k++)
        for (size_t i = 0; i < c->series[k].count; i++) {
            const plot_series *s = &c->series[k];

            if (!has_point(c, s, i))
                continue;
            include(x, s->x[i]);
            include(y, s->y[i]);
            if (has_interval(c, s, i)) {
                include(y, s->low[i]);
                include(y, s->high[i]);
            }
        }
    if (!(x->low <= x->high))
        return false;
    if (c->has_mark && drawable(c->mark, c->x_log))
        include(x, c->mark);
    if (c->y_from_zero && !c->y_log)
        include(y, 0.0);
    return true;
}

static void draw_marks(canvas *page, const frame *f, const plot_chart *c, const plot_series *s,
                       colour ink)
{
    cairo_t *pen = canvas_pen(page);

    for (size_t i = 0; i < s->count; i++) {
        double x, y;

        if (!has_point(c, s, i))
            continue;
        x = axis_place(&f->x, s->x[i]);
        y = axis_place(&f->y, s->y[i]);
        if (has_interval(c, s, i))
            canvas_whisker(page, x, axis_place(&f->y, s->low[i]), x, axis_place(&f->y, s->high[i]),
                           ink);
        if (s->style == PLOT_POINTS || s->style == PLOT_LINE_POINTS) {
            cairo_set_source_rgb(pen, ink.red, ink.green, ink.blue);
            cairo_arc(pen, x, y, 3.0, 0.0, 2.0 * acos(-1.0));
            cairo_fill(pen);
        }
    }
}

static void draw_series(canvas *page, const frame *f, const plot_chart *c, const plot_series *s,
                        colour ink)
{
    static const double dashes[] = {4.0, 3.0};
    cairo_t *pen = canvas_pen(page);
    bool drawing = false;

    for (size_t i = 0; i < s->count && s->style != PLOT_POINTS; i++) {
        const bool here = has_point(c, s, i);

        if (here && drawing)
            cairo_line_to(pen, axis_place(&f->x, s->x[i]), axis_place(&f->y, s->y[i]));
        else if (here)
            cairo_move_to(pen, axis_place(&f->x, s->x[i]), axis_place(&f->y, s->y[i]));
        drawing = here;
    }
    cairo_set_source_rgb(pen, ink.red, ink.green, ink.blue);
    cairo_set_line_width(pen, s->style == PLOT_DASHED ? 1.4 : 1.8);
    cairo_set_line_join(pen, CAIRO_LINE_JOIN_ROUND);
    if (s->style == PLOT_DASHED)
        cairo_set_dash(pen, dashes, 2, 0.0);
    cairo_stroke(pen);
    cairo_set_dash(pen, NULL, 0, 0.0);
    draw_marks(page, f, c, s, ink);
}

static void draw_legend(canvas *page, const plot_chart *c, double x, double y)
{
    for (size_t k = 0; k < c->series_count; k++) {
        const plot_series *s = &c->series[k];

        if (s->name == NULL)
            continue;
        frame_legend_entry(page, x, y, s->name,
                           s->style == PLOT_DASHED   ? LEGEND_DASHES
                           : s->style == PLOT_POINTS ? LEGEND_POINT
                                                     : LEGEND_LINE,
                           canvas_series_colour(k));
        y += frame_legend_step;
    }
    if (c->has_mark && c->mark_name != NULL)
        frame_legend_entry(page, x, y, c->mark_name, LEGEND_DASHES, canvas_soft);
}

static double legend_width(const plot_chart *c)
{
    double widest = c->has_mark ? frame_legend_width(c->mark_name) : 0.0;

    for (size_t k = 0; k < c->series_count; k++)
        widest = fmax(widest, frame_legend_width(c->series[k].name));
    return widest;
}

medtl_status plot_lines(const char *path, const plot_chart *chart, medtl_error *err)
{
    const double legend = legend_width(chart), width = LEFT + WIDTH + RIGHT + legend;
    frame f = {.title = chart->title, .x_label = chart->x_label, .y_label = chart->y_label};
    range x, y;
    canvas *page = NULL;
    medtl_status status;

    if (!find_ranges(chart, &x, &y))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: no point can be drawn", path);
    if ((status = canvas_open(path, width, TOP + HEIGHT + BOTTOM, &page, err)) != MEDTL_OK)
        return status;
    axis_fit(&f.x, x.low, x.high, chart->x_log);
    axis_fit(&f.y, y.low, y.high, chart->y_log);
    f.x.from = LEFT;
    f.x.to = LEFT + WIDTH;
    f.y.from = TOP + HEIGHT;
    f.y.to = TOP;
    frame_draw(page, &f);
    if (chart->has_mark && drawable(chart->mark, chart->x_log)) {
        const double at = axis_place(&f.x, chart->mark);

        canvas_dashes(page, at, f.y.from, at, f.y.to, 1.2, canvas_soft);
    }
    for (size_t k = 0; k < chart->series_count; k++)
        draw_series(page, &f, chart, &chart->series[k], canvas_series_colour(k));
    draw_legend(page, chart, LEFT + WIDTH + RIGHT, TOP + 8.0);
    return canvas_close(page, err);
}
