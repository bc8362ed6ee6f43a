/* The picture of a Secondary Capture: image, heat map, outline, and a legend below that says what is seen. */
#include "shapes.h"

#include "core/base/c_locale.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEGEND_LINES = 4, LINE_SIZE = 96, MARGIN = 8, BAR_LENGTH = 160 };

static const medtl_rgb white = {255, 255, 255}, gray = {64, 64, 64};

/* ---- heat ----------------------------------------------------------------------------------- */

static float largest_inside(const medtl_heat_map *map, const medtl_geometry *g,
                            const medtl_normaliser *n)
{
    float largest = 0.0f;

    for (uint32_t row = 0; row < map->height; row++)
        for (uint32_t column = 0; column < map->width; column++) {
            const double u = ((double)column + 0.5) * n->width / map->width;
            const double v = ((double)row + 0.5) * n->height / map->height;
            const float value = map->values[(size_t)row * map->width + column];

            if (u > g->inner[0] && u < g->inner[2] && v > g->inner[1] && v < g->inner[3] &&
                value > largest)
                largest = value;
        }
    return largest;
}

static size_t clamped(double index, uint32_t count)
{
    return index <= 0.0 ? 0 : index >= (double)count - 1.0 ? count - 1 : (size_t)index;
}

/* Bilinear, at a position of the map counted from its corner; beyond the outermost samples, theirs. */
static double sample(const medtl_heat_map *map, double x, double y)
{
    const double fx = floor(x - 0.5), fy = floor(y - 0.5);
    const size_t x0 = clamped(fx, map->width), x1 = clamped(fx + 1.0, map->width);
    const size_t y0 = clamped(fy, map->height), y1 = clamped(fy + 1.0, map->height);
    const double ax = x - 0.5 - fx, ay = y - 0.5 - fy;
    const float *const upper = &map->values[y0 * map->width], *const lower =
                                                                  &map->values[y1 * map->width];

    return (1.0 - ay) * ((1.0 - ax) * (double)upper[x0] + ax * (double)upper[x1]) +
           ay * ((1.0 - ax) * (double)lower[x0] + ax * (double)lower[x1]);
}

static void cover(unsigned char *pixel, double share)
{
    const medtl_rgb color = medtl_heat_color(share);
    const double opacity = medtl_heat_opacity(share);
    const unsigned char parts[3] = {color.r, color.g, color.b};

    for (size_t c = 0; c < 3; c++)
        pixel[c] = (unsigned char)lround((1.0 - opacity) * pixel[c] + opacity * parts[c]);
}

/* @param scale_x, scale_y  Image pixels for each pixel of the picture. */
static void draw_heat(const medtl_evidence_request *request, double scale_x, double scale_y,
                      medtl_picture *canvas)
{
    const medtl_heat_map *const map = &request->map;
    const medtl_normaliser *const n = &request->task->normaliser;
    const double largest = (double)largest_inside(map, &request->geometry, n);

    if (!(largest > 0.0))
        return;
    for (uint32_t y = 0; y < request->picture->height; y++)
        for (uint32_t x = 0; x < request->picture->width; x++) {
            double u, v;

            if (medtl_place_in_input(&request->geometry, ((double)x + 0.5) * scale_x,
                                     ((double)y + 0.5) * scale_y, &u, &v))
                cover(&canvas->pixels[3 * ((size_t)y * canvas->width + x)],
                      sample(map, u * map->width / n->width, v * map->height / n->height) /
                          largest);
        }
}

static void draw_outline(const medtl_evidence_request *request, double scale_x, double scale_y,
                         medtl_picture *canvas)
{
    const double width = request->picture->width >= 512 ? 2.0 : 1.0;

    for (size_t i = 0; i < request->outline_count; i++) {
        const medtl_point a = request->outline[i],
                          b = request->outline[(i + 1) % request->outline_count];

        medtl_picture_line(
            canvas, (medtl_point){(float)((double)a.x / scale_x), (float)((double)a.y / scale_y)},
            (medtl_point){(float)((double)b.x / scale_x), (float)((double)b.y / scale_y)}, width,
            white);
    }
}

/* ---- legend --------------------------------------------------------------------------------- */

static void write_lines(const medtl_evidence_request *request, char lines[][LINE_SIZE])
{
    const medtl_class *const named = &request->task->classes[request->class_index];

    (void)snprintf(lines[0], LINE_SIZE, "Heat map for: %.48s",
                   named->private_code.value[0] != '\0' ? named->private_code.meaning
                                                        : named->code.meaning);
    (void)medtl_snprintf(lines[1], LINE_SIZE, "Probability of the image: %.1f %%",
                         100.0 * (double)request->probabilities[request->class_index]);
    if (request->outline != NULL)
        (void)medtl_snprintf(lines[2], LINE_SIZE, "White line: %.0f %% of the strongest place",
                             100.0 * request->level);
    else
        (void)snprintf(lines[2], LINE_SIZE, "Nothing in the image speaks for it");
    (void)snprintf(lines[3], LINE_SIZE, "medtl %.12s - not a diagnosis",
                   request->software_version != NULL ? request->software_version : "");
}

static unsigned text_scale(const medtl_picture *picture) { return picture->width >= 640 ? 2 : 1; }

static uint32_t line_height(unsigned scale) { return (MEDTL_GLYPH_HEIGHT + 4) * scale; }

static void draw_bar(medtl_picture *canvas, uint32_t x, uint32_t y, unsigned scale)
{
    const uint32_t length = BAR_LENGTH * scale, height = MEDTL_GLYPH_HEIGHT * scale;

    medtl_font_write(canvas, x, y, scale, white, "0 %");
    x += 4 * MEDTL_GLYPH_ADVANCE * scale;
    for (uint32_t column = 0; column < length; column++)
        for (uint32_t row = 0; row < height; row++) {
            const double share = (double)column / (length - 1);

            if (y + row < canvas->height && x + column < canvas->width) {
                medtl_picture_set(canvas, x + column, y + row, gray);
                cover(&canvas->pixels[3 * ((size_t)(y + row) * canvas->width + x + column)], share);
            }
        }
    medtl_font_write(canvas, x + length + MEDTL_GLYPH_ADVANCE * scale, y, scale, white, "100 %");
}

static void draw_legend(const medtl_evidence_request *request, char lines[][LINE_SIZE],
                        unsigned scale, medtl_picture *canvas)
{
    uint32_t y = request->picture->height + MARGIN;

    for (size_t i = 0; i < LEGEND_LINES; i++, y += line_height(scale))
        medtl_font_write(canvas, MARGIN, y, scale, white, lines[i]);
    draw_bar(canvas, MARGIN, y, scale);
}

/* ---- all of it ------------------------------------------------------------------------------ */

medtl_status medtl_overlay_draw(const medtl_evidence_request *request, uint32_t rows,
                                uint32_t columns, medtl_picture *out, medtl_error *err)
{
    const medtl_picture *const picture = request->picture;
    const unsigned scale = text_scale(picture);
    char lines[LEGEND_LINES][LINE_SIZE];
    size_t longest = 4 + BAR_LENGTH / MEDTL_GLYPH_ADVANCE + 8; /* of the bar with its numbers */
    const double scale_x = (double)columns / picture->width;
    const double scale_y = (double)rows / picture->height;
    medtl_picture canvas;

    write_lines(request, lines);
    for (size_t i = 0; i < LEGEND_LINES; i++)
        if (strlen(lines[i]) > longest)
            longest = strlen(lines[i]);
    canvas.width = (uint32_t)longest * MEDTL_GLYPH_ADVANCE * scale + 2 * MARGIN;
    if (canvas.width < picture->width)
        canvas.width = picture->width;
    canvas.height = picture->height + (LEGEND_LINES + 1) * line_height(scale) + 2 * MARGIN;
    canvas.pixels = calloc((size_t)canvas.height * canvas.width, 3);
    if (canvas.pixels == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a picture of %u x %u",
                          (unsigned)canvas.height, (unsigned)canvas.width);
    for (uint32_t y = 0; y < picture->height; y++)
        memcpy(&canvas.pixels[3 * (size_t)y * canvas.width],
               &picture->pixels[3 * (size_t)y * picture->width], 3 * (size_t)picture->width);
    draw_heat(request, scale_x, scale_y, &canvas);
    draw_outline(request, scale_x, scale_y, &canvas);
    draw_legend(request, lines, scale, &canvas);
    *out = canvas;
    return MEDTL_OK;
}
