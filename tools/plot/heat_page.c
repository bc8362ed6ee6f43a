#include "heat_page.h"

#include "canvas.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const double margin = 18.0, gap = 14.0, longest_side = 300.0, bar_width = 12.0;
static const double bar_room = 46.0, title_room = 30.0, line_step = 15.0;
static const double strongest = 0.72; /* share of the heat's colour where the heat is 1 */

/* Points of equal distance in heat; lightness rises from step to step. */
static const unsigned char stops[][3] = {
    {0, 0, 32},     {48, 12, 104},  {120, 28, 109},  {188, 55, 84},
    {237, 105, 37}, {251, 180, 26}, {252, 253, 191},
};
enum { LAST_STOP = sizeof stops / sizeof stops[0] - 1 };

void heat_colour(double heat, unsigned char rgb[3])
{
    const double place = (heat > 0.0 ? (heat < 1.0 ? heat : 1.0) : 0.0) * LAST_STOP;
    const size_t low = place < LAST_STOP ? (size_t)place : LAST_STOP - 1;
    const double share = place - (double)low;

    for (size_t c = 0; c < 3; c++)
        rgb[c] = (unsigned char)(stops[low][c] * (1.0 - share) + stops[low + 1][c] * share + 0.5);
}

/* What one pixel of a picture becomes under its heat. */
static void mix(const unsigned char *picture, double heat, unsigned char out[3])
{
    const double strength = strongest * (heat > 0.0 ? (heat < 1.0 ? heat : 1.0) : 0.0);
    unsigned char colour_of[3];

    heat_colour(heat, colour_of);
    for (size_t c = 0; c < 3; c++)
        out[c] = (unsigned char)(picture[c] * (1.0 - strength) + colour_of[c] * strength + 0.5);
}

/* Cairo's own order of bytes: 32 bits of the machine, 0 red green blue. */
static cairo_surface_t *surface_of(const heat_page *page, int with_heat)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)page->width, (int)page->height);
    unsigned char *bytes;
    size_t stride;

    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        return surface;
    cairo_surface_flush(surface);
    bytes = cairo_image_surface_get_data(surface);
    stride = (size_t)cairo_image_surface_get_stride(surface);
    for (size_t y = 0; y < page->height; y++)
        for (size_t x = 0; x < page->width; x++) {
            const size_t at = y * page->width + x;
            unsigned char rgb[3];
            uint32_t word;

            memcpy(rgb, page->picture + 3 * at, 3);
            if (with_heat)
                mix(page->picture + 3 * at, (double)page->heat[at], rgb);
            word = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
            memcpy(bytes + y * stride + 4 * x, &word, sizeof word);
        }
    cairo_surface_mark_dirty(surface);
    return surface;
}

static void draw_picture(canvas *page, const heat_page *h, int with_heat, double x, double y,
                         double scale)
{
    cairo_surface_t *surface = surface_of(h, with_heat);
    cairo_t *pen = canvas_pen(page);

    cairo_save(pen);
    cairo_translate(pen, x, y);
    cairo_scale(pen, scale, scale);
    cairo_set_source_surface(pen, surface, 0, 0);
    /* Pixels stay pixels: nothing is shown that is not there. */
    cairo_pattern_set_filter(cairo_get_source(pen), CAIRO_FILTER_NEAREST);
    cairo_rectangle(pen, 0, 0, (double)h->width, (double)h->height);
    cairo_fill(pen);
    cairo_restore(pen);
    cairo_surface_destroy(surface);
}

static void draw_legend(canvas *page, double x, double y, double height)
{
    enum { STEPS = 64 };
    const text_style label = {.size = 9.0, .ink = canvas_soft, .down = 0.5};

    for (int i = 0; i < STEPS; i++) {
        unsigned char rgb[3];

        heat_colour(((double)i + 0.5) / STEPS, rgb);
        canvas_box(page, x, y + height * (STEPS - 1 - i) / STEPS, bar_width, height / STEPS + 0.5,
                   (colour){rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0}, 1.0);
    }
    canvas_text(page, "most", x + bar_width + 5.0, y + 4.0, &label);
    canvas_text(page, "none", x + bar_width + 5.0, y + height - 4.0, &label);
}

medtl_status plot_heat_page(const char *path, const heat_page *page, medtl_error *err)
{
    const double longer = (double)(page->width > page->height ? page->width : page->height);
    const double scale = longest_side / (longer > 0.0 ? longer : 1.0);
    const double width = (double)page->width * scale, height = (double)page->height * scale;
    const text_style title = {
        .size = 13.0, .ink = canvas_ink, .room = 2 * width + gap + bar_room, .bold = 1};
    const text_style line = {.size = 10.0, .ink = canvas_ink, .room = 2 * width + gap + bar_room};
    canvas *sheet = NULL;
    medtl_status status;

    if (page->width == 0 || page->height == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: there is no picture to draw", path);
    status =
        canvas_open(path, 2 * margin + 2 * width + 2 * gap + bar_room,
                    2 * margin + title_room + height + 10.0 + (double)page->line_count * line_step,
                    &sheet, err);
    if (status != MEDTL_OK)
        return status;
    canvas_text(sheet, page->title, margin, margin, &title);
    draw_picture(sheet, page, 0, margin, margin + title_room, scale);
    draw_picture(sheet, page, 1, margin + width + gap, margin + title_room, scale);
    draw_legend(sheet, margin + 2 * width + 2 * gap, margin + title_room, height);
    for (size_t i = 0; i < page->line_count; i++)
        canvas_text(sheet, page->lines[i], margin,
                    margin + title_room + height + 10.0 + (double)i * line_step, &line);
    return canvas_close(sheet, err);
}
