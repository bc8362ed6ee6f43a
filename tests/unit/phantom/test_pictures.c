#include "dicom/phantom/picture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = MEDTL_BREAST_ROWS, COLUMNS = MEDTL_BREAST_COLUMNS };

static uint16_t *breast(medtl_breast_phantom b)
{
    uint16_t *pixels = malloc((size_t)ROWS * COLUMNS * sizeof *pixels);

    cr_assert_not_null(pixels);
    medtl_phantom_breast(&b, pixels);
    return pixels;
}

static double mean(const uint16_t *pixels, int x0, int y0, int x1, int y1)
{
    double sum = 0.0;

    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            sum += pixels[y * COLUMNS + x];
    return sum / ((x1 - x0) * (y1 - y0));
}

Test(pictures, a_left_breast_lies_at_the_left_edge_and_a_right_one_at_the_right)
{
    uint16_t *left = breast((medtl_breast_phantom){.seed = 3}),
             *right = breast((medtl_breast_phantom){.seed = 3, .right = true});

    cr_assert_gt(mean(left, 0, 500, 100, 700), 1000.0);
    cr_assert_lt(mean(left, COLUMNS - 100, 500, COLUMNS, 700), 100.0);
    cr_assert_gt(mean(right, COLUMNS - 100, 500, COLUMNS, 700), 1000.0);
    cr_assert_lt(mean(right, 0, 500, 100, 700), 100.0);
    free(left);
    free(right);
}

Test(pictures, only_an_oblique_view_shows_the_muscle_in_the_upper_corner)
{
    uint16_t *cc = breast((medtl_breast_phantom){.seed = 3}),
             *mlo = breast((medtl_breast_phantom){.seed = 3, .mlo = true});

    cr_assert_lt(mean(cc, 0, 0, 50, 50), 100.0);
    cr_assert_gt(mean(mlo, 0, 0, 50, 50), 1500.0);
    free(cc);
    free(mlo);
}

Test(pictures, a_mass_is_brighter_than_what_it_covers)
{
    uint16_t *without = breast((medtl_breast_phantom){.seed = 3}),
             *with = breast((medtl_breast_phantom){.seed = 3, .mass = true});
    const int x = (int)(0.36 * COLUMNS), y = (int)(0.42 * ROWS);

    cr_assert_gt(mean(with, x - 10, y - 10, x + 10, y + 10),
                 mean(without, x - 10, y - 10, x + 10, y + 10) + 300.0);
    cr_assert_eq(memcmp(with, without, 100 * COLUMNS * sizeof *with), 0,
                 "elsewhere nothing changes");
    free(without);
    free(with);
}

Test(pictures, the_raw_picture_falls_where_the_processed_one_rises)
{
    const medtl_breast_phantom b = {.seed = 5, .mlo = true};
    uint16_t *processed = breast(b), *raw = malloc((size_t)ROWS * COLUMNS * sizeof *raw);

    cr_assert_not_null(raw);
    medtl_phantom_breast_raw(&b, raw);
    cr_assert_gt(mean(raw, COLUMNS - 50, 0, COLUMNS, 50), 3800.0);
    cr_assert_lt(mean(raw, 0, 0, 50, 50), 1500.0);
    cr_assert_lt(mean(processed, COLUMNS - 50, 0, COLUMNS, 50), 100.0);
    free(processed);
    free(raw);
}

Test(pictures, noise_stays_within_its_range_and_follows_its_seed)
{
    double least = 1.0, most = 0.0;

    for (int i = -2000; i < 2000; i++) {
        const double value = medtl_phantom_noise(7, 0.037 * i, -0.051 * i, 4);

        least = fmin(least, value);
        most = fmax(most, value);
        cr_assert_eq(value, medtl_phantom_noise(7, 0.037 * i, -0.051 * i, 4));
    }
    cr_assert(least >= 0.0 && least < 0.3 && most <= 1.0 && most > 0.7, "%g to %g", least, most);
    cr_assert_neq(medtl_phantom_noise(7, 0.3, 0.3, 4), medtl_phantom_noise(8, 0.3, 0.3, 4));
}

Test(pictures, grain_has_mean_zero_and_deviation_one)
{
    double sum = 0.0, squares = 0.0;
    const int count = 100000;

    for (int i = 0; i < count; i++) {
        const double value = medtl_phantom_grain(11, (uint32_t)(i % 317), (uint32_t)(i / 317));

        sum += value;
        squares += value * value;
    }
    cr_assert_float_eq(sum / count, 0.0, 0.02); /* six standard errors */
    cr_assert_float_eq(squares / count, 1.0, 0.03);
}

Test(pictures, a_lesion_is_darker_than_skin_and_a_dermoscope_has_dark_corners)
{
    enum { PIXELS = MEDTL_LESION_ROWS * MEDTL_LESION_COLUMNS };
    const medtl_lesion_phantom plainly = {.seed = 4, .size = 0.2},
                               scope = {.seed = 4, .size = 0.2, .dermoscope = true};
    const size_t center =
        3u * (MEDTL_LESION_ROWS / 2 * MEDTL_LESION_COLUMNS + MEDTL_LESION_COLUMNS / 2);
    uint8_t *pixels = malloc(3 * PIXELS);

    cr_assert_not_null(pixels);
    medtl_phantom_lesion(&plainly, pixels);
    cr_assert_gt(pixels[0], 180);
    cr_assert_lt(pixels[center], 180);
    cr_assert_gt(pixels[0], pixels[2]); /* skin is red */
    medtl_phantom_lesion(&scope, pixels);
    cr_assert_lt(pixels[0], 60);
    free(pixels);
}
