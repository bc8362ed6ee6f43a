/* The resampler against plain double sums over every input pixel, and against hand calculation. */
#include "make.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>

struct resize_case {
    uint32_t rows, columns, height, width;
    double x0, y0, x1, y1;
};

static double weight(double center, double scale, uint32_t pixel)
{
    return fmax(0.0, 1.0 - fabs(pixel + 0.5 - center) / fmax(1.0, scale));
}

static double naive(const double *in, const struct resize_case *c, uint32_t ox, uint32_t oy)
{
    const double sx = (c->x1 - c->x0) / c->width, sy = (c->y1 - c->y0) / c->height;
    double sum = 0.0, total = 0.0;

    for (uint32_t y = 0; y < c->rows; y++)
        for (uint32_t x = 0; x < c->columns; x++) {
            const double w =
                weight(c->x0 + (ox + 0.5) * sx, sx, x) * weight(c->y0 + (oy + 0.5) * sy, sy, y);

            sum += w * in[(size_t)y * c->columns + x];
            total += w;
        }
    return sum / total;
}

ParameterizedTestParameters(resize, equals_the_sum_over_all_pixels)
{
    static struct resize_case cases[] = {
        {40, 30, 10, 10, 0, 0, 30, 40},
        {40, 30, 7, 11, 3.25, 1.5, 27.75, 39.0},
        {5, 4, 20, 30, 0, 0, 4, 5},
        {9, 9, 9, 9, 0, 0, 9, 9},
        {64, 3, 5, 17, 0.5, 10, 2.5, 60},
        {1, 1, 4, 4, 0, 0, 1, 1},
        {1, 50, 3, 7, 0, 0, 50, 1},
        {33, 21, 1, 1, 0, 0, 21, 33},
        {20, 20, 10, 10, 19.5, 19.5, 20.0, 20.0},
    };
    return cr_make_param_array(struct resize_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct resize_case *c, resize, equals_the_sum_over_all_pixels)
{
    const medtl_box box = {c->x0, c->y0, c->x1, c->y1};
    const size_t pixels = (size_t)c->rows * c->columns;
    double *in = malloc(pixels * sizeof *in);
    float *out = malloc((size_t)c->width * c->height * sizeof *out);
    unsigned char seen[MEDTL_CODES];
    medtl_image *image;
    medtl_source source;
    medtl_voi voi = {MEDTL_VOI_KIND_EXACT, 127.5, 255.0, NULL};

    cr_assert_eq(medtl_image_create(c->rows, c->columns, 1, MEDTL_PIXEL_U8, 8, &image, NULL),
                 MEDTL_OK);
    for (size_t i = 0; i < pixels; i++) {
        put(image, i, (int)(i * 7919 % 251));
        in[i] = (double)(i * 7919 % 251) / 255.0;
    }
    cr_assert_eq(medtl_source_create(image, false, &source, NULL), MEDTL_OK);
    medtl_codes_seen(image, seen);
    medtl_source_set_gray(&source, seen, &voi);
    cr_assert_eq(medtl_resize(&source, &box, c->width, c->height, out, c->width, 0, NULL),
                 MEDTL_OK);
    for (uint32_t y = 0; y < c->height; y++)
        for (uint32_t x = 0; x < c->width; x++)
            cr_assert_float_eq(out[y * c->width + x], naive(in, c, x, y), 2e-6, "at %u, %u", x, y);
    medtl_source_destroy(&source);
    medtl_image_destroy(image);
    free(out);
    free(in);
}

Test(resize, four_pixels_to_two_weigh_three_three_one_sevenths)
{
    medtl_taps taps;

    cr_assert_eq(medtl_taps_create(4, 0.0, 4.0, 2, &taps, NULL), MEDTL_OK);
    cr_assert_eq(taps.first[0], 0);
    cr_assert_eq(taps.first[1], 1);
    cr_assert_float_eq(taps.weights[taps.offset[0]], 3.0 / 7.0, 1e-6);
    cr_assert_float_eq(taps.weights[taps.offset[0] + 1], 3.0 / 7.0, 1e-6);
    cr_assert_float_eq(taps.weights[taps.offset[0] + 2], 1.0 / 7.0, 1e-6);
    medtl_taps_destroy(&taps);
}

Test(resize, keeps_a_constant_and_a_picture_of_the_same_size)
{
    const int values[] = {9, 200, 31, 4, 5, 66};
    const medtl_normaliser n =
        plain(3, 2, MEDTL_VOI_IMAGE, MEDTL_CROP_NONE, MEDTL_SIDE_KEEP, MEDTL_FIT_STRETCH);
    medtl_image *image = make_gray(2, 3, MEDTL_PIXEL_U8, values);
    float *out;

    image->has_window = true;
    image->window_center = 128.0;
    image->window_width = 256.0;
    out = run(image, &n, NULL);
    for (int i = 0; i < 6; i++)
        cr_assert_float_eq(out[i], values[i] / 255.0, 1e-6);
    free(out);
    medtl_image_destroy(image);
}
