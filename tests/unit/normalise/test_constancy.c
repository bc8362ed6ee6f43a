#include "make.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

Test(constancy, a_grey_card_under_coloured_light_becomes_grey)
{
    /* Two pixels of a grey card under light (0.8, 0.6, 0.4). */
    float planes[] = {0.8f, 0.4f, 0.6f, 0.3f, 0.4f, 0.2f};
    const medtl_placement all = {0, 0, 2, 1};
    /* length = sqrt((.64 + .36 + .16) / 3) = .62182527 of the light's full-scale pixel */
    const double bright = 0.6218252702;

    medtl_shades_of_gray(planes, 2, 2, &all);
    for (int c = 0; c < 3; c++) {
        cr_assert_float_eq(planes[2 * c], bright, 1e-6);
        cr_assert_float_eq(planes[2 * c + 1], bright / 2.0, 1e-6);
    }
}

Test(constancy, the_light_is_the_minkowski_mean_of_power_six)
{
    float planes[] = {1.0f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f};
    const medtl_placement all = {0, 0, 2, 1};
    const double red = pow((1.0 + 1.0 / 64.0) / 2.0, 1.0 / 6.0);
    const double length = sqrt((red * red + 0.25 + 0.25) / 3.0);

    medtl_shades_of_gray(planes, 2, 2, &all);
    cr_assert_float_eq(planes[0], fmin(1.0, length / red), 1e-6);
    cr_assert_float_eq(planes[1], 0.5 * length / red, 1e-6);
    cr_assert_float_eq(planes[2], length, 1e-6);
}

Test(constancy, leaves_a_colourless_picture_and_a_black_one_as_they_are)
{
    float gray[] = {0.2f, 0.9f, 0.2f, 0.9f, 0.2f, 0.9f}, black[6] = {0};
    const medtl_placement all = {0, 0, 2, 1};

    medtl_shades_of_gray(gray, 2, 2, &all);
    medtl_shades_of_gray(black, 2, 2, &all);
    for (int i = 0; i < 6; i++) {
        cr_assert_float_eq(gray[i], i % 2 ? 0.9f : 0.2f, 1e-6);
        cr_assert_eq(black[i], 0.0f);
    }
}

Test(constancy, does_not_look_at_the_letterbox)
{
    medtl_normaliser n =
        plain(6, 2, MEDTL_VOI_IMAGE, MEDTL_CROP_NONE, MEDTL_SIDE_KEEP, MEDTL_FIT_LETTERBOX);
    medtl_normaliser tight =
        plain(2, 2, MEDTL_VOI_IMAGE, MEDTL_CROP_NONE, MEDTL_SIDE_KEEP, MEDTL_FIT_LETTERBOX);
    medtl_image *image;
    float *wide, *narrow;

    n.channels = tight.channels = 3;
    n.color_constancy = tight.color_constancy = MEDTL_COLOR_CONSTANCY_SHADES_OF_GRAY;
    cr_assert_eq(medtl_image_create(2, 2, 3, MEDTL_PIXEL_U8, 8, &image, NULL), MEDTL_OK);
    for (size_t i = 0; i < 12; i++)
        put(image, i, (int)(20 + 17 * i));
    wide = run(image, &n, NULL);
    narrow = run(image, &tight, NULL);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 2; y++)
            for (int x = 0; x < 2; x++)
                cr_assert_eq(wide[12 * c + 6 * y + 2 + x], narrow[4 * c + 2 * y + x]);
    free(wide);
    free(narrow);
    medtl_image_destroy(image);
}
