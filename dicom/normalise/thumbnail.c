/* A small picture of a whole image on a fixed grid. */
#include "steps.h"

#include <stdlib.h>

enum { SAMPLES = 4 }; /* each way in a cell: 16 pixels say enough of its mean */

/* The pixel at sample `i` of a cell. Cells split `size` evenly, whatever their number. */
static uint32_t sample_at(uint32_t cell, uint32_t sample, uint32_t cells, uint32_t size)
{
    return (uint32_t)(((uint64_t)(2 * (cell * SAMPLES + sample) + 1) * size) /
                      (2ull * SAMPLES * cells));
}

static void add_row(const float *row, uint32_t size, uint32_t columns, float *sums)
{
    for (uint32_t x = 0; x < columns; x++)
        for (uint32_t s = 0; s < SAMPLES; s++)
            sums[x] += row[sample_at(x, s, columns, size)];
}

medtl_status medtl_thumbnail_create(const medtl_source *source, medtl_thumbnail *out,
                                    medtl_error *err)
{
    const medtl_image *image = source->image;
    const uint32_t rows = image->rows < MEDTL_GRID ? image->rows : MEDTL_GRID;
    const uint32_t columns = image->columns < MEDTL_GRID ? image->columns : MEDTL_GRID;
    float *row = malloc(image->columns * sizeof *row);
    float sums[MEDTL_GRID];

    *out = (medtl_thumbnail){.rows = rows, .columns = columns};
    out->level = malloc((size_t)rows * columns * sizeof *out->level);
    if (row == NULL || out->level == NULL) {
        free(row);
        free(out->level);
        out->level = NULL;
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a thumbnail");
    }
    for (uint32_t y = 0; y < rows; y++) {
        for (uint32_t x = 0; x < columns; x++)
            sums[x] = 0.0f;
        for (uint32_t s = 0; s < SAMPLES; s++) {
            medtl_source_row(source, sample_at(y, s, rows, image->rows), 0, image->columns, row);
            add_row(row, image->columns, columns, sums);
        }
        for (uint32_t x = 0; x < columns; x++)
            out->level[(size_t)y * columns + x] =
                (uint16_t)(sums[x] / (SAMPLES * SAMPLES) * 65535.0f + 0.5f);
    }
    free(row);
    return MEDTL_OK;
}
