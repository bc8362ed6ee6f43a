/* Expected values from PS3.3 C.7.6.3.1.2 (YBR_FULL) and C.7.6.3.1.5 (palettes), worked by hand. */
#include "make.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct color_case {
    char label[16];
    int y, cb, cr;
    int r, g, b;
};

/* Y = .299 R + .587 G + .114 B, Cb = -.1687 R - .3313 G + .5 B + 128, Cr = .5 R - .4187 G - .0813 B + 128,
 * rounded; what comes back may be off by what the rounding lost. */
ParameterizedTestParameters(color, ybr_full_comes_back_as_the_rgb_it_was_made_from)
{
    static struct color_case cases[] = {
        {"black", 0, 128, 128, 0, 0, 0},        {"white", 255, 128, 128, 255, 255, 255},
        {"gray", 100, 128, 128, 100, 100, 100}, {"red", 76, 85, 255, 255, 0, 0},
        {"green", 150, 44, 21, 0, 255, 0},      {"blue", 29, 255, 107, 0, 0, 255},
        {"skin", 173, 117, 147, 200, 163, 154},
    };
    return cr_make_param_array(struct color_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct color_case *c, color, ybr_full_comes_back_as_the_rgb_it_was_made_from)
{
    float y = (float)c->y / 255.0f, cb = (float)c->cb / 255.0f, cr = (float)c->cr / 255.0f;

    medtl_ybr_to_rgb(128.0f / 255.0f, 1, &y, &cb, &cr);
    cr_assert(fabsf(y * 255.0f - (float)c->r) < 2.0f, "%s: red %g", c->label, y * 255.0);
    cr_assert(fabsf(cb * 255.0f - (float)c->g) < 2.0f, "%s: green %g", c->label, cb * 255.0);
    cr_assert(fabsf(cr * 255.0f - (float)c->b) < 2.0f, "%s: blue %g", c->label, cr * 255.0);
}

static medtl_image *two_pixels(medtl_photometric photometric)
{
    static const uint8_t values[] = {255, 0, 51, 0, 102, 204};
    medtl_image *image;

    cr_assert_eq(medtl_image_create(1, 2, 3, MEDTL_PIXEL_U8, 8, &image, NULL), MEDTL_OK);
    memcpy(image->pixels, values, sizeof values);
    image->photometric = photometric;
    return image;
}

static medtl_normaliser two_by_one(uint32_t channels)
{
    medtl_normaliser n =
        plain(2, 1, MEDTL_VOI_IMAGE, MEDTL_CROP_NONE, MEDTL_SIDE_KEEP, MEDTL_FIT_STRETCH);

    n.channels = channels;
    return n;
}

Test(color, rgb_becomes_three_planes)
{
    const float expected[] = {1.0f, 0.0f, 0.0f, 0.4f, 0.2f, 0.8f};
    const medtl_normaliser n = two_by_one(3);
    medtl_image *image = two_pixels(MEDTL_RGB);
    float *out = run(image, &n, NULL);

    for (int i = 0; i < 6; i++)
        cr_assert_float_eq(out[i], expected[i], 1e-6, "%d", i);
    free(out);
    medtl_image_destroy(image);
}

Test(color, one_channel_of_a_colour_image_is_its_luminance)
{
    const medtl_normaliser n = two_by_one(1);
    medtl_image *image = two_pixels(MEDTL_RGB);
    float *out = run(image, &n, NULL);

    cr_assert_float_eq(out[0], 0.299 + 0.114 * 0.2, 1e-6);
    cr_assert_float_eq(out[1], 0.587 * 0.4 + 0.114 * 0.8, 1e-6);
    free(out);
    medtl_image_destroy(image);
}

Test(color, a_gray_image_fills_three_channels_alike_before_mean_and_sd)
{
    const int values[] = {0, 255};
    medtl_normaliser n = two_by_one(3);
    medtl_image *image = make_gray(1, 2, MEDTL_PIXEL_U8, values);
    float *out;

    for (int c = 0; c < 3; c++) {
        n.mean[c] = 0.25f * (float)c;
        n.sd[c] = 1.0f / (float)(1 << c);
    }
    out = run(image, &n, NULL);
    for (int c = 0; c < 3; c++)
        for (int x = 0; x < 2; x++)
            cr_assert_float_eq(out[2 * c + x], (x - 0.25 * c) * (1 << c), 1e-6);
    free(out);
    medtl_image_destroy(image);
}

Test(color, a_palette_is_looked_up_by_stored_value)
{
    const int values[] = {-1, 1, 1, 99};
    const uint16_t tables[3][3] = {{0, 65535, 0}, {65535, 0, 0}, {0, 0, 65535}};
    medtl_normaliser n = two_by_one(3);
    medtl_image *image = make_gray(1, 2, MEDTL_PIXEL_S8, values);
    float *out;

    image->photometric = MEDTL_PALETTE_COLOR;
    for (int c = 0; c < 3; c++) {
        image->palette[c] = (medtl_lut){malloc(sizeof tables[c]), 3, -1, 16};
        memcpy(image->palette[c].entries, tables[c], sizeof tables[c]);
    }
    out = run(image, &n, NULL); /* -1 is entry 0: green; 1 is entry 2: blue */
    cr_assert_eq(out[0], 0.0f);
    cr_assert_eq(out[2], 1.0f);
    cr_assert_eq(out[4], 0.0f);
    cr_assert_eq(out[1], 0.0f);
    cr_assert_eq(out[3], 0.0f);
    cr_assert_eq(out[5], 1.0f);
    free(out);
    medtl_image_destroy(image);
}

Test(color, sixteen_bit_colour_uses_its_stored_bits)
{
    static const uint16_t values[] = {4095, 0, 1365};
    const medtl_normaliser n = {
        .channels = 3, .height = 1, .width = 1, .fit = MEDTL_FIT_STRETCH, .sd = {1, 1, 1}};
    medtl_image *image;
    float *out;

    cr_assert_eq(medtl_image_create(1, 1, 3, MEDTL_PIXEL_U16, 12, &image, NULL), MEDTL_OK);
    memcpy(image->pixels, values, sizeof values);
    out = run(image, &n, NULL);
    cr_assert_eq(out[0], 1.0f);
    cr_assert_eq(out[1], 0.0f);
    cr_assert_float_eq(out[2], 1.0 / 3.0, 1e-6);
    free(out);
    medtl_image_destroy(image);
}

Test(color, inconsistent_images_are_refused)
{
    const medtl_normaliser n = two_by_one(3);
    medtl_image *image = two_pixels(MEDTL_MONOCHROME2); /* three samples of gray */
    float out[6];

    cr_assert_eq(medtl_normalise(image, &n, out, NULL, NULL, NULL), MEDTL_E_FORMAT);
    image->photometric = MEDTL_RGB;
    image->bits_stored = 0;
    cr_assert_eq(medtl_normalise(image, &n, out, NULL, NULL, NULL), MEDTL_E_FORMAT);
    image->bits_stored = 12; /* in 8-bit samples */
    cr_assert_eq(medtl_normalise(image, &n, out, NULL, NULL, NULL), MEDTL_E_FORMAT);
    image->bits_stored = 8;
    image->samples = 1;
    image->photometric = MEDTL_PALETTE_COLOR; /* without palettes */
    cr_assert_eq(medtl_normalise(image, &n, out, NULL, NULL, NULL), MEDTL_E_FORMAT);
    medtl_image_destroy(image);
}
