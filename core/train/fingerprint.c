#include "fingerprint.h"

#include "core/base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = MEDTL_FINGERPRINT_SIDE, HEADER = 48 };

static double sample_of(const void *pixels, size_t index, uint32_t bytes, int is_signed)
{
    if (bytes == 1)
        return is_signed ? ((const int8_t *)pixels)[index] : ((const uint8_t *)pixels)[index];
    return is_signed ? ((const int16_t *)pixels)[index] : ((const uint16_t *)pixels)[index];
}

/* Where cell `i` begins along a side; a cell of an image smaller than the grid repeats a pixel. */
static uint32_t edge(uint32_t i, uint32_t size) { return (uint32_t)((uint64_t)i * size / SIDE); }

static double mean_of_cell(uint32_t y, uint32_t x, uint32_t rows, uint32_t columns,
                           uint32_t samples, uint32_t bytes, int is_signed, const void *pixels)
{
    const uint32_t top = edge(y, rows), left = edge(x, columns);
    const uint32_t below = edge(y + 1, rows) > top ? edge(y + 1, rows) : top + 1;
    const uint32_t right = edge(x + 1, columns) > left ? edge(x + 1, columns) : left + 1;
    double sum = 0.0;

    for (uint32_t row = top; row < below; row++) {
        const size_t first = ((size_t)row * columns + left) * samples;
        const size_t end = ((size_t)row * columns + right) * samples;

        for (size_t i = first; i < end; i++)
            sum += sample_of(pixels, i, bytes, is_signed);
    }
    return sum / ((double)(below - top) * (right - left) * samples);
}

/* The whole range of the means becomes 0 .. 255, so that depth, brightness and contrast do not count. */
static void stretch(const double *means, unsigned char *cells)
{
    double low = means[0], high = means[0];

    for (size_t i = 1; i < MEDTL_FINGERPRINT_CELLS; i++) {
        low = means[i] < low ? means[i] : low;
        high = means[i] > high ? means[i] : high;
    }
    for (size_t i = 0; i < MEDTL_FINGERPRINT_CELLS; i++)
        cells[i] = high > low ? (unsigned char)((means[i] - low) / (high - low) * 255.0 + 0.5) : 0;
}

/* The digest of a header of fixed length and the pixels: equal pixels in another shape are another picture. */
static medtl_status digest(uint32_t rows, uint32_t columns, uint32_t samples, uint32_t bytes,
                           const void *pixels, char *text, medtl_error *err)
{
    const size_t size = (size_t)rows * columns * samples * bytes;
    char *all = calloc(1, HEADER + size);

    if (all == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a fingerprint of %zu bytes",
                          size);
    snprintf(all, HEADER, "%u %u %u %u", rows, columns, samples, bytes);
    memcpy(all + HEADER, pixels, size);
    medtl_sha256_text(all, HEADER + size, text);
    free(all);
    return MEDTL_OK;
}

medtl_status medtl_fingerprint_make(uint32_t rows, uint32_t columns, uint32_t samples,
                                    uint32_t bytes, int is_signed, const void *pixels,
                                    medtl_fingerprint *out, medtl_error *err)
{
    double means[MEDTL_FINGERPRINT_CELLS];

    memset(out, 0, sizeof *out);
    if (rows == 0 || columns == 0 || samples == 0 || (bytes != 1 && bytes != 2))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "a fingerprint of %ux%u pixels of %u x %u bytes",
                          rows, columns, samples, bytes);
    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = 0; x < SIDE; x++)
            means[y * SIDE + x] =
                mean_of_cell(y, x, rows, columns, samples, bytes, is_signed, pixels);
    stretch(means, out->cells);
    return digest(rows, columns, samples, bytes, pixels, out->digest, err);
}
