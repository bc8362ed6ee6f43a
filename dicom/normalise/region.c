/* Regions of a mask. */
#include "steps.h"

#include <stdlib.h>
#include <string.h>

/* Along one line: a cell stays (erosion) where all cells within the radius are set, or becomes set (dilation)
 * where any is. Beyond the picture nothing is set. */
static void filter_line(unsigned char *cells, size_t stride, uint32_t count, uint32_t radius,
                        bool erode)
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

static void filter(unsigned char *mask, uint32_t rows, uint32_t columns, uint32_t radius,
                   bool erode)
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

typedef struct cell {
    uint32_t x, y;
} cell;

/* Give the region around `start` (four neighbours) the mark 2. @return its cells. */
static uint32_t flood(unsigned char *mask, uint32_t rows, uint32_t columns, cell start, cell *stack)
{
    uint32_t size = 0, depth = 0;

    mask[start.y * columns + start.x] = 2;
    stack[depth++] = start;
    while (depth > 0) {
        const cell at = stack[--depth];
        const cell next[4] = {
            {at.x - 1, at.y}, {at.x + 1, at.y}, {at.x, at.y - 1}, {at.x, at.y + 1}};

        size++;
        for (int i = 0; i < 4; i++) {
            const cell n =
                next[i]; /* one step beyond the left or upper edge wraps to a huge number */

            if (n.x < columns && n.y < rows && mask[n.y * columns + n.x] == 1) {
                mask[n.y * columns + n.x] = 2;
                stack[depth++] = n;
            }
        }
    }
    return size;
}

/* A cell of the largest region; marks every region 2. @return false where nothing is set. */
static bool find_largest(unsigned char *mask, uint32_t rows, uint32_t columns, cell *largest,
                         cell *stack)
{
    uint32_t most = 0;

    for (uint32_t y = 0; y < rows; y++)
        for (uint32_t x = 0; x < columns; x++)
            if (mask[y * columns + x] == 1) {
                const uint32_t size = flood(mask, rows, columns, (cell){x, y}, stack);

                if (size > most) {
                    most = size;
                    *largest = (cell){x, y};
                }
            }
    return most > 0;
}

/* Leave only the region around `start`. */
static void keep_region(unsigned char *mask, uint32_t rows, uint32_t columns, cell start,
                        cell *stack)
{
    const size_t cells = (size_t)rows * columns;

    for (size_t i = 0; i < cells; i++)
        mask[i] = mask[i] != 0;
    flood(mask, rows, columns, start, stack);
    for (size_t i = 0; i < cells; i++)
        mask[i] = mask[i] == 2;
}

medtl_status medtl_largest_region(unsigned char *mask, uint32_t rows, uint32_t columns,
                                  uint32_t radius, uint32_t *area, medtl_error *err)
{
    const size_t cells = (size_t)rows * columns;
    unsigned char *opened = malloc(cells);
    cell *stack = malloc(cells * sizeof *stack), start = {0, 0};
    medtl_status status = MEDTL_OK;

    *area = 0;
    if (opened == NULL || stack == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a mask");
        goto done;
    }
    memcpy(opened, mask, cells);
    filter(opened, rows, columns, radius, true);
    filter(opened, rows, columns, radius, false);
    if (find_largest(opened, rows, columns, &start, stack)) {
        keep_region(opened, rows, columns, start, stack);
        filter(opened, rows, columns, radius, false); /* give corners and the nipple back */
    }
    for (size_t i = 0; i < cells; i++) {
        mask[i] = mask[i] && opened[i];
        *area += mask[i];
    }

done:
    free(stack);
    free(opened);
    return status;
}

medtl_status medtl_fill_holes(unsigned char *mask, uint32_t rows, uint32_t columns,
                              medtl_error *err)
{
    const size_t cells = (size_t)rows * columns;
    cell *stack = malloc(cells * sizeof *stack);

    if (stack == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a mask");
    for (size_t i = 0; i < cells; i++)
        mask[i] = !mask[i];
    for (uint32_t y = 0; y < rows; y++)
        for (uint32_t x = 0; x < columns; x++)
            if ((x == 0 || y == 0 || x == columns - 1 || y == rows - 1) &&
                mask[y * columns + x] == 1)
                flood(mask, rows, columns, (cell){x, y}, stack);
    for (size_t i = 0; i < cells; i++)
        mask[i] = mask[i] != 2; /* of what was not set, only what the outside cannot reach */
    free(stack);
    return MEDTL_OK;
}
