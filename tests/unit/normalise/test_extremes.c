/* Whatever an image holds, the answer is a picture of numbers from 0 to 1, or a refusal. Sanitizers watch. */
#include "make.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>

/* Every `step`-th combination of choices, from `first`. A step that has no factor in common with 9 meets every pair of
 * VOI and crop, and from all firsts in turn it meets all combinations. */
static void try_some(const medtl_image *image, uint32_t channels, uint32_t width, uint32_t height,
                     int first, int step)
{
    for (int i = first; i < 3 * 3 * 2 * 2 * 2; i += step) {
        medtl_normaliser n =
            plain(width, height, (medtl_voi_choice)(i % 3), (medtl_crop)(i / 3 % 3),
                  (medtl_side)(i / 9 % 2), (medtl_fit)(i / 18 % 2));
        float *out;

        n.channels = channels;
        n.color_constancy = (medtl_color_constancy)(i / 36 % 2);
        out = run(image, &n, NULL);
        for (size_t k = 0; k < (size_t)channels * width * height; k++)
            cr_assert(out[k] >= 0.0f && out[k] <= 1.0f, "combination %d: %g", i, (double)out[k]);
        free(out);
    }
}

static void try_all(const medtl_image *image, uint32_t channels, uint32_t width, uint32_t height)
{
    try_some(image, channels, width, height, 0, 1);
}

struct shape {
    uint32_t rows, columns;
};

ParameterizedTestParameters(extremes, any_size_of_image_works)
{
    static struct shape cases[] = {{1, 1},     {1, 2},     {2, 1},     {1, 300},
                                   {300, 1},   {1, 65535}, {65535, 1}, {3, 1000},
                                   {255, 257}, {256, 256}, {5, 5}};
    return cr_make_param_array(struct shape, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct shape *s, extremes, any_size_of_image_works)
{
    const medtl_pixel_type types[] = {MEDTL_PIXEL_U8, MEDTL_PIXEL_S8, MEDTL_PIXEL_U16,
                                      MEDTL_PIXEL_S16};
    medtl_image *image;

    for (int t = 0; t < 4; t++) {
        cr_assert_eq(
            medtl_image_create(s->rows, s->columns, 1, types[t], t < 2 ? 8 : 16, &image, NULL),
            MEDTL_OK);
        for (size_t i = 0; i < (size_t)s->rows * s->columns; i++)
            put(image, i, (int)(i * 40503));
        try_some(image, t % 2 ? 3 : 1, 17, 9, t, 4);
        medtl_image_destroy(image);
    }
    cr_assert_eq(medtl_image_create(s->rows, s->columns, 3, MEDTL_PIXEL_U8, 8, &image, NULL),
                 MEDTL_OK);
    image->photometric = MEDTL_YBR_FULL;
    for (size_t i = 0; i < 3 * (size_t)s->rows * s->columns; i++)
        put(image, i, (int)(i * 40503));
    try_some(image, 3, 17, 9, 0, 3); /* all there are: colour has no VOI */
    try_some(image, 1, 1, 1, 0, 5);
    medtl_image_destroy(image);
}

/* Each pair of values meets every fifth combination, each value all of them. */
Test(extremes, any_header_value_works)
{
    const double values[] = {0.0,       -0.0,  1.0,    -1.0,   NAN,  INFINITY,
                             -INFINITY, 1e308, -1e308, 1e-320, 299.5};
    enum { VALUES = sizeof values / sizeof values[0] };
    const int pixels[] = {0, 1, 100, 65535, 30000, 32768};
    medtl_image *image = make_gray(2, 3, MEDTL_PIXEL_S16, pixels);

    image->has_window = true;
    for (int a = 0; a < VALUES; a++)
        for (int b = 0; b < VALUES; b++) {
            image->rescale_slope = values[a];
            image->rescale_intercept = values[b];
            image->window_center = values[(a + 3) % VALUES];
            image->window_width = values[(b + 5) % VALUES];
            image->voi_function = (medtl_voi_function)((a + b) % 3);
            try_some(image, 1, 4, 4, (a + 2 * b) % 5, 5);
        }
    medtl_image_destroy(image);
}

Test(extremes, an_image_of_one_value_works)
{
    const int pixels[] = {77, 77, 77, 77};
    medtl_image *image = make_gray(2, 2, MEDTL_PIXEL_U8, pixels);

    try_all(image, 1, 8, 8);
    image->photometric = MEDTL_MONOCHROME1;
    try_all(image, 3, 8, 8);
    medtl_image_destroy(image);
}

Test(extremes, values_beyond_bits_stored_stay_inside_the_tables)
{
    const int pixels[] = {0, 4096, 65535, 12345};
    medtl_image *image = make_gray(2, 2, MEDTL_PIXEL_U16, pixels);

    image->bits_stored = 12;
    try_all(image, 1, 8, 8);
    medtl_image_destroy(image);
}

Test(extremes, impossible_normalisers_are_refused)
{
    const medtl_normaliser good =
        plain(4, 4, MEDTL_VOI_IMAGE, MEDTL_CROP_NONE, MEDTL_SIDE_KEEP, MEDTL_FIT_STRETCH);
    const int pixels[] = {1, 2, 3, 4};
    medtl_image *image = make_gray(2, 2, MEDTL_PIXEL_U8, pixels);
    medtl_normaliser bad[12];
    float out[16];

    for (int i = 0; i < 12; i++)
        bad[i] = good;
    bad[0].channels = 2;
    bad[1].channels = 0;
    bad[2].width = 0;
    bad[3].height = 100000;
    bad[4].sd[0] = 0.0f;
    bad[5].sd[2] = NAN;
    bad[6].mean[1] = INFINITY;
    bad[7].voi = (medtl_voi_choice)9;
    bad[8].crop = (medtl_crop)9;
    bad[9].side = (medtl_side)9;
    bad[10].fit = (medtl_fit)9;
    bad[11].color_constancy = (medtl_color_constancy)9;
    for (int i = 0; i < 12; i++)
        cr_assert_eq(medtl_normalise(image, &bad[i], out, NULL, NULL, NULL), MEDTL_E_ARGUMENT, "%d",
                     i);
    medtl_image_destroy(image);
}

Test(extremes, impossible_images_are_refused)
{
    medtl_image *image = (medtl_image *)1;

    cr_assert_eq(medtl_image_create(0, 5, 1, MEDTL_PIXEL_U8, 8, &image, NULL), MEDTL_E_ARGUMENT);
    cr_assert_null(image);
    cr_assert_eq(medtl_image_create(5, 5, 2, MEDTL_PIXEL_U8, 8, &image, NULL), MEDTL_E_ARGUMENT);
    cr_assert_eq(medtl_image_create(5, 5, 1, MEDTL_PIXEL_U8, 9, &image, NULL), MEDTL_E_ARGUMENT);
    cr_assert_eq(medtl_image_create(5, 5, 1, MEDTL_PIXEL_U16, 0, &image, NULL), MEDTL_E_ARGUMENT);
    medtl_image_destroy(NULL);
}
