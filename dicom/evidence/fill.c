/* Which pixels lie in a polygon: row by row, between each second crossing of the row's middle. */
#include "shapes.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

/* Where the polygon's edges cross the line at height y. An edge has its upper end and not its lower one, so that a corner counts
 * once. @return how many; sorted. */
static size_t cross(const medtl_point *points, size_t count, double y, double *crossings)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        const medtl_point a = points[i], b = points[(i + 1) % count];

        if (((double)a.y <= y) != ((double)b.y <= y))
            crossings[found++] = (double)a.x + (y - (double)a.y) * ((double)b.x - (double)a.x) /
                                                   ((double)b.y - (double)a.y);
    }
    qsort(crossings, found, sizeof *crossings, by_value);
    return found;
}

/* The first pixel whose centre is at x or right of it. */
static uint32_t first_center(double x, uint32_t columns)
{
    const double first = ceil(x - 0.5);

    return first <= 0.0 ? 0 : first >= (double)columns ? columns : (uint32_t)first;
}

medtl_status medtl_polygon_fill(const medtl_point *points, size_t count, uint32_t rows,
                                uint32_t columns, unsigned char *bits, medtl_error *err)
{
    double *crossings = calloc(count + 1, sizeof *crossings);

    if (crossings == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an outline of %zu points", count);
    for (uint32_t row = 0; row < rows; row++) {
        const size_t found = cross(points, count, (double)row + 0.5, crossings);

        for (size_t i = 0; i + 1 < found; i += 2)
            for (uint32_t column = first_center(crossings[i], columns),
                          end = first_center(crossings[i + 1], columns);
                 column < end; column++) {
                const size_t bit = (size_t)row * columns + column;

                bits[bit / 8] |= (unsigned char)(1u << bit % 8);
            }
    }
    free(crossings);
    return MEDTL_OK;
}
