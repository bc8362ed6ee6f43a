#include "shape.h"

#include <stdlib.h>

medtl_status medtl_polygon_add(medtl_polygon *polygon, medtl_point point, medtl_error *err)
{
    if (polygon->count == polygon->capacity) {
        const size_t capacity = polygon->capacity == 0 ? 64 : 2 * polygon->capacity;
        medtl_point *points = realloc(polygon->points, capacity * sizeof *points);

        if (points == NULL)
            return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an outline of %zu points",
                              capacity);
        polygon->points = points;
        polygon->capacity = capacity;
    }
    polygon->points[polygon->count++] = point;
    return MEDTL_OK;
}

void medtl_polygon_clear(medtl_polygon *polygon)
{
    free(polygon->points);
    *polygon = (medtl_polygon){NULL, 0, 0};
}
