/* From a map in the network's input to an outline in the image. */
#include "medtl/evidence.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

enum { SIZE = 64 };

static float values[SIZE * SIZE];

/* A cone around (x, y) of the input, in its pixels, as high as `height`. */
static void add_cone(double x, double y, double radius, double height)
{
    for (int i = 0; i < SIZE * SIZE; i++) {
        const double r = hypot(i % SIZE + 0.5 - x, i / SIZE + 0.5 - y);

        if (r < radius)
            values[i] += (float)(height * (1.0 - r / radius));
    }
}

static medtl_status outline(const medtl_geometry *g, double level, medtl_point **points,
                            size_t *count, medtl_error *err)
{
    const medtl_heat_map map = {values, SIZE, SIZE};

    return medtl_evidence_outline(&map, g, SIZE, SIZE, 1000, 800, level, points, count, err);
}

Test(outline, lies_where_the_image_was_hot_although_the_input_is_cropped_mirrored_and_letterboxed)
{
    /* The part (200, 100) to (600, 900) of 800 x 1000 pixels, mirrored, in columns 16 to 48 of the input: 12.5 image
     * pixels for each of the input's. A cone at (24.5, 20.5) of radius 8 is cut half-way up at a radius of 4, 50 in the
     * image, around x = 600 - (24.5 - 16) * 12.5 = 493.75 and y = 100 + 20.5 * 12.5 = 356.25. */
    const medtl_geometry g = {200, 100, 600, 900, true, {16, 0, 48, 64}};
    medtl_point *points = NULL;
    size_t count = 0;
    medtl_error err = {MEDTL_OK, ""};

    add_cone(24.5, 20.5, 8.0, 3.0);
    cr_assert_eq(outline(&g, 0.5, &points, &count, &err), MEDTL_OK, "%s", err.message);
    cr_assert(count >= 8 && count < 40, "%zu points", count);
    for (size_t i = 0; i < count; i++)
        cr_expect_float_eq(hypot((double)points[i].x - 493.75, (double)points[i].y - 356.25), 50.0,
                           2.0);
    free(points);
}

Test(outline, ignores_what_lies_in_the_letterbox)
{
    const medtl_geometry g = {0, 0, 800, 1000, false, {16, 0, 48, 64}};
    medtl_point *points = NULL;
    size_t count = 0;

    add_cone(4.5, 30.5, 6.0, 9.0); /* hotter, and outside */
    add_cone(32.5, 30.5, 6.0, 1.0);
    cr_assert_eq(outline(&g, 0.5, &points, &count, NULL), MEDTL_OK);
    cr_assert(count >= 3);
    for (size_t i = 0; i < count; i++)
        cr_expect(fabs((double)points[i].x - 412.5) < 80.0);
    free(points);
}

Test(outline, stays_inside_the_image)
{
    const medtl_geometry g = {-5, -5, 805, 1005, false, {0, 0, 64, 64}};
    medtl_point *points = NULL;
    size_t count = 0;

    for (int i = 0; i < SIZE * SIZE; i++)
        values[i] = 1.0f;
    cr_assert_eq(outline(&g, 0.5, &points, &count, NULL), MEDTL_OK);
    cr_assert(count >= 4);
    for (size_t i = 0; i < count; i++)
        cr_expect(points[i].x >= 0 && points[i].x <= 800 && points[i].y >= 0 &&
                  points[i].y <= 1000);
    free(points);
}

Test(outline, of_a_cold_map_is_none)
{
    const medtl_geometry g = {0, 0, 800, 1000, false, {0, 0, 64, 64}};
    medtl_point *points = (medtl_point *)values;
    size_t count = 9;

    cr_assert_eq(outline(&g, 0.5, &points, &count, NULL), MEDTL_OK);
    cr_expect(points == NULL && count == 0);
}

Test(outline, refuses_numbers_that_are_none)
{
    const medtl_geometry g = {0, 0, 800, 1000, false, {0, 0, 64, 64}};
    const medtl_geometry nowhere = {10, 10, 10, 10, false, {0, 0, 64, 64}};
    medtl_point *points = NULL;
    size_t count = 0;

    values[77] = 1.0f;
    cr_expect_eq(outline(&g, 0.0, &points, &count, NULL), MEDTL_E_ARGUMENT);
    cr_expect_eq(outline(&g, 1.5, &points, &count, NULL), MEDTL_E_ARGUMENT);
    cr_expect_eq(outline(&nowhere, 0.5, &points, &count, NULL), MEDTL_E_ARGUMENT);
    values[78] = NAN;
    cr_expect_eq(outline(&g, 0.5, &points, &count, NULL), MEDTL_E_ARGUMENT);
    values[78] = INFINITY;
    cr_expect_eq(outline(&g, 0.5, &points, &count, NULL), MEDTL_E_ARGUMENT);
    cr_expect_null(points);
}
