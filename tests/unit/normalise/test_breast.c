/* The mask on made-up mammograms whose outline is known, and on real ones where they are at hand. */
#include "make.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

/* The half ellipse of make.c: columns 0 to 0.6, rows 0.1 to 0.9. A cell of the grid is 1/256. */
static void check_box(const medtl_geometry *g, const medtl_image *image, bool mirrored)
{
    const double cell_x = image->columns / 256.0, cell_y = image->rows / 256.0;
    const double x0 = (mirrored ? 0.4 : 0.0) * image->columns,
                 x1 = (mirrored ? 1.0 : 0.6) * image->columns;

    cr_assert(fabs(g->x0 - x0) <= 2 * cell_x, "x0 %g, not %g", g->x0, x0);
    cr_assert(fabs(g->x1 - x1) <= 2 * cell_x, "x1 %g, not %g", g->x1, x1);
    cr_assert(fabs(g->y0 - 0.1 * image->rows) <= 2 * cell_y, "y0 %g", g->y0);
    cr_assert(fabs(g->y1 - 0.9 * image->rows) <= 2 * cell_y, "y1 %g", g->y1);
    cr_assert_eq(g->flipped, mirrored);
}

static const medtl_normaliser *breast_left(void)
{
    static medtl_normaliser n;

    n = plain(96, 128, MEDTL_VOI_PERCENTILE, MEDTL_CROP_BREAST, MEDTL_SIDE_LEFT, MEDTL_FIT_STRETCH);
    return &n;
}

Test(breast, the_box_holds_the_breast_and_not_the_label)
{
    medtl_image *image = make_breast(700, 500, MEDTL_PIXEL_U16, 12, 0, 4095);
    medtl_geometry g;

    free(run(image, breast_left(), &g));
    check_box(&g, image, false);
    mirror_image(image);
    free(run(image, breast_left(), &g));
    check_box(&g, image, true);
    medtl_image_destroy(image);
}

Test(breast, is_found_in_monochrome1_with_noise_and_a_bright_scratch)
{
    medtl_image *image = make_breast(700, 500, MEDTL_PIXEL_U16, 12, 3900, 200);
    uint16_t *pixels = image->pixels;
    medtl_geometry g;

    image->photometric = MEDTL_MONOCHROME1;
    for (size_t i = 0; i < 700 * 500; i++)
        pixels[i] = (uint16_t)(pixels[i] + i * 7919 % 101);
    for (size_t y = 0; y < 700; y++)
        pixels[y * 500 + 420] = 0;
    free(run(image, breast_left(), &g));
    check_box(&g, image, false);
    medtl_image_destroy(image);
}

Test(breast, a_window_does_not_move_the_box)
{
    medtl_image *image = make_breast(700, 500, MEDTL_PIXEL_U16, 12, 0, 4095);
    medtl_normaliser n = *breast_left();
    medtl_geometry g;

    n.voi = MEDTL_VOI_IMAGE;
    image->has_window = true; /* everything but the densest tissue is black */
    image->window_center = 2600.0;
    image->window_width = 200.0;
    free(run(image, &n, &g));
    check_box(&g, image, false);
    medtl_image_destroy(image);
}

Test(breast, without_a_clear_object_the_whole_image_is_used)
{
    medtl_image *image;
    medtl_geometry g;

    cr_assert_eq(medtl_image_create(300, 200, 1, MEDTL_PIXEL_U16, 12, &image, NULL), MEDTL_OK);
    for (int i = 0; i < 2; i++) {
        free(run(image, breast_left(), &g));
        cr_assert(g.x0 == 0.0 && g.y0 == 0.0 && g.x1 == 200.0 && g.y1 == 300.0 && !g.flipped);
        put(image, 30000, 4095); /* second time: one bright pixel */
    }
    image->laterality = MEDTL_LATERALITY_RIGHT; /* then the laterality decides */
    free(run(image, breast_left(), &g));
    cr_assert(g.flipped);
    medtl_image_destroy(image);
}

Test(breast, the_laterality_decides_only_where_the_outline_does_not)
{
    cr_assert(medtl_side_flips(&(medtl_breast){.found = true, .wall = 0.6}, MEDTL_LATERALITY_LEFT));
    cr_assert(
        !medtl_side_flips(&(medtl_breast){.found = true, .wall = -0.6}, MEDTL_LATERALITY_RIGHT));
    cr_assert(
        medtl_side_flips(&(medtl_breast){.found = true, .wall = -0.1}, MEDTL_LATERALITY_RIGHT));
    cr_assert(
        !medtl_side_flips(&(medtl_breast){.found = true, .wall = 0.1}, MEDTL_LATERALITY_LEFT));
    cr_assert(medtl_side_flips(&(medtl_breast){.found = true, .wall = 0.1}, MEDTL_LATERALITY_NONE));
}

Test(breast, percentiles_are_of_the_breast_and_not_of_the_air)
{
    medtl_image *image = make_breast(512, 512, MEDTL_PIXEL_U16, 12, 0, 4000);
    float *out = run(image, breast_left(), NULL);
    double darkest_inside = 1.0;

    /* Tissue begins at 0.35 of the scale: with the air counted, its darkest parts would be at 0.35 or so. */
    for (int y = 40; y < 88; y++)
        for (int x = 5; x < 60; x++)
            darkest_inside = fmin(darkest_inside, out[y * 96 + x]);
    cr_assert(darkest_inside < 0.25, "%g", darkest_inside);
    free(out);
    medtl_image_destroy(image);
}
