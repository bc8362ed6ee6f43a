/* Expected values worked by hand from PS3.3 C.11.2.1.2, output range [0, 1]. */
#include "make.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <string.h>

struct voi_case {
    char label[48];
    medtl_voi_function function;
    double value, center, width, expected;
};

ParameterizedTestParameters(voi, follows_the_standards_functions)
{
    static struct voi_case cases[] = {
        {"linear: below", MEDTL_VOI_LINEAR, -500, 40, 400, 0.0},
        {"linear: lower edge is black", MEDTL_VOI_LINEAR, -160, 40, 400, 0.0},
        {"linear: the example in the Standard", MEDTL_VOI_LINEAR, 2048, 2048, 4096,
         0.5 + 0.5 / 4095.0},
        {"linear: centre sits above half", MEDTL_VOI_LINEAR, 40, 40, 400, 0.5 + 0.5 / 399.0},
        {"linear: upper edge", MEDTL_VOI_LINEAR, 239, 40, 400, 1.0},
        {"linear: above", MEDTL_VOI_LINEAR, 900, 40, 400, 1.0},
        {"linear: width 1 is a threshold, below", MEDTL_VOI_LINEAR, -1, 0, 1, 0.0},
        {"linear: width 1 is a threshold, above", MEDTL_VOI_LINEAR, 0, 0, 1, 1.0},
        {"linear: 8 bit whole range, 0", MEDTL_VOI_LINEAR, 0, 128, 256, 0.0},
        {"linear: 8 bit whole range, 51", MEDTL_VOI_LINEAR, 51, 128, 256, 0.2},
        {"linear: 8 bit whole range, 255", MEDTL_VOI_LINEAR, 255, 128, 256, 1.0},
        {"exact: lower edge", MEDTL_VOI_LINEAR_EXACT, -160, 40, 400, 0.0},
        {"exact: quarter", MEDTL_VOI_LINEAR_EXACT, -60, 40, 400, 0.25},
        {"exact: centre is half", MEDTL_VOI_LINEAR_EXACT, 40, 40, 400, 0.5},
        {"exact: upper edge", MEDTL_VOI_LINEAR_EXACT, 240, 40, 400, 1.0},
        {"exact: narrower than one", MEDTL_VOI_LINEAR_EXACT, 0.3, 0.25, 0.5, 0.6},
        {"sigmoid: centre is half", MEDTL_VOI_SIGMOID, 40, 40, 400, 0.5},
        {"sigmoid: half a width above", MEDTL_VOI_SIGMOID, 240, 40, 400, 0.8807970779778823},
        {"sigmoid: a width below", MEDTL_VOI_SIGMOID, -360, 40, 400, 0.017986209962091559},
    };
    return cr_make_param_array(struct voi_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct voi_case *c, voi, follows_the_standards_functions)
{
    const medtl_image image = {.has_window = true,
                               .window_center = c->center,
                               .window_width = c->width,
                               .voi_function = c->function};
    const unsigned char seen[MEDTL_CODES] = {1};
    const medtl_voi voi = medtl_voi_of_image(&image, seen);
    const double got = medtl_voi_apply(&voi, c->value);

    cr_assert(fabs(got - c->expected) < 1e-12, "%s: got %.15g, expected %.15g", c->label, got,
              c->expected);
}

Test(voi, a_table_gives_its_entries_as_parts_of_the_largest_entry_its_bits_allow)
{
    uint16_t entries[] = {0, 1023, 4095};
    const medtl_image image = {.voi_lut = {entries, 3, 100, 12}};
    const unsigned char seen[MEDTL_CODES] = {1};
    const medtl_voi voi = medtl_voi_of_image(&image, seen);

    cr_assert_eq(medtl_voi_apply(&voi, -1e9), 0.0);
    cr_assert_eq(medtl_voi_apply(&voi, 100.0), 0.0);
    cr_assert_float_eq(medtl_voi_apply(&voi, 101.2), 1023.0 / 4095.0, 1e-12);
    cr_assert_eq(medtl_voi_apply(&voi, 102.0), 1.0);
    cr_assert_eq(medtl_voi_apply(&voi, 1e9), 1.0);
}

Test(voi, a_window_wins_over_a_table)
{
    uint16_t entries[] = {0, 255};
    const medtl_image image = {.has_window = true,
                               .window_center = 128,
                               .window_width = 256,
                               .voi_lut = {entries, 2, 0, 8}};
    const unsigned char seen[MEDTL_CODES] = {1};

    cr_assert_eq(medtl_voi_of_image(&image, seen).kind, MEDTL_VOI_KIND_LINEAR);
}

struct bad_window {
    medtl_voi_function function;
    double center, width;
};

ParameterizedTestParameters(voi, an_unusable_window_is_as_if_absent)
{
    static struct bad_window cases[] = {
        {MEDTL_VOI_LINEAR, 0, 0},           {MEDTL_VOI_LINEAR, 0, 0.5},
        {MEDTL_VOI_LINEAR, 0, -4},          {MEDTL_VOI_LINEAR, 0, NAN},
        {MEDTL_VOI_LINEAR, NAN, 4},         {MEDTL_VOI_LINEAR, 0, INFINITY},
        {MEDTL_VOI_LINEAR, -INFINITY, 4},   {MEDTL_VOI_LINEAR_EXACT, 0, 0},
        {MEDTL_VOI_LINEAR_EXACT, 0, -1e-9}, {MEDTL_VOI_SIGMOID, 0, 0},
        {MEDTL_VOI_SIGMOID, 0, NAN},
    };
    return cr_make_param_array(struct bad_window, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct bad_window *c, voi, an_unusable_window_is_as_if_absent)
{
    uint16_t entries[] = {0, 255};
    medtl_image image = {.has_window = true,
                         .rescale_slope = 1.0,
                         .window_center = c->center,
                         .window_width = c->width,
                         .voi_function = c->function,
                         .voi_lut = {entries, 2, 0, 8}};
    unsigned char seen[MEDTL_CODES] = {0};
    medtl_voi voi = medtl_voi_of_image(&image, seen);

    cr_assert_eq(voi.kind, MEDTL_VOI_KIND_TABLE);
    image.voi_lut.entries = NULL;
    seen[10] = seen[30] = 1;
    voi = medtl_voi_of_image(&image, seen);
    cr_assert_eq(medtl_voi_apply(&voi, 10), 0.0);
    cr_assert_eq(medtl_voi_apply(&voi, 15), 0.25);
    cr_assert_eq(medtl_voi_apply(&voi, 30), 1.0);
}

Test(voi, percentiles_leave_half_a_percent_of_the_pixels_beyond_each_end)
{
    /* 1000 pixels: 5 of value 0, 5 of 1000; the rest spread over 100 .. 199. */
    const medtl_image image = {.rescale_slope = 1.0, .type = MEDTL_PIXEL_U16};
    static uint32_t counts[MEDTL_CODES];
    medtl_voi voi;

    counts[0] = counts[1000] = 5;
    for (int i = 0; i < 99; i++)
        counts[100 + i] = 10;
    cr_assert_eq(medtl_voi_percentile(&image, counts, &voi, NULL), MEDTL_OK);
    cr_assert_float_eq(voi.center - voi.width / 2.0, 100.0, 1e-9);
    cr_assert_float_eq(voi.center + voi.width / 2.0, 198.0, 1e-9);

    counts[0] = counts[1000] = 6; /* one more than half a percent: now they count */
    cr_assert_eq(medtl_voi_percentile(&image, counts, &voi, NULL), MEDTL_OK);
    cr_assert_float_eq(voi.center - voi.width / 2.0, 0.0, 1e-9);
    cr_assert_float_eq(voi.center + voi.width / 2.0, 1000.0, 1e-9);
}

Test(voi, percentiles_order_modality_values_even_where_the_modality_table_falls)
{
    uint16_t entries[] = {30, 10, 20};
    const medtl_image image = {.type = MEDTL_PIXEL_U8, .modality_lut = {entries, 3, 0, 16}};
    static uint32_t counts[MEDTL_CODES];
    medtl_voi voi;

    counts[0] = counts[1] = counts[2] = 100;
    cr_assert_eq(medtl_voi_percentile(&image, counts, &voi, NULL), MEDTL_OK);
    cr_assert_float_eq(voi.center, 20.0, 1e-9);
    cr_assert_float_eq(voi.width, 20.0, 1e-9);
}
