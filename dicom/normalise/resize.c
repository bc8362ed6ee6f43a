/* Antialiased, separable resampling, straight from stored pixels. */
#include "steps.h"

#include <math.h>
#include <stdlib.h>

void medtl_taps_destroy(medtl_taps *taps)
{
    free(taps->first);
    free(taps->count);
    free(taps->weights);
    free(taps->offset);
    *taps = (medtl_taps){0};
}

/* The weights of one output pixel. @return their number. */
static uint32_t triangle(double center, double half_width, uint32_t size, uint32_t *first,
                         float *weights)
{
    const double low = ceil(center - half_width - 0.5), high = floor(center + half_width - 0.5);
    const uint32_t from = low < 0.0 ? 0 : (uint32_t)low;
    const uint32_t to = high > size - 1.0 ? size - 1 : (uint32_t)high;
    double sum = 0.0;

    *first = from;
    for (uint32_t i = from; i <= to; i++)
        sum += fmax(0.0, 1.0 - fabs(i + 0.5 - center) / half_width);
    for (uint32_t i = from; i <= to; i++)
        weights[i - from] = (float)(fmax(0.0, 1.0 - fabs(i + 0.5 - center) / half_width) / sum);
    return to - from + 1;
}

medtl_status medtl_taps_create(uint32_t size, double from, double to, uint32_t outputs,
                               medtl_taps *taps, medtl_error *err)
{
    const double scale = (to - from) / outputs, half_width = fmax(1.0, scale);
    const size_t most = (size_t)fmin(2.0 * half_width + 2.0, size);
    size_t used = 0;

    *taps = (medtl_taps){.first = calloc(outputs, sizeof *taps->first),
                         .count = calloc(outputs, sizeof *taps->count),
                         .weights = calloc(outputs * most, sizeof *taps->weights),
                         .offset = calloc(outputs, sizeof *taps->offset)};
    if (taps->first == NULL || taps->count == NULL || taps->weights == NULL ||
        taps->offset == NULL) {
        medtl_taps_destroy(taps);
        (void)medtl_fail(err, MEDTL_E_MEMORY, "out of memory for resampling weights");
        return MEDTL_E_MEMORY;
    }
    for (uint32_t i = 0; i < outputs; i++) {
        /* Rounding must not carry a centre out of the image, or it would have no pixel at all. */
        const double center = fmin(fmax(from + (i + 0.5) * scale, 0.0), size);

        taps->offset[i] = used;
        taps->count[i] = triangle(center, half_width, size, &taps->first[i], taps->weights + used);
        used += taps->count[i];
    }
    return MEDTL_OK;
}

static void add_scaled(const float *row, float weight, size_t count, float *sums)
{
    for (size_t i = 0; i < count; i++)
        sums[i] += weight * row[i];
}

static void across(const float *sums, uint32_t first, const medtl_taps *taps, uint32_t width,
                   float *out)
{
    for (uint32_t x = 0; x < width; x++) {
        const float *in = sums + (taps->first[x] - first),
                    *weights = taps->weights + taps->offset[x];
        float value = 0.0f;

        for (uint32_t i = 0; i < taps->count[x]; i++)
            value += weights[i] * in[i];
        out[x] = fminf(value, 1.0f); /* the weights' sum may be above 1 by a rounding */
    }
}

/* Down first: sums of whole rows are long, even runs of memory. Then across, on `height` rows only. */
static void resample(const medtl_source *source, const medtl_taps *down, const medtl_taps *side,
                     uint32_t width, uint32_t height, float *row, float *sums, float *out,
                     size_t row_stride, size_t plane_stride)
{
    const uint32_t first = side->first[0];
    const uint32_t count = side->first[width - 1] + side->count[width - 1] - first;
    const size_t values = (size_t)source->planes * count;

    for (uint32_t y = 0; y < height; y++) {
        for (size_t i = 0; i < values; i++)
            sums[i] = 0.0f;
        for (uint32_t i = 0; i < down->count[y]; i++) {
            medtl_source_row(source, down->first[y] + i, first, count, row);
            add_scaled(row, down->weights[down->offset[y] + i], values, sums);
        }
        for (uint32_t plane = 0; plane < source->planes; plane++)
            across(sums + (size_t)plane * count, first, side, width,
                   out + plane * plane_stride + y * row_stride);
    }
}

medtl_status medtl_resize(const medtl_source *source, const medtl_box *box, uint32_t width,
                          uint32_t height, float *out, size_t row_stride, size_t plane_stride,
                          medtl_error *err)
{
    const medtl_image *image = source->image;
    const size_t values = (size_t)source->planes * image->columns;
    float *row = calloc(values, sizeof *row), *sums = calloc(values, sizeof *sums);
    medtl_taps down = {0}, side = {0};
    medtl_status status = MEDTL_OK;

    if (row == NULL || sums == NULL)
        status =
            medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a row of %u pixels", image->columns);
    if (status == MEDTL_OK)
        status = medtl_taps_create(image->rows, box->y0, box->y1, height, &down, err);
    if (status == MEDTL_OK)
        status = medtl_taps_create(image->columns, box->x0, box->x1, width, &side, err);
    if (status == MEDTL_OK)
        resample(source, &down, &side, width, height, row, sums, out, row_stride, plane_stride);
    medtl_taps_destroy(&side);
    medtl_taps_destroy(&down);
    free(sums);
    free(row);
    return status;
}
