/* Horizontal bars with intervals. */
#include "frame.h"
#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double WIDTH = 380.0, TOP = 36.0, RIGHT = 70.0, BOTTOM = 48.0, STEP = 26.0;

static double names_width(const plot_bar *bars, size_t count)
{
    double widest = 60.0;

    for (size_t i = 0; i < count; i++)
        widest = fmax(widest, 6.6 * (double)strlen(bars[i].name) + 20.0);
    return fmin(widest, 240.0);
}

/* @return false where no value is a number. */
static bool find_range(const plot_bar *bars, size_t count, double from, double *low, double *high)
{
    bool any = false;

    *low = *high = from;
    for (size_t i = 0; i < count; i++) {
        const double values[] = {bars[i].value, bars[i].low, bars[i].high};

        any = any || isfinite(bars[i].value);
        for (size_t k = 0; k < 3 && isfinite(bars[i].value); k++)
            if (isfinite(values[k])) {
                *low = fmin(*low, values[k]);
                *high = fmax(*high, values[k]);
            }
    }
    return any;
}

static void draw_bar(canvas *page, const frame *f, const plot_bar *bar, double from, double y)
{
    text_style name = frame_tick;

    name.across = 1.0;
    name.down = 0.5;
    name.ink = canvas_ink;
    name.room = f->x.from - 14.0;
    canvas_text(page, bar->name, f->x.from - 7.0, y, &name);
    if (isfinite(bar->value)) {
        const double zero = axis_place(&f->x, from), end = axis_place(&f->x, bar->value);
        const bool whisker = isfinite(bar->low) && isfinite(bar->high);
        char text[32];

        canvas_box(page, fmin(zero, end), y - 8.0, fabs(end - zero), 16.0, canvas_series_colour(0),
                   0.65);
        if (whisker)
            canvas_whisker(page, axis_place(&f->x, bar->low), y, axis_place(&f->x, bar->high), y,
                           canvas_ink);
        name.across = 0.0;
        name.room = 0.0;
        snprintf(text, sizeof text, "%.3f", bar->value);
        canvas_text(page, text, f->x.to + 8.0, y, &name);
    }
}

medtl_status plot_bars(const char *path, const char *title, const char *value_label,
                       const plot_bar *bars, size_t count, double from, medtl_error *err)
{
    const double left = names_width(bars, count), base = isfinite(from) ? from : 0.0;
    const double height = STEP * (double)count + 8.0;
    frame f = {.title = title, .x_label = value_label};
    double low, high;
    canvas *page = NULL;
    medtl_status status;

    if (!find_range(bars, count, base, &low, &high))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: no bar has a length", path);
    if ((status = canvas_open(path, left + WIDTH + RIGHT, TOP + height + BOTTOM, &page, err)) !=
        MEDTL_OK)
        return status;
    axis_fit(&f.x, low, high, false);
    f.x.from = left;
    f.x.to = left + WIDTH;
    f.y = (axis){.low = 0.0, .high = 1.0, .from = TOP + height, .to = TOP};
    frame_draw(page, &f);
    for (size_t i = 0; i < count; i++)
        draw_bar(page, &f, &bars[i], base, TOP + 4.0 + STEP * ((double)i + 0.5));
    return canvas_close(page, err);
}
