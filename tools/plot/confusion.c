/* Confusion matrices: rows are the truth, columns what was predicted. */
#include "frame.h"
#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CLASSES = 40 };

typedef struct matrix {
    canvas *page;
    const uint64_t *counts;
    const char *const *names;
    size_t classes;
    double left, top, cell, below; /* below: room of the columns' names */
} matrix;

static double row_sum(const matrix *m, size_t truth)
{
    double sum = 0.0;

    for (size_t k = 0; k < m->classes; k++)
        sum += (double)m->counts[truth * m->classes + k];
    return sum;
}

static void draw_cell(const matrix *m, size_t truth, size_t predicted)
{
    const colour fill = canvas_series_colour(0);
    const uint64_t count = m->counts[truth * m->classes + predicted];
    const double sum = row_sum(m, truth), share = sum > 0.0 ? (double)count / sum : 0.0;
    const double x = m->left + (double)predicted * m->cell, y = m->top + (double)truth * m->cell;
    text_style style = frame_label;
    char text[32];

    canvas_box(m->page, x + 0.5, y + 0.5, m->cell - 1.0, m->cell - 1.0, fill, 0.04 + 0.86 * share);
    style.ink = share > 0.5 ? canvas_white : canvas_ink;
    style.room = m->cell - 4.0;
    style.size = fmin(11.0, m->cell / 3.2);
    snprintf(text, sizeof text, "%llu", (unsigned long long)count);
    canvas_text(m->page, text, x + m->cell / 2.0, y + m->cell * (m->cell >= 36.0 ? 0.38 : 0.5),
                &style);
    if (m->cell < 36.0 || sum == 0.0)
        return;
    style.size = 8.5;
    snprintf(text, sizeof text, "%.0f %%", 100.0 * share);
    canvas_text(m->page, text, x + m->cell / 2.0, y + m->cell * 0.70, &style);
}

static void draw_names(const matrix *m, double side)
{
    text_style row = frame_tick, column = frame_tick;

    row.across = 1.0;
    row.down = 0.5;
    row.size = column.size = fmin(10.0, m->cell * 0.8);
    row.room = m->left - 34.0;
    column.upright = 1;
    column.across = 1.0; /* the text ends below the matrix and reads upwards */
    column.down = 0.5;
    column.room = m->below;
    for (size_t k = 0; k < m->classes; k++) {
        const double middle = ((double)k + 0.5) * m->cell;

        canvas_text(m->page, m->names[k], m->left - 6.0, m->top + middle, &row);
        canvas_text(m->page, m->names[k], m->left + middle, m->top + side + 6.0, &column);
    }
}

medtl_status plot_confusion(const char *path, const char *title, const uint64_t *counts,
                            const char *const *names, size_t classes, medtl_error *err)
{
    const double cell = fmax(18.0, fmin(64.0, 420.0 / (double)(classes > 0 ? classes : 1)));
    const double side = cell * (double)classes;
    matrix m = {NULL, counts, names, classes, 126.0, 40.0, cell, 20.0};
    text_style axis_name = frame_label, top = frame_title;
    medtl_status status;

    if (classes == 0 || classes > CLASSES)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "%s: a confusion matrix of %zu classes cannot be drawn (1 to %d)", path,
                          classes, CLASSES);
    for (size_t k = 0; k < classes; k++)
        m.below = fmax(m.below, fmin(84.0, 6.6 * (double)strlen(names[k])));
    if ((status = canvas_open(path, m.left + fmax(side, 160.0) + 20.0,
                              m.top + side + m.below + 38.0, &m.page, err)) != MEDTL_OK)
        return status;
    for (size_t i = 0; i < classes; i++)
        for (size_t k = 0; k < classes; k++)
            draw_cell(&m, i, k);
    draw_names(&m, side);
    top.room = fmax(side, 160.0) + 100.0;
    canvas_text(m.page, title, 16.0, 20.0, &top);
    canvas_text(m.page, "predicted", m.left + side / 2.0, m.top + side + m.below + 22.0,
                &axis_name);
    axis_name.upright = 1;
    canvas_text(m.page, "truth", 16.0, m.top + side / 2.0, &axis_name);
    return canvas_close(m.page, err);
}
