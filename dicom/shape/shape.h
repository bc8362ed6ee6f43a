/* Regions of a grid of values, and polygons. No DICOM library. */
#ifndef MEDTL_SHAPE_H
#define MEDTL_SHAPE_H

#include "medtl/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A polygon under construction, or an owned one. */
typedef struct medtl_polygon {
    medtl_point *points; /* owned */
    size_t count, capacity;
} medtl_polygon;

medtl_status medtl_polygon_add(medtl_polygon *polygon, medtl_point point, medtl_error *err);
void medtl_polygon_clear(medtl_polygon *polygon);

/* ---- contour.c ---------------------------------------------------------------------------- */

/** Finite values on a grid; at least one. */
typedef struct medtl_grid {
    const float *values; /* [height][width]; borrowed */
    uint32_t height, width;
} medtl_grid;

/** The outer border of the region that is connected (by edges, not corners) with the grid's largest value and has at
 *  least `threshold`.
 *  @param threshold  At most the largest value.
 *  @param[out] out   In the grid's cells, from its top-left corner: sample (row i, column j) is at
 *                    (j + 0.5, i + 0.5). Empty on entry. */
medtl_status medtl_contour_trace(const medtl_grid *grid, float threshold, medtl_polygon *out,
                                 medtl_error *err);

/* ---- simplify.c --------------------------------------------------------------------------- */

/** Drop points that lie within `tolerance` of the line that is left (Douglas and Peucker 1973). Keeps the
 *  polygon as it is where fewer than three points would be left. */
medtl_status medtl_polygon_simplify(medtl_polygon *polygon, double tolerance, medtl_error *err);

#ifdef __cplusplus
}
#endif
#endif
