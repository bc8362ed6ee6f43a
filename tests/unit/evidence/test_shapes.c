/* Regions and polygons against hand calculation and naive loops. */
#include "dicom/evidence/shapes.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double area_of(const medtl_point *p, size_t count)
{
    double twice = 0.0;

    for (size_t i = 0; i < count; i++) {
        const medtl_point a = p[i], b = p[(i + 1) % count];

        twice += (double)a.x * (double)b.y - (double)b.x * (double)a.y;
    }
    return fabs(twice) / 2.0;
}

static void trace(const float *values, uint32_t height, uint32_t width, float threshold,
                  medtl_polygon *out)
{
    const medtl_grid map = {values, height, width};
    medtl_error err = {MEDTL_OK, ""};

    *out = (medtl_polygon){NULL, 0, 0};
    cr_assert_eq(medtl_contour_trace(&map, threshold, out, &err), MEDTL_OK, "%s", err.message);
}

Test(contour, of_one_sample_is_a_diamond_through_the_linear_crossings)
{
    /* 1 in the middle of zeros, cut at 0.25: the crossing lies 0.75 of the way to each neighbour. */
    const float values[9] = {0, 0, 0, 0, 1, 0, 0, 0, 0};
    const medtl_point expected[4] = {{1.5f, 0.75f}, {2.25f, 1.5f}, {1.5f, 2.25f}, {0.75f, 1.5f}};
    medtl_polygon p;

    trace(values, 3, 3, 0.25f, &p);
    cr_assert_eq(p.count, 4);
    for (size_t i = 0; i < 4; i++)
        cr_expect(p.points[i].x == expected[i].x && p.points[i].y == expected[i].y);
    medtl_polygon_clear(&p);
}

Test(contour, of_a_cone_is_a_circle)
{
    enum { SIZE = 65 };
    static float values[SIZE * SIZE];
    medtl_polygon p;

    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++)
            values[y * SIZE + x] = fmaxf(0.0f, 1.0f - hypotf((float)x - 32, (float)y - 32) / 20.0f);
    trace(values, SIZE, SIZE, 0.5f, &p);
    for (size_t i = 0; i < p.count; i++)
        cr_expect_float_eq(hypot((double)p.points[i].x - 32.5, (double)p.points[i].y - 32.5), 10.0,
                           0.05);
    cr_expect_float_eq(area_of(p.points, p.count), 3.14159265 * 100.0, 2.0);
    medtl_polygon_clear(&p);
}

Test(contour, follows_the_edge_of_the_map_where_the_region_reaches_it)
{
    const float values[6] = {1, 1, 1, 1, 1, 1};
    medtl_polygon p;

    trace(values, 2, 3, 0.5f, &p);
    /* The corners are cut off, by half a pixel each way: 2 x 3 less four triangles of 1/8. */
    cr_expect_float_eq(area_of(p.points, p.count), 6.0 - 4.0 / 8.0, 1e-6);
    medtl_polygon_clear(&p);
}

Test(contour, takes_the_region_of_the_largest_value_only_and_not_one_that_touches_at_a_corner)
{
    const float values[16] = {
        0.9f, 0.9f, 0, 0, /* larger in area, but not connected by an edge */
        0.9f, 0.9f, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0,
    };
    medtl_polygon p;

    trace(values, 4, 4, 0.5f, &p);
    cr_assert_eq(p.count, 4);
    for (size_t i = 0; i < p.count; i++)
        cr_expect(p.points[i].x >= 2.0f && p.points[i].y >= 2.0f);
    medtl_polygon_clear(&p);
}

Test(contour, goes_round_the_outside_of_a_region_with_a_hole)
{
    float values[49];
    medtl_polygon p;

    for (int i = 0; i < 49; i++) {
        const int x = i % 7, y = i / 7;

        values[i] = x >= 1 && x <= 5 && y >= 1 && y <= 5 && !(x == 3 && y == 3) ? 1.0f : 0.0f;
    }
    values[7 + 5] = 2.0f; /* the largest lies at the border, the hole on its left */
    trace(values, 7, 7, 1.0f, &p);
    for (size_t i = 0; i < p.count; i++)
        cr_expect(p.points[i].x <= 2.0f || p.points[i].x >= 5.0f || p.points[i].y <= 2.0f ||
                      p.points[i].y >= 5.0f,
                  "(%g, %g) is in the hole", (double)p.points[i].x, (double)p.points[i].y);
    medtl_polygon_clear(&p);
}

Test(simplify, keeps_corners_and_drops_what_lies_on_a_line)
{
    medtl_polygon p = {NULL, 0, 0};

    for (int side = 0; side < 4; side++) /* a square of 10, ten points a side */
        for (int i = 0; i < 10; i++) {
            const float along = (float)i, x[4] = {along, 10, 10 - along, 0},
                        y[4] = {0, along, 10, 10 - along};

            cr_assert_eq(medtl_polygon_add(&p, (medtl_point){x[side], y[side]}, NULL), MEDTL_OK);
        }
    cr_assert_eq(medtl_polygon_simplify(&p, 0.01, NULL), MEDTL_OK);
    cr_expect_eq(p.count, 4);
    cr_expect_float_eq(area_of(p.points, p.count), 100.0, 1e-9);
    medtl_polygon_clear(&p);
}

Test(simplify, never_leaves_less_than_a_triangle)
{
    medtl_polygon p = {NULL, 0, 0};
    const medtl_point points[4] = {{0, 0}, {0.1f, 0}, {0.1f, 0.1f}, {0, 0.1f}};

    for (int i = 0; i < 4; i++)
        cr_assert_eq(medtl_polygon_add(&p, points[i], NULL), MEDTL_OK);
    cr_assert_eq(medtl_polygon_simplify(&p, 100.0, NULL), MEDTL_OK);
    cr_expect_eq(p.count, 4);
    medtl_polygon_clear(&p);
}

static bool naive_is_inside(const medtl_point *p, size_t count, double x, double y)
{
    bool inside = false;

    for (size_t i = 0, j = count - 1; i < count; j = i++)
        if (((double)p[i].y > y) != ((double)p[j].y > y) &&
            x < ((double)p[j].x - (double)p[i].x) * (y - (double)p[i].y) /
                        ((double)p[j].y - (double)p[i].y) +
                    (double)p[i].x)
            inside = !inside;
    return inside;
}

Test(fill, sets_the_bits_of_the_pixels_whose_centre_is_inside)
{
    enum { ROWS = 37, COLUMNS = 53, POINTS = 11 };
    unsigned char bits[(ROWS * COLUMNS + 7) / 8] = {0};
    medtl_point star[POINTS];
    size_t set = 0;

    for (int i = 0; i < POINTS; i++) { /* a star that leaves the image on two sides */
        const double angle = 0.3 + i * 2.0 * 3.14159265358979 / POINTS, r = i % 2 == 0 ? 25 : 9;

        star[i] = (medtl_point){(float)(20.0 + r * cos(angle)), (float)(15.0 + r * sin(angle))};
    }
    cr_assert_eq(medtl_polygon_fill(star, POINTS, ROWS, COLUMNS, bits, NULL), MEDTL_OK);
    for (size_t i = 0; i < ROWS * COLUMNS; i++) {
        const bool expected =
            naive_is_inside(star, POINTS, (double)(i % COLUMNS) + 0.5, (double)(i / COLUMNS) + 0.5);

        cr_expect_eq(bits[i / 8] >> (i % 8) & 1, expected, "pixel %zu", i);
        set += expected;
    }
    cr_expect(set > 300);
}

static const medtl_geometry mirrored = {.x0 = 100.0,
                                        .y0 = 50.0,
                                        .x1 = 300.0,
                                        .y1 = 450.0,
                                        .flipped = true,
                                        .inner = {16.0, 0.0, 48.0, 64.0}};

Test(place, mirrors_within_what_was_cropped)
{
    /* By hand: u = 16 is the input's left edge of the picture, which the flip took from the right. */
    const medtl_point corner = medtl_place_in_image(&mirrored, 16.0, 0.0);
    const medtl_point inside = medtl_place_in_image(&mirrored, 40.0, 16.0);

    cr_expect(corner.x == 300.0f && corner.y == 50.0f);
    cr_expect(inside.x == 150.0f && inside.y == 150.0f);
}

Test(place, there_and_back_is_the_same)
{
    double u, v;
    const medtl_point p = medtl_place_in_image(&mirrored, 20.25, 33.5);

    cr_expect(medtl_place_in_input(&mirrored, (double)p.x, (double)p.y, &u, &v));
    cr_expect_float_eq(u, 20.25, 1e-5);
    cr_expect_float_eq(v, 33.5, 1e-5);
    cr_expect_not(medtl_place_in_input(&mirrored, 99.0, 100.0, &u, &v));
}

Test(colours_of_heat, grow_lighter_all_the_way)
{
    double before = -1.0;

    for (int i = 0; i <= 100; i++) {
        const medtl_rgb c = medtl_heat_color(i / 100.0);
        const double luma = 0.299 * c.r + 0.587 * c.g + 0.114 * c.b;

        cr_expect(luma >= before, "at %d %%", i);
        before = luma;
    }
    cr_expect(medtl_heat_opacity(0.0) == 0.0 && medtl_heat_opacity(1.0) <= 0.6);
}
