/* Regions of a mask. */
#include "steps.h"

#include <stdlib.h>
#include <string.h>

/* Along one line: a cell stays (erosion) where all cells within the radius are set, or becomes set (dilation)
 * where any is. Beyond the picture nothing is set. */
static void filter_line(unsigned char *cells, size_t stride, uint32_t count, uint32_t radius, bool erode)
{
    unsigned char line[MEDTL_GRID];

    for (uint32_t i = 0; i < count; i++)
        line[i] = cells[i * stride];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t set = 0;

        for (uint32_t j = i < radius ? 0 : i - radius; j <= i + radius && j < count; j++)
            set += line[j];
        cells[i * stride] = erode ? set == 2 * radius + 1 : set > 0;
    }
}

static void filter(unsigned char *mask, uint32_t rows, uint32_t columns, uint32_t radius, bool erode)
{
    for (uint32_t y = 0; y < rows; y++)
        filter_line(mask + (size_t)y * columns, 1, columns, radius, erode);
    for (uint32_t x = 0; x < columns; x++)
        filter_line(mask + x, columns, rows, radius, erode);
}

void medtl_erode(unsigned char *mask, uint32_t rows, uint32_t columns, uint32_t radius)
{
    filter(mask, rows, columns, radius, true);
}

/* Give the region around `start` (four neighbours) the mark 2. @return its cells. */
static uint32_t flood(unsigned char *mask, uint32_t rows, uint32_t columns, uint32_t start, uint32_t *stack)
{
    uint32_t size = 0, depth = 0;

    mask[start] = 2;
    stack[depth++] = start;
    while (depth > 0) {
        const uint32_t at = stack[--depth], x = at % columns, y = at / columns;
        const uint32_t next[4] = {at - 1, at + 1, at - columns, at + columns};
        const bool inside[4] = {x > 0, x + 1 < columns, y > 0, y + 1 < rows};

        size++;
        for (int i = 0; i < 4; i++)
            if (inside[i] && mask[next[i]] == 1) {
                mask[next[i]] = 2;
                stack[depth++] = next[i];
            }
    }
    return size;
}

/* Leave only the region around `start`, which carries the mark 2. */
static void keep_region(unsigned char *mask, uint32_t rows, uint32_t columns, uint32_t start, uint32_t *stack)
{
    const size_t cells = (size_t)rows * columns;

    for (size_t i = 0; i < cells; i++)
        mask[i] = mask[i] != 0;
    flood(mask, rows, columns, start, stack);
    for (size_t i = 0; i < cells; i++)
        mask[i] = mask[i] == 2;
}

medtl_status medtl_largest_region(unsigned char *mask, uint32_t rows, uint32_t columns, uint32_t radius,
                                  uint32_t *area, medtl_error *err)
{
    const size_t cells = (size_t)rows * columns;
    unsigned char *opened = malloc(cells);
    uint32_t *stack = malloc(cells * sizeof *stack), start = 0, best = 0;
    medtl_status status = MEDTL_OK;

    *area = 0;
    if (opened == NULL || stack == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a mask");
        goto done;
    }
    memcpy(opened, mask, cells);
    filter(opened, rows, columns, radius, true);
    filter(opened, rows, columns, radius, false);
    for (uint32_t i = 0; i < cells; i++)
        if (opened[i] == 1) {
            const uint32_t size = flood(opened, rows, columns, i, stack);

            if (size > best) {
                best = size;
                start = i;
            }
        }
    if (best > 0) {
        keep_region(opened, rows, columns, start, stack);
        filter(opened, rows, columns, radius, false); /* give corners and the nipple back */
    }
    for (size_t i = 0; i < cells; i++)
        *area += mask[i] = mask[i] && opened[i];

done:
    free(stack);
    free(opened);
    return status;
}
