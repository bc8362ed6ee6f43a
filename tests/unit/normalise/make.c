#include "make.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

void put(medtl_image *image, size_t i, int value)
{
    if (image->type == MEDTL_PIXEL_U8 || image->type == MEDTL_PIXEL_S8)
        ((uint8_t *)image->pixels)[i] = (uint8_t)value;
    else
        ((uint16_t *)image->pixels)[i] = (uint16_t)value;
}

medtl_image *make_gray(uint32_t rows, uint32_t columns, medtl_pixel_type type, const int *values)
{
    const bool byte = type == MEDTL_PIXEL_U8 || type == MEDTL_PIXEL_S8;
    medtl_image *image;

    cr_assert_eq(medtl_image_create(rows, columns, 1, type, byte ? 8 : 16, &image, NULL), MEDTL_OK);
    for (size_t i = 0; i < (size_t)rows * columns; i++)
        put(image, i, values[i]);
    return image;
}

void mirror_image(medtl_image *image)
{
    uint16_t *pixels = image->pixels;

    for (uint32_t y = 0; y < image->rows; y++)
        for (uint32_t a = 0, b = image->columns - 1; a < b; a++, b--) {
            uint16_t *row = pixels + (size_t)y * image->columns;
            const uint16_t value = row[a];

            row[a] = row[b];
            row[b] = value;
        }
}

double breast_at(double x, double y)
{
    const double rx = x / 0.6, ry = (y - 0.5) / 0.4, r = rx * rx + ry * ry;

    if (x > 0.85 && x < 0.9 && y > 0.05 && y < 0.1)
        return 1.0; /* the label */
    if (r >= 1.0)
        return 0.0;
    return 0.35 + 0.25 * (1.0 - r) + 0.2 * sin(9.0 * x + 4.0 * y) * sin(7.0 * y) * (1.0 - r);
}

medtl_image *make_breast(uint32_t rows, uint32_t columns, medtl_pixel_type type, uint16_t bits,
                         int low, int high)
{
    enum { PARTS = 4 };
    medtl_image *image;

    cr_assert_eq(medtl_image_create(rows, columns, 1, type, bits, &image, NULL), MEDTL_OK);
    for (uint32_t y = 0; y < rows; y++)
        for (uint32_t x = 0; x < columns; x++) {
            double sum = 0.0;

            for (int i = 0; i < PARTS; i++)
                for (int j = 0; j < PARTS; j++)
                    sum += breast_at((x + (j + 0.5) / PARTS) / columns,
                                     (y + (i + 0.5) / PARTS) / rows);
            put(image, (size_t)y * columns + x,
                (int)floor(low + sum / (PARTS * PARTS) * (high - low) + 0.5));
        }
    return image;
}

medtl_normaliser plain(uint32_t width, uint32_t height, medtl_voi_choice voi, medtl_crop crop,
                       medtl_side side, medtl_fit fit)
{
    return (medtl_normaliser){.channels = 1,
                              .height = height,
                              .width = width,
                              .voi = voi,
                              .crop = crop,
                              .side = side,
                              .fit = fit,
                              .sd = {1.0f, 1.0f, 1.0f}};
}

float *run(const medtl_image *image, const medtl_normaliser *normaliser, medtl_geometry *geometry)
{
    float *out =
        malloc((size_t)normaliser->channels * normaliser->height * normaliser->width * sizeof *out);
    medtl_error err = {0};

    cr_assert_not_null(out);
    cr_assert_eq(medtl_normalise(image, normaliser, out, geometry, NULL, &err), MEDTL_OK, "%s",
                 err.message);
    return out;
}

double difference(const float *a, const float *b, size_t count)
{
    double sum = 0.0;

    for (size_t i = 0; i < count; i++)
        sum += fabs((double)a[i] - b[i]);
    return sum / (double)count;
}
