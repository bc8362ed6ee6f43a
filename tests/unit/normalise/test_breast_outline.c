/* The breast's outline on made-up mammograms of a known shape, and on real films with marked abnormalities, which lie in breasts. */
#include "make.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

static medtl_outline outline_of(const medtl_image *image, medtl_crop crop, medtl_side side)
{
    const medtl_normaliser n = plain(32, 32, MEDTL_VOI_FULL_RANGE, crop, side, MEDTL_FIT_STRETCH);
    static float out[32 * 32];
    medtl_outline outline = {.count = 7}; /* whatever was there */
    medtl_error err = {MEDTL_OK, ""};

    cr_assert_eq(medtl_normalise(image, &n, out, NULL, &outline, &err), MEDTL_OK, "%s",
                 err.message);
    return outline;
}

static double area_of(const medtl_outline *o)
{
    double twice = 0.0;

    for (uint32_t i = 0; i < o->count; i++) {
        const medtl_point a = o->points[i], b = o->points[(i + 1) % o->count];

        twice += (double)a.x * (double)b.y - (double)b.x * (double)a.y;
    }
    return fabs(twice) / 2.0;
}

/* The half ellipse of make.c has its middle at (0, 0.5) and half-axes of 0.6 and 0.4 of the sides. A cell is 1/256, so nothing may
 * be farther from it than 1.5 / 256 of the sides, which is 1.5 / (0.4 * 256) of the smaller half-axis. */
static void check_ellipse(const medtl_outline *o, const medtl_image *image, bool mirrored)
{
    const double whole = (double)image->rows * image->columns;

    cr_assert(o->count >= 8 && o->count <= MEDTL_OUTLINE_LIMIT, "%u corners", (unsigned)o->count);
    for (uint32_t i = 0; i < o->count; i++) {
        const double across = (double)o->points[i].x / image->columns;
        const double x = mirrored ? 1.0 - across : across;
        const double y = (double)o->points[i].y / image->rows;
        const double r = hypot(x / 0.6, (y - 0.5) / 0.4);

        cr_assert(x >= 0.0 && (x < 0.003 || fabs(r - 1.0) < 1.5 / (0.4 * 256.0)),
                  "corner %u at (%g, %g) is at %g of the ellipse", (unsigned)i, x, y, r);
    }
    cr_assert_float_eq(area_of(o) / whole, pi * 0.6 * 0.4 / 2.0, 0.01 * pi * 0.6 * 0.4 / 2.0);
}

Test(breast_outline, follows_the_skin_line_and_leaves_the_label_out)
{
    medtl_image *image = make_breast(1400, 900, MEDTL_PIXEL_U16, 12, 0, 4095);
    medtl_outline o = outline_of(image, MEDTL_CROP_NONE, MEDTL_SIDE_LEFT);

    check_ellipse(&o, image, false);
    o = outline_of(image, MEDTL_CROP_BREAST, MEDTL_SIDE_KEEP);
    check_ellipse(&o, image, false);
    mirror_image(image); /* coordinates are the image's, also where the input is mirrored */
    o = outline_of(image, MEDTL_CROP_BREAST, MEDTL_SIDE_LEFT);
    check_ellipse(&o, image, true);
    medtl_image_destroy(image);
}

Test(breast_outline, is_the_same_in_monochrome1_and_in_a_small_image)
{
    medtl_image *image = make_breast(700, 500, MEDTL_PIXEL_U16, 12, 3900, 200);
    medtl_outline o;

    image->photometric = MEDTL_MONOCHROME1;
    o = outline_of(image, MEDTL_CROP_NONE, MEDTL_SIDE_LEFT);
    check_ellipse(&o, image, false);
    medtl_image_destroy(image);
    image = make_breast(256, 256, MEDTL_PIXEL_U8, 8, 0, 255);
    o = outline_of(image, MEDTL_CROP_NONE, MEDTL_SIDE_LEFT);
    check_ellipse(&o, image, false);
    medtl_image_destroy(image);
}

Test(breast_outline, is_not_drawn_where_nobody_looks_for_a_breast_or_there_is_none)
{
    medtl_image *image = make_breast(700, 500, MEDTL_PIXEL_U16, 12, 0, 4095);

    cr_expect_eq(outline_of(image, MEDTL_CROP_NONE, MEDTL_SIDE_KEEP).count, 0);
    cr_expect_eq(outline_of(image, MEDTL_CROP_CENTER, MEDTL_SIDE_KEEP).count, 0);
    memset(image->pixels, 0, 700 * 500 * sizeof(uint16_t));
    cr_expect_eq(outline_of(image, MEDTL_CROP_BREAST, MEDTL_SIDE_LEFT).count, 0);
    medtl_image_destroy(image);
}

/* A cell of the mask beside the breast, brighter than all of it, is no reason to draw the outline there. */
Test(breast_outline, goes_round_the_breast_and_not_round_a_bright_crumb_beside_it)
{
    enum { SIZE = 40 };
    uint16_t levels[SIZE * SIZE];
    unsigned char mask[SIZE * SIZE] = {0}, core[SIZE * SIZE] = {0};
    const medtl_thumbnail thumbnail = {SIZE, SIZE, levels};
    medtl_outline o = {.count = 0};

    for (int i = 0; i < SIZE * SIZE; i++) {
        const int x = i % SIZE, y = i / SIZE;

        mask[i] = x < 20 && y >= 10 && y < 30;
        core[i] = x >= 2 && x < 18 && y >= 12 && y < 28;
        levels[i] = mask[i] ? 30000 : 1000;
    }
    mask[20 * SIZE + 21] = 1;
    levels[20 * SIZE + 21] = 65535;
    cr_assert_eq(medtl_region_trace(&thumbnail, mask, core, 1000, 20.0, 10.0, &o, NULL), MEDTL_OK);
    /* Between 30000 and 1000 the level is 1000.5 practically at the cell outside, half a cell beyond the mask: columns 0 to
     * 20.5 of 20 pixels, rows 9.5 to 30.5 of 10, less the corners. */
    cr_expect_float_eq(area_of(&o), 20.5 * 20.0 * 21.0 * 10.0, 0.02 * 20.5 * 20.0 * 21.0 * 10.0);
}

static bool is_inside(const medtl_outline *o, double x, double y)
{
    bool inside = false;

    for (uint32_t i = 0; i < o->count; i++) {
        const medtl_point a = o->points[i], b = o->points[(i + 1) % o->count];

        if (((double)a.y <= y) != ((double)b.y <= y) &&
            x < (double)a.x +
                    (y - (double)a.y) * ((double)b.x - (double)a.x) / ((double)b.y - (double)a.y))
            inside = !inside;
    }
    return inside;
}

/* mini-MIAS: radiologists marked the middle of each abnormality, x from the left and y from the bottom of 1024. */
Test(breast_outline, holds_the_abnormalities_that_radiologists_marked_on_films)
{
    int marked = 0, inside = 0, none = 0;
    char line[200];
    FILE *marks = open_films("abnormalities.csv");

    if (marks == NULL)
        cr_skip("mini-mias-512 is not there (set MEDTL_TEST_DATA)");
    cr_assert_not_null(fgets(line, sizeof line, marks)); /* image,background,class,... */
    while (fgets(line, sizeof line, marks) != NULL) {
        char name[50];
        double x, y;
        medtl_image *image;
        medtl_outline o;

        if (sscanf(line, "%49[^,],%*[^,],%*[^,],%*[^,],%lf,%lf", name, &x, &y) != 3)
            continue; /* normal, or without a place */
        image = read_film(name);
        o = outline_of(image, MEDTL_CROP_NONE, MEDTL_SIDE_LEFT);
        marked++;
        none += o.count == 0;
        inside += is_inside(&o, x * image->columns / 1024.0, (1024.0 - y) * image->rows / 1024.0);
        medtl_image_destroy(image);
    }
    fclose(marks);
    cr_assert(marked >= 110, "%d marks read", marked);
    cr_assert(none == 0, "no outline on %d", none);
    cr_assert(inside >= marked - 2, "%d of %d marks are inside", inside, marked);
}
