/* Douglas & Peucker, "Algorithms for the reduction of the number of points required to represent a digitized line or its
 * caricature", Cartographica 10(2), 1973. Without recursion: an outline may have any length. */
#include "shape.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct span {
    size_t first, last; /* points of the polygon, counted on beyond its end: last may be `count` */
} span;

static medtl_point at(const medtl_polygon *polygon, size_t index)
{
    return polygon->points[index % polygon->count];
}

static double distance_to_segment(medtl_point p, medtl_point a, medtl_point b)
{
    const double dx = (double)b.x - (double)a.x, dy = (double)b.y - (double)a.y;
    const double px = (double)p.x - (double)a.x, py = (double)p.y - (double)a.y;
    const double length = dx * dx + dy * dy;
    double share = length > 0.0 ? (px * dx + py * dy) / length : 0.0;

    share = share < 0.0 ? 0.0 : share > 1.0 ? 1.0 : share;
    return hypot(px - share * dx, py - share * dy);
}

/* The point between first and last that is farthest from the line between them. */
static size_t farthest(const medtl_polygon *polygon, span s, double *distance)
{
    size_t found = s.first;

    *distance = -1.0;
    for (size_t i = s.first + 1; i < s.last; i++) {
        const double d =
            distance_to_segment(at(polygon, i), at(polygon, s.first), at(polygon, s.last));

        if (d > *distance) {
            *distance = d;
            found = i;
        }
    }
    return found;
}

static void mark_kept(const medtl_polygon *polygon, double tolerance, span *stack, bool *kept)
{
    double distance;
    const size_t opposite = farthest(polygon, (span){0, polygon->count}, &distance);
    size_t used = 0;

    /* A closed line has no ends: cut it at the first point and at the one farthest from it. */
    kept[0] = kept[opposite] = true;
    stack[used++] = (span){0, opposite};
    stack[used++] = (span){opposite, polygon->count};
    while (used > 0) {
        const span s = stack[--used];
        const size_t middle = farthest(polygon, s, &distance);

        if (distance <= tolerance)
            continue;
        kept[middle] = true;
        stack[used++] = (span){s.first, middle};
        stack[used++] = (span){middle, s.last};
    }
}

medtl_status medtl_polygon_simplify(medtl_polygon *polygon, double tolerance, medtl_error *err)
{
    /* Spans that wait are neighbours and none is empty, so there are never more than points. */
    span *stack = calloc(polygon->count + 2, sizeof *stack);
    bool *kept = calloc(polygon->count + 1, sizeof *kept);
    medtl_status status = MEDTL_OK;
    size_t used = 0, left = 0;

    if (stack == NULL || kept == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an outline of %zu points",
                            polygon->count);
        goto done;
    }
    if (polygon->count <= 3)
        goto done;
    mark_kept(polygon, tolerance, stack, kept);
    for (size_t i = 0; i < polygon->count; i++)
        left += kept[i];
    if (left < 3)
        goto done;
    for (size_t i = 0; i < polygon->count; i++)
        if (kept[i])
            polygon->points[used++] = polygon->points[i];
    polygon->count = used;

done:
    free(kept);
    free(stack);
    return status;
}
