#include "canvas.h"

#include "core/base/file.h"
#include "core/base/utf8.h"

#include <cairo-svg.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    PNG_SCALE = 2, /* pixels a point: sharp on today's screens */
    LABEL_ROOM = 256
};

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ADDRESS_SANITIZER 1
#endif
#endif
#ifdef UNDER_ADDRESS_SANITIZER
/* Fontconfig and Cairo keep fonts for the life of the process, and some of that looks like a leak at its end. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libfontconfig\nleak:libcairo\n"; }
__attribute__((visibility("default"))) const char *__lsan_default_options(void);
const char *__lsan_default_options(void) { return "print_suppressions=0"; }
#endif

struct canvas {
    const char *path;
    bool png;
    cairo_surface_t *surface;
    cairo_t *pen;
    unsigned char *bytes; /* the file so far */
    size_t size, room;
};

const colour canvas_ink = {0.13, 0.15, 0.18}, canvas_soft = {0.40, 0.43, 0.47},
             canvas_grid = {0.88, 0.89, 0.91}, canvas_white = {1.0, 1.0, 1.0};

colour canvas_series_colour(size_t index)
{
    static const colour palette[] = {
        {0.00, 0.45, 0.70}, {0.84, 0.37, 0.00}, {0.00, 0.62, 0.45}, {0.80, 0.47, 0.65},
        {0.90, 0.62, 0.00}, {0.34, 0.71, 0.91}, {0.35, 0.35, 0.35}, {0.58, 0.40, 0.20},
    };

    return palette[index % (sizeof palette / sizeof palette[0])];
}

static cairo_status_t take_bytes(void *context, const unsigned char *bytes, unsigned int length)
{
    canvas *page = context;

    if (page->room - page->size < length) {
        const size_t room = 2 * page->room + length;
        unsigned char *grown = realloc(page->bytes, room);

        if (grown == NULL)
            return CAIRO_STATUS_NO_MEMORY;
        page->bytes = grown;
        page->room = room;
    }
    memcpy(page->bytes + page->size, bytes, length);
    page->size += length;
    return CAIRO_STATUS_SUCCESS;
}

static bool ends_with(const char *text, const char *ending)
{
    const size_t length = strlen(text), tail = strlen(ending);

    return length > tail && strcasecmp(text + length - tail, ending) == 0;
}

medtl_status canvas_open(const char *path, double width, double height, canvas **out,
                         medtl_error *err)
{
    canvas *page;

    *out = NULL;
    if (!ends_with(path, ".png") && !ends_with(path, ".svg"))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: charts are written as .png or .svg", path);
    page = calloc(1, sizeof *page);
    if (page == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for a chart", path);
    page->path = path;
    page->png = ends_with(path, ".png");
    page->surface =
        page->png ? cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width * PNG_SCALE),
                                               (int)ceil(height * PNG_SCALE))
                  : cairo_svg_surface_create_for_stream(take_bytes, page, width, height);
    page->pen = cairo_create(page->surface); /* a failed surface gives a pen that does nothing */
    if (page->png)
        cairo_scale(page->pen, PNG_SCALE, PNG_SCALE);
    cairo_select_font_face(page->pen, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_NORMAL);
    canvas_box(page, 0, 0, width, height, canvas_white, 1.0);
    *out = page;
    return MEDTL_OK;
}

medtl_status canvas_close(canvas *page, medtl_error *err)
{
    cairo_status_t drawn = cairo_status(page->pen);
    medtl_status status;

    cairo_destroy(page->pen);
    if (drawn == CAIRO_STATUS_SUCCESS && page->png)
        drawn = cairo_surface_write_to_png_stream(page->surface, take_bytes, page);
    cairo_surface_finish(page->surface); /* an SVG is written here */
    if (drawn == CAIRO_STATUS_SUCCESS)
        drawn = cairo_surface_status(page->surface);
    cairo_surface_destroy(page->surface);
    status =
        drawn == CAIRO_STATUS_SUCCESS
            ? medtl_file_replace(page->path, page->bytes, page->size, err)
            : medtl_fail(err, drawn == CAIRO_STATUS_NO_MEMORY ? MEDTL_E_MEMORY : MEDTL_E_INTERNAL,
                         "%s: cannot draw: %s", page->path, cairo_status_to_string(drawn));
    free(page->bytes);
    free(page);
    return status;
}

cairo_t *canvas_pen(canvas *page) { return page->pen; }

static void set_ink(canvas *page, colour ink)
{
    cairo_set_source_rgb(page->pen, ink.red, ink.green, ink.blue);
}

/* At most LABEL_ROOM - 4 bytes of `text`, control and bad bytes as '?'; room is left for an ellipsis. */
static void clean(const char *text, char out[LABEL_ROOM])
{
    size_t used = 0;

    while (*text != '\0') {
        const size_t size = medtl_utf8_length(text);

        if (used + (size > 0 ? size : 1) > LABEL_ROOM - 4)
            break;
        if (size == 0 || (size == 1 && ((unsigned char)*text < ' ' || *text == 0x7F))) {
            out[used++] = '?';
            text++;
        } else {
            memcpy(out + used, text, size);
            used += size;
            text += size;
        }
    }
    out[used] = '\0';
}

static double width_of(canvas *page, const char *cleaned, double size)
{
    cairo_text_extents_t extents;

    cairo_set_font_size(page->pen, size);
    cairo_text_extents(page->pen, cleaned, &extents);
    return extents.x_advance;
}

double canvas_text_width(canvas *page, const char *text, double size)
{
    char cleaned[LABEL_ROOM];

    clean(text, cleaned);
    return width_of(page, cleaned, size);
}

/* Cut characters off the end until the text with an ellipsis fits. */
static void shorten(canvas *page, char cleaned[LABEL_ROOM], const text_style *style)
{
    static const char ellipsis[] = "\xE2\x80\xA6";
    size_t length = strlen(cleaned);

    if (style->room <= 0.0 || width_of(page, cleaned, style->size) <= style->room)
        return;
    do {
        while (length > 0 && ((unsigned char)cleaned[--length] & 0xC0) == 0x80) {
        }
        memcpy(cleaned + length, ellipsis, sizeof ellipsis);
    } while (length > 0 && width_of(page, cleaned, style->size) > style->room);
}

void canvas_text(canvas *page, const char *text, double x, double y, const text_style *style)
{
    char cleaned[LABEL_ROOM];
    cairo_font_extents_t font;

    if (text == NULL)
        return;
    clean(text, cleaned);
    cairo_save(page->pen);
    if (style->bold)
        cairo_select_font_face(page->pen, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                               CAIRO_FONT_WEIGHT_BOLD);
    shorten(page, cleaned, style);
    set_ink(page, style->ink);
    cairo_translate(page->pen, x, y);
    if (style->upright)
        cairo_rotate(page->pen, -acos(-1.0) / 2.0);
    cairo_set_font_size(page->pen, style->size);
    cairo_font_extents(page->pen, &font);
    cairo_move_to(page->pen, -style->across * width_of(page, cleaned, style->size),
                  font.ascent - style->down * (font.ascent + font.descent));
    cairo_show_text(page->pen, cleaned);
    cairo_restore(page->pen);
    cairo_new_path(page->pen); /* letters leave a current point behind */
}

void canvas_box(canvas *page, double x, double y, double width, double height, colour fill,
                double opacity)
{
    cairo_set_source_rgba(page->pen, fill.red, fill.green, fill.blue, opacity);
    cairo_rectangle(page->pen, x, y, width, height);
    cairo_fill(page->pen);
}

void canvas_line(canvas *page, double x1, double y1, double x2, double y2, double width, colour ink)
{
    set_ink(page, ink);
    cairo_set_line_width(page->pen, width);
    cairo_move_to(page->pen, x1, y1);
    cairo_line_to(page->pen, x2, y2);
    cairo_stroke(page->pen);
}

void canvas_dashes(canvas *page, double x1, double y1, double x2, double y2, double width,
                   colour ink)
{
    static const double dashes[] = {4.0, 3.0};

    cairo_set_dash(page->pen, dashes, 2, 0.0);
    canvas_line(page, x1, y1, x2, y2, width, ink);
    cairo_set_dash(page->pen, NULL, 0, 0.0);
}

void canvas_whisker(canvas *page, double x1, double y1, double x2, double y2, colour ink)
{
    const double foot = 3.0, across = x1 == x2 ? foot : 0.0, up = x1 == x2 ? 0.0 : foot;

    canvas_line(page, x1, y1, x2, y2, 1.2, ink);
    canvas_line(page, x1 - across, y1 - up, x1 + across, y1 + up, 1.2, ink);
    canvas_line(page, x2 - across, y2 - up, x2 + across, y2 + up, 1.2, ink);
}
