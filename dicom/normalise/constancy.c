/* Colour constancy: what the picture would look like under white light. */
#include "steps.h"

#include <math.h>

/* Minkowski mean of the sixth power. */
static double minkowski_mean(const float *plane, size_t row_stride, const medtl_placement *inner)
{
    double sum = 0.0;

    for (uint32_t y = inner->y; y < inner->y + inner->height; y++)
        for (uint32_t x = inner->x; x < inner->x + inner->width; x++) {
            const double square = (double)plane[y * row_stride + x] * plane[y * row_stride + x];

            sum += square * square * square;
        }
    return pow(sum / ((double)inner->width * inner->height), 1.0 / 6.0);
}

void medtl_shades_of_gray(float *planes, size_t plane_stride, size_t row_stride,
                          const medtl_placement *inner)
{
    double light[3], length;

    for (int c = 0; c < 3; c++)
        light[c] = minkowski_mean(planes + c * plane_stride, row_stride, inner);
    length = sqrt((light[0] * light[0] + light[1] * light[1] + light[2] * light[2]) / 3.0);
    for (int c = 0; c < 3; c++) {
        float *plane = planes + c * plane_stride;
        const float gain = light[c] > 0.0 ? (float)(length / light[c]) : 1.0f;

        for (uint32_t y = inner->y; y < inner->y + inner->height; y++)
            for (uint32_t x = inner->x; x < inner->x + inner->width; x++)
                plane[y * row_stride + x] = fminf(1.0f, gain * plane[y * row_stride + x]);
    }
}
