#include "make.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(padding, the_limits_are_inclusive_and_may_stand_in_either_order)
{
    const medtl_image up = {.has_padding = true, .padding_first = -5, .padding_last = 3};
    const medtl_image down = {.has_padding = true, .padding_first = 3, .padding_last = -5};
    const medtl_image none = {.padding_first = -5, .padding_last = 3};

    for (int value = -7; value <= 5; value++) {
        const bool expected = value >= -5 && value <= 3;

        cr_assert_eq(medtl_is_padding(&up, value), expected, "%d", value);
        cr_assert_eq(medtl_is_padding(&down, value), expected, "%d", value);
        cr_assert(!medtl_is_padding(&none, value));
    }
}

Test(padding, padded_pixels_are_black_and_do_not_count_for_the_range)
{
    const int values[] = {-2000, 100, 150, 200};
    const medtl_normaliser n =
        plain(4, 1, MEDTL_VOI_FULL_RANGE, MEDTL_CROP_NONE, MEDTL_SIDE_KEEP, MEDTL_FIT_STRETCH);
    medtl_image *image = make_gray(1, 4, MEDTL_PIXEL_S16, values);
    float *out;

    image->has_padding = true;
    image->padding_first = image->padding_last = -2000;
    out = run(image, &n, NULL);
    cr_assert_eq(out[0], 0.0f);
    cr_assert_eq(out[1], 0.0f);
    cr_assert_float_eq(out[2], 0.5f, 1e-6);
    cr_assert_eq(out[3], 1.0f);
    free(out);

    image->photometric = MEDTL_MONOCHROME1; /* padding stays background, tissue is inverted */
    out = run(image, &n, NULL);
    cr_assert_eq(out[0], 0.0f);
    cr_assert_eq(out[1], 1.0f);
    cr_assert_eq(out[3], 0.0f);
    free(out);
    medtl_image_destroy(image);
}

Test(padding, an_image_of_padding_alone_is_refused)
{
    const int values[] = {7, 7, 7, 7};
    const medtl_normaliser n =
        plain(4, 4, MEDTL_VOI_IMAGE, MEDTL_CROP_NONE, MEDTL_SIDE_KEEP, MEDTL_FIT_STRETCH);
    medtl_image *image = make_gray(2, 2, MEDTL_PIXEL_U8, values);
    medtl_error err = {0};
    float out[16];

    image->has_padding = true;
    image->padding_first = image->padding_last = 7;
    cr_assert_eq(medtl_normalise(image, &n, out, NULL, NULL, &err), MEDTL_E_FORMAT);
    cr_assert_str_not_empty(err.message);
    medtl_image_destroy(image);
}
