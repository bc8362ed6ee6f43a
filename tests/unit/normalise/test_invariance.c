/* One picture, stored in different ways, must give one input. */
#include "make.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 96, HEIGHT = 128, COUNT = WIDTH * HEIGHT };

struct variant {
    char label[40];
    uint32_t rows, columns;
    medtl_pixel_type type;
    uint16_t bits;
    int low, high;
    medtl_photometric photometric;
    double slope, intercept;
    double tolerance;
};

static medtl_image *make_variant(const struct variant *v)
{
    medtl_image *image = make_breast(v->rows, v->columns, v->type, v->bits, v->low, v->high);

    image->photometric = v->photometric;
    image->rescale_slope = v->slope;
    image->rescale_intercept = v->intercept;
    return image;
}

ParameterizedTestParameters(invariance, how_a_picture_is_stored_does_not_matter)
{
    static struct variant cases[] = {
        {"monochrome1", 640, 512, MEDTL_PIXEL_U16, 12, 4095, 0, MEDTL_MONOCHROME1, 1, 0, 1e-4},
        {"signed", 640, 512, MEDTL_PIXEL_S16, 12, -2048, 2047, MEDTL_MONOCHROME2, 1, 0, 1e-4},
        {"signed monochrome1", 640, 512, MEDTL_PIXEL_S16, 12, 2047, -2048, MEDTL_MONOCHROME1, 1, 0,
         1e-4},
        {"8 bit", 640, 512, MEDTL_PIXEL_U8, 8, 0, 255, MEDTL_MONOCHROME2, 1, 0, 0.003},
        {"signed 8 bit", 640, 512, MEDTL_PIXEL_S8, 8, -128, 127, MEDTL_MONOCHROME2, 1, 0, 0.003},
        {"16 bit", 640, 512, MEDTL_PIXEL_U16, 16, 0, 65535, MEDTL_MONOCHROME2, 1, 0, 0.001},
        {"rescaled", 640, 512, MEDTL_PIXEL_U16, 12, 0, 4095, MEDTL_MONOCHROME2, 0.25, -1000, 1e-4},
        {"negative slope", 640, 512, MEDTL_PIXEL_U16, 12, 4095, 0, MEDTL_MONOCHROME2, -1, 0, 1e-4},
        {"half the scale", 640, 512, MEDTL_PIXEL_U16, 12, 1000, 3000, MEDTL_MONOCHROME2, 1, 0,
         0.001},
        {"stretched to a square", 320, 320, MEDTL_PIXEL_U16, 12, 0, 4095, MEDTL_MONOCHROME2, 1, 0,
         0.01},
        {"stretched 8 bit square", 320, 320, MEDTL_PIXEL_U8, 8, 0, 255, MEDTL_MONOCHROME2, 1, 0,
         0.01},
        {"taller", 1400, 512, MEDTL_PIXEL_U16, 12, 0, 4095, MEDTL_MONOCHROME2, 1, 0, 0.01},
        {"much larger", 1900, 1520, MEDTL_PIXEL_U16, 12, 0, 4095, MEDTL_MONOCHROME2, 1, 0, 0.01},
    };
    return cr_make_param_array(struct variant, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct variant *v, invariance, how_a_picture_is_stored_does_not_matter)
{
    const struct variant plainly = {"", 640, 512, MEDTL_PIXEL_U16, 12, 0, 4095, MEDTL_MONOCHROME2,
                                    1,  0,   0};
    const medtl_voi_choice choices[] = {MEDTL_VOI_IMAGE, MEDTL_VOI_FULL_RANGE,
                                        MEDTL_VOI_PERCENTILE};
    medtl_image *a = make_variant(&plainly), *b = make_variant(v);

    for (int i = 0; i < 3; i++) {
        const medtl_normaliser n =
            plain(WIDTH, HEIGHT, choices[i], MEDTL_CROP_BREAST, MEDTL_SIDE_LEFT, MEDTL_FIT_STRETCH);
        float *x = run(a, &n, NULL), *y = run(b, &n, NULL);
        const double d = difference(x, y, COUNT);

        cr_assert(d <= v->tolerance, "%s, VOI %d: differs by %g", v->label, i, d);
        free(x);
        free(y);
    }
    medtl_image_destroy(a);
    medtl_image_destroy(b);
}

Test(invariance, a_window_and_its_table_give_the_same)
{
    /* LINEAR, centre 2000, width 1001: y = (x - 1999.5) / 1000 + 0.5 between 1499.5 and 2499.5. */
    const medtl_normaliser n = plain(WIDTH, HEIGHT, MEDTL_VOI_IMAGE, MEDTL_CROP_NONE,
                                     MEDTL_SIDE_KEEP, MEDTL_FIT_LETTERBOX);
    medtl_image *image = make_breast(320, 256, MEDTL_PIXEL_U16, 12, 0, 4095);
    float *windowed, *tabled;

    image->has_window = true;
    image->window_center = 2000.0;
    image->window_width = 1001.0;
    windowed = run(image, &n, NULL);
    image->has_window = false;
    image->voi_lut = (medtl_lut){malloc(1001 * sizeof(uint16_t)), 1001, 1500, 16};
    for (int i = 0; i < 1001; i++)
        image->voi_lut.entries[i] = (uint16_t)(fmin(1.0, (i + 0.5) / 1000.0) * 65535.0 + 0.5);
    image->voi_lut.entries[0] = 0; /* everything below the window shows this entry */
    tabled = run(image, &n, NULL);
    cr_assert(difference(windowed, tabled, COUNT) < 1e-4);
    free(windowed);
    free(tabled);
    medtl_image_destroy(image);
}

Test(invariance, left_and_right_breasts_become_mirror_images_of_each_other)
{
    const medtl_normaliser n = plain(WIDTH, HEIGHT, MEDTL_VOI_PERCENTILE, MEDTL_CROP_BREAST,
                                     MEDTL_SIDE_LEFT, MEDTL_FIT_LETTERBOX);
    medtl_image *left = make_breast(640, 512, MEDTL_PIXEL_U16, 12, 0, 4095), *right;
    float *x, *y;

    cr_assert_eq(medtl_image_create(640, 512, 1, MEDTL_PIXEL_U16, 12, &right, NULL), MEDTL_OK);
    for (size_t row = 0; row < 640; row++)
        for (size_t column = 0; column < 512; column++)
            put(right, row * 512 + column, ((uint16_t *)left->pixels)[row * 512 + 511 - column]);
    x = run(left, &n, NULL);
    y = run(right, &n, NULL);
    cr_assert(difference(x, y, COUNT) < 1e-6);
    free(x);
    free(y);
    medtl_image_destroy(left);
    medtl_image_destroy(right);
}

Test(invariance, the_same_image_gives_the_same_bits)
{
    const medtl_normaliser n = plain(WIDTH, HEIGHT, MEDTL_VOI_PERCENTILE, MEDTL_CROP_BREAST,
                                     MEDTL_SIDE_LEFT, MEDTL_FIT_LETTERBOX);
    medtl_image *image = make_breast(640, 512, MEDTL_PIXEL_U16, 12, 0, 4095);
    float *x = run(image, &n, NULL), *y = run(image, &n, NULL);

    cr_assert_eq(memcmp(x, y, COUNT * sizeof *x), 0);
    free(x);
    free(y);
    medtl_image_destroy(image);
}
