/* The border of a region, from its mask on a thumbnail. */
#include "steps.h"

#include "dicom/shape/shape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Levels with the region alone above the threshold, so that the border may be drawn between cells where the level meets it. The
 * mask may have crumbs beside the region; the largest value, which the border is drawn around, is therefore one of the core. */
static void isolate(const medtl_thumbnail *thumbnail, const unsigned char *mask,
                    const unsigned char *core, uint16_t threshold, float *values)
{
    const size_t cells = (size_t)thumbnail->rows * thumbnail->columns;
    size_t best = cells;

    for (size_t i = 0; i < cells; i++) {
        const uint16_t level = thumbnail->level[i];

        values[i] = (float)(mask[i] || level < threshold ? level : threshold);
        if (core[i] && (best == cells || level > thumbnail->level[best]))
            best = i;
    }
    if (best < cells)
        values[best] = 65536.0f;
}

/* From cells to pixels, with at most as many corners as there is room for. */
static medtl_status fit(medtl_polygon *polygon, double cell_width, double cell_height,
                        medtl_outline *out, medtl_error *err)
{
    double tolerance = 0.25 * fmin(cell_width, cell_height);
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; i < polygon->count; i++) {
        polygon->points[i].x = (float)((double)polygon->points[i].x * cell_width);
        polygon->points[i].y = (float)((double)polygon->points[i].y * cell_height);
    }
    do {
        status = medtl_polygon_simplify(polygon, tolerance, err);
        tolerance *= 2.0;
    } while (status == MEDTL_OK && polygon->count > MEDTL_OUTLINE_LIMIT);
    if (status == MEDTL_OK && polygon->count >= 3) {
        out->count = (uint32_t)polygon->count;
        memcpy(out->points, polygon->points, polygon->count * sizeof *polygon->points);
    }
    return status;
}

medtl_status medtl_region_trace(const medtl_thumbnail *thumbnail, const unsigned char *mask,
                                const unsigned char *core, uint16_t threshold, double cell_width,
                                double cell_height, medtl_outline *out, medtl_error *err)
{
    const uint32_t rows = thumbnail->rows, columns = thumbnail->columns;
    float *values = malloc((size_t)rows * columns * sizeof *values);
    const medtl_grid grid = {values, rows, columns};
    medtl_polygon polygon = {NULL, 0, 0};
    medtl_status status;

    if (values == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an outline");
    isolate(thumbnail, mask, core, threshold, values);
    status = medtl_contour_trace(&grid, (float)threshold + 0.5f, &polygon, err);
    if (status == MEDTL_OK)
        status = fit(&polygon, cell_width, cell_height, out, err);
    medtl_polygon_clear(&polygon);
    free(values);
    return status;
}
