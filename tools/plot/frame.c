#include "frame.h"

#include <math.h>
#include <string.h>

const text_style frame_title = {.size = 13, .ink = {0.13, 0.15, 0.18}, .down = 0.5, .bold = 1};
const text_style frame_label = {.size = 11, .ink = {0.13, 0.15, 0.18}, .across = 0.5, .down = 0.5};
const text_style frame_tick = {.size = 10, .ink = {0.40, 0.43, 0.47}, .across = 0.5};
const double frame_legend_step = 17.0;

enum { MARK_WIDTH = 26, LEGEND_ROOM = 230 };

static void draw_x_axis(canvas *page, const frame *f)
{
    text_style label = frame_label;
    char text[AXIS_LABEL_SIZE];

    for (size_t i = 0; i < f->x.tick_count; i++) {
        const double x = axis_place(&f->x, f->x.ticks[i]);

        canvas_line(page, x, f->y.from, x, f->y.to, 0.7, canvas_grid);
        axis_label(&f->x, f->x.ticks[i], text);
        canvas_text(page, text, x, f->y.from + 5.0, &frame_tick);
    }
    label.room = f->x.to - f->x.from;
    canvas_text(page, f->x_label, (f->x.from + f->x.to) / 2.0, f->y.from + 30.0, &label);
}

static void draw_y_axis(canvas *page, const frame *f)
{
    text_style tick = frame_tick, label = frame_label;
    char text[AXIS_LABEL_SIZE];

    tick.across = 1.0;
    tick.down = 0.5;
    for (size_t i = 0; i < f->y.tick_count; i++) {
        const double y = axis_place(&f->y, f->y.ticks[i]);

        canvas_line(page, f->x.from, y, f->x.to, y, 0.7, canvas_grid);
        axis_label(&f->y, f->y.ticks[i], text);
        canvas_text(page, text, f->x.from - 6.0, y, &tick);
    }
    label.upright = 1;
    label.room = f->y.from - f->y.to;
    canvas_text(page, f->y_label, f->x.from - 44.0, (f->y.from + f->y.to) / 2.0, &label);
}

void frame_draw(canvas *page, const frame *f)
{
    text_style title = frame_title;

    draw_x_axis(page, f);
    draw_y_axis(page, f);
    canvas_line(page, f->x.from, f->y.from, f->x.to, f->y.from, 1.0, canvas_soft);
    canvas_line(page, f->x.from, f->y.from, f->x.from, f->y.to, 1.0, canvas_soft);
    title.room = f->x.to - f->x.from;
    canvas_text(page, f->title, f->x.from, f->y.to - 16.0, &title);
}

double frame_legend_width(const char *name)
{
    const double letter = 6.4; /* points, a wide average at the size of ticks */

    return name == NULL
               ? 0.0
               : MARK_WIDTH + fmin(letter * (double)strlen(name) + 4.0, LEGEND_ROOM) + 10.0;
}

void frame_legend_entry(canvas *page, double x, double y, const char *name, legend_mark mark,
                        colour ink)
{
    text_style text = frame_tick;
    cairo_t *pen = canvas_pen(page);

    text.ink = canvas_ink;
    text.across = 0.0;
    text.down = 0.5;
    text.room = LEGEND_ROOM;
    if (mark == LEGEND_DASHES) {
        canvas_dashes(page, x, y, x + MARK_WIDTH - 6.0, y, 1.6, ink);
    } else if (mark == LEGEND_LINE) {
        canvas_line(page, x, y, x + MARK_WIDTH - 6.0, y, 2.0, ink);
    } else {
        cairo_set_source_rgb(pen, ink.red, ink.green, ink.blue);
        cairo_arc(pen, x + (MARK_WIDTH - 6.0) / 2.0, y, 3.0, 0.0, 2.0 * acos(-1.0));
        cairo_fill(pen);
    }
    canvas_text(page, name, x + MARK_WIDTH, y, &text);
}
