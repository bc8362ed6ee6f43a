/* The lesion's outline on made-up pictures of skin, whose lesion is an ellipse of a known place. How it does on real ones
 * was looked at: docs/REPORTS.md. */
#include "make.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

enum { ROWS = 300, COLUMNS = 400 };

/* Where the lesion is, as shares of the picture's sides. */
typedef struct ellipse {
    double x, y, rx, ry;
} ellipse;

static const ellipse usual = {0.45, 0.55, 0.15, 0.2};

static double distance(const ellipse *e, double x, double y)
{
    return hypot((x - e->x) / e->rx, (y - e->y) / e->ry);
}

static void paint(medtl_image *image, uint32_t row, uint32_t column, int red, int green, int blue)
{
    uint8_t *pixel = (uint8_t *)image->pixels + 3 * ((size_t)row * image->columns + column);

    pixel[0] = (uint8_t)red;
    pixel[1] = (uint8_t)green;
    pixel[2] = (uint8_t)blue;
}

/* Skin that gets a little darker to one side. */
static medtl_image *make_skin(uint32_t rows, uint32_t columns)
{
    medtl_image *image = NULL;

    cr_assert_eq(medtl_image_create(rows, columns, 3, MEDTL_PIXEL_U8, 8, &image, NULL), MEDTL_OK);
    image->photometric = MEDTL_RGB;
    for (uint32_t y = 0; y < rows; y++)
        for (uint32_t x = 0; x < columns; x++) {
            const int shade = (int)(10 * x / columns);

            paint(image, y, x, 225 - shade, 180 - shade, 170 - shade);
        }
    return image;
}

static void paint_lesion(medtl_image *image, const ellipse *e, int darker)
{
    for (uint32_t y = 0; y < image->rows; y++)
        for (uint32_t x = 0; x < image->columns; x++)
            if (distance(e, (x + 0.5) / image->columns, (y + 0.5) / image->rows) < 1.0)
                paint(image, y, x, 225 - darker, 180 - darker, 170 - darker);
}

static medtl_normaliser in_colour(uint32_t width, uint32_t height, medtl_crop crop, medtl_fit fit)
{
    medtl_normaliser n = plain(width, height, MEDTL_VOI_IMAGE, crop, MEDTL_SIDE_KEEP, fit);

    n.channels = 3;
    for (int c = 0; c < 3; c++) {
        n.mean[c] = 0.5f;
        n.sd[c] = 0.25f;
    }
    return n;
}

static medtl_outline outline_of(const medtl_image *image, const medtl_normaliser *n)
{
    medtl_outline outline = {.count = 7}; /* whatever was there */
    medtl_geometry geometry;
    float *input = run(image, n, &geometry);

    cr_assert_eq(medtl_lesion_outline(input, n, &geometry, &outline, NULL), MEDTL_OK);
    free(input);
    return outline;
}

static medtl_outline square_outline(const medtl_image *image)
{
    const medtl_normaliser n = in_colour(224, 224, MEDTL_CROP_CENTER, MEDTL_FIT_STRETCH);

    return outline_of(image, &n);
}

/* Every corner lies on the ellipse, to within `cells` of 112 over the shorter side of what was looked at. */
static void check(const medtl_outline *o, const medtl_image *image, const ellipse *e, double cells)
{
    const double side = image->rows < image->columns ? image->rows : image->columns;

    cr_assert(o->count >= 8 && o->count <= MEDTL_OUTLINE_LIMIT, "%u corners", (unsigned)o->count);
    for (uint32_t i = 0; i < o->count; i++) {
        const double x = (double)o->points[i].x / image->columns;
        const double y = (double)o->points[i].y / image->rows;
        const double radius = fmin(e->rx * image->columns, e->ry * image->rows);

        cr_assert(fabs(distance(e, x, y) - 1.0) * radius < cells * side / 112.0,
                  "corner %u at (%g, %g) is at %g of the ellipse", (unsigned)i, x, y,
                  distance(e, x, y));
    }
}

Test(lesion, is_outlined_in_pixels_of_the_image_whatever_the_input_shows_of_it)
{
    medtl_image *image = make_skin(ROWS, COLUMNS);
    const medtl_normaliser letterbox = in_colour(224, 224, MEDTL_CROP_NONE, MEDTL_FIT_LETTERBOX);
    const medtl_normaliser large = in_colour(500, 300, MEDTL_CROP_NONE, MEDTL_FIT_STRETCH);
    medtl_outline o;

    paint_lesion(image, &usual, 90);
    o = square_outline(image);
    check(&o, image, &usual, 1.5);
    o = outline_of(image, &letterbox);
    check(&o, image, &usual, 2.0);
    o = outline_of(image, &large);
    check(&o, image, &usual, 2.0);
    medtl_image_destroy(image);
}

Test(lesion, is_mirrored_back_where_the_input_was_mirrored)
{
    const medtl_normaliser n = in_colour(224, 224, MEDTL_CROP_NONE, MEDTL_FIT_STRETCH);
    const ellipse mirrored = {1.0 - usual.x, usual.y, usual.rx, usual.ry};
    medtl_image *image = make_skin(ROWS, COLUMNS);
    medtl_geometry geometry;
    medtl_outline o;
    float *input;

    paint_lesion(image, &usual, 90);
    input = run(image, &n, &geometry);
    geometry.flipped = true; /* as if this input were that of the mirrored image */
    cr_assert_eq(medtl_lesion_outline(input, &n, &geometry, &o, NULL), MEDTL_OK);
    check(&o, image, &mirrored, 2.0);
    free(input);
    medtl_image_destroy(image);
}

Test(lesion, is_found_beside_dark_corners_hairs_and_a_smaller_spot)
{
    const ellipse lens = {0.5, 0.5, 0.36, 0.48}, spot = {0.6, 0.25, 0.03, 0.04};
    medtl_image *image = make_skin(ROWS, COLUMNS);
    medtl_outline o;

    paint_lesion(image, &usual, 90);
    paint_lesion(image, &spot, 90);
    for (uint32_t y = 0; y < ROWS; y++)
        for (uint32_t x = 0; x < COLUMNS; x++) {
            if (distance(&lens, (x + 0.5) / COLUMNS, (y + 0.5) / ROWS) > 1.05)
                paint(image, y, x, 10, 8, 8);
            if ((x + y) % 90 < 2)
                paint(image, y, x, 60, 40, 30);
        }
    o = square_outline(image);
    check(&o, image, &usual, 4.0);
    medtl_image_destroy(image);
}

Test(lesion, is_not_outlined_where_there_is_none_or_the_picture_cuts_it_off)
{
    const ellipse faint = usual, tiny = {0.5, 0.5, 0.01, 0.0133};
    const ellipse cut = {0.2, 0.5, 0.3, 0.45}, whole = {0.5, 0.5, 0.34, 0.46};
    const struct {
        const char *label;
        const ellipse *lesion;
        int darker;
    } cases[] = {{"nothing", NULL, 0},
                 {"faint", &faint, 12},
                 {"tiny", &tiny, 90},
                 {"cut off", &cut, 90},
                 {"too large", &whole, 90}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        medtl_image *image = make_skin(ROWS, COLUMNS);

        if (cases[i].lesion != NULL)
            paint_lesion(image, cases[i].lesion, cases[i].darker);
        cr_expect_eq(square_outline(image).count, 0, "%s", cases[i].label);
        medtl_image_destroy(image);
    }
}

/* Several dark patches and rings are no lesion with one border. */
Test(lesion, is_not_outlined_where_its_shape_is_not_plain)
{
    medtl_image *image = make_skin(ROWS, COLUMNS);

    for (uint32_t y = 0; y < ROWS; y++)
        for (uint32_t x = 0; x < COLUMNS; x++) {
            const double r = distance(&usual, (x + 0.5) / COLUMNS, (y + 0.5) / ROWS);

            if (r > 0.7 && r < 1.1 && x < COLUMNS * 0.5) /* a sickle */
                paint(image, y, x, 120, 80, 70);
        }
    cr_expect_eq(square_outline(image).count, 0);
    medtl_image_destroy(image);
}

Test(lesion, of_an_even_input_of_any_size_is_nothing)
{
    for (uint32_t size = 1; size < 300; size += size < 8 ? 1 : 97) {
        const medtl_normaliser n = in_colour(size, size, MEDTL_CROP_CENTER, MEDTL_FIT_STRETCH);
        medtl_image *image = make_skin(9, 9);

        for (uint32_t i = 0; i < 81; i++)
            paint(image, i / 9, i % 9, 128, 128, 128);
        cr_expect_eq(outline_of(image, &n).count, 0, "%u pixels", (unsigned)size);
        medtl_image_destroy(image);
    }
}

Test(lesion, needs_colour)
{
    const medtl_normaliser n =
        plain(32, 32, MEDTL_VOI_IMAGE, MEDTL_CROP_NONE, MEDTL_SIDE_KEEP, MEDTL_FIT_STRETCH);
    const medtl_geometry geometry = {0.0, 0.0, 32.0, 32.0, false, {0.0, 0.0, 32.0, 32.0}};
    static const float input[32 * 32];
    medtl_outline o;

    cr_assert_eq(medtl_lesion_outline(input, &n, &geometry, &o, NULL), MEDTL_E_ARGUMENT);
    cr_assert_eq(o.count, 0);
}

/* Otsu's split by hand: of 10, 10, 11 | 200, 201 in bins of 256 levels. */
Test(lesion, is_told_from_skin_by_the_split_of_largest_variance)
{
    uint16_t levels[6] = {10 * 256, 10 * 256, 11 * 256, 200 * 256, 201 * 256, 60000};
    const unsigned char some[6] = {1, 1, 1, 1, 1, 0}, none[6] = {0}, alike[6] = {1, 1, 0, 0, 0, 0};
    const medtl_thumbnail cells = {1, 6, levels};
    uint16_t level = 0;

    cr_assert(medtl_otsu_threshold(&cells, some, &level));
    cr_assert(level >= 11 * 256 && level < 200 * 256, "%u", level);
    cr_assert_not(medtl_otsu_threshold(&cells, none, &level));
    cr_assert_not(medtl_otsu_threshold(&cells, alike, &level));
}
