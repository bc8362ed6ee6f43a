/* Expected values worked by hand from PS3.3 C.11.1. */
#include "make.h"

#include <criterion/criterion.h>
#include <math.h>

Test(modality, rescale_is_slope_times_stored_plus_intercept)
{
    const medtl_image image = {.rescale_slope = 2.5, .rescale_intercept = -1024.0};

    cr_assert_eq(medtl_modality_value(&image, 0), -1024.0);
    cr_assert_eq(medtl_modality_value(&image, 100), -774.0);
    cr_assert_eq(medtl_modality_value(&image, -4), -1034.0);
}

Test(modality, a_table_takes_the_place_of_rescale_and_its_ends_hold_beyond_it)
{
    uint16_t entries[] = {10, 20, 40};
    const medtl_image image = {.rescale_slope = 3.0, .modality_lut = {entries, 3, -1, 16}};

    cr_assert_eq(medtl_modality_value(&image, -2), 10.0);
    cr_assert_eq(medtl_modality_value(&image, -1), 10.0);
    cr_assert_eq(medtl_modality_value(&image, 0), 20.0);
    cr_assert_eq(medtl_modality_value(&image, 1), 40.0);
    cr_assert_eq(medtl_modality_value(&image, 30000), 40.0);
}

Test(modality, a_slope_that_is_no_number_is_as_if_absent)
{
    const double slopes[] = {0.0, NAN, INFINITY, -INFINITY, 1e305};

    for (size_t i = 0; i < sizeof slopes / sizeof slopes[0]; i++) {
        const medtl_image image = {.rescale_slope = slopes[i]};

        cr_assert_eq(medtl_modality_value(&image, 7), 7.0, "slope %g", slopes[i]);
    }
}

Test(modality, codes_are_bit_patterns_of_stored_values)
{
    cr_assert_eq(medtl_code_value(MEDTL_PIXEL_U8, 255), 255);
    cr_assert_eq(medtl_code_value(MEDTL_PIXEL_S8, 255), -1);
    cr_assert_eq(medtl_code_value(MEDTL_PIXEL_S8, 128), -128);
    cr_assert_eq(medtl_code_value(MEDTL_PIXEL_U16, 65535), 65535);
    cr_assert_eq(medtl_code_value(MEDTL_PIXEL_S16, 65535), -1);
    cr_assert_eq(medtl_code_value(MEDTL_PIXEL_S16, 0x8000), -32768);
}

Test(polarity, monochrome1_and_inverse_presentation_lut_together_invert_once)
{
    cr_assert(!medtl_is_inverted(&(medtl_image){.photometric = MEDTL_MONOCHROME2}));
    cr_assert(medtl_is_inverted(&(medtl_image){.photometric = MEDTL_MONOCHROME1}));
    cr_assert(medtl_is_inverted(
        &(medtl_image){.photometric = MEDTL_MONOCHROME2, .inverse_presentation_lut = true}));
    cr_assert(medtl_is_inverted(
        &(medtl_image){.photometric = MEDTL_MONOCHROME1, .inverse_presentation_lut = true}));
}
