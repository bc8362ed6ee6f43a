/* From a heat map to an outline in the image: what a report draws. */
#include "shapes.h"

#include <math.h>
#include <stdlib.h>

/* The map without what lies outside the picture's part of the input, and its largest value. */
static medtl_status copy_inside(const medtl_heat_map *map, const medtl_geometry *g, double scale_x,
                                double scale_y, float *out, float *largest, medtl_error *err)
{
    *largest = 0.0f;
    for (uint32_t row = 0; row < map->height; row++)
        for (uint32_t column = 0; column < map->width; column++) {
            const size_t i = (size_t)row * map->width + column;
            const double u = ((double)column + 0.5) * scale_x, v = ((double)row + 0.5) * scale_y;
            const bool is_inside =
                u > g->inner[0] && u < g->inner[2] && v > g->inner[1] && v < g->inner[3];

            if (!isfinite(map->values[i]))
                return medtl_fail(err, MEDTL_E_ARGUMENT,
                                  "a heat map with a value that is no number");
            out[i] = is_inside && map->values[i] > 0.0f ? map->values[i] : 0.0f;
            if (out[i] > *largest)
                *largest = out[i];
        }
    return MEDTL_OK;
}

static float within(float value, double limit)
{
    return value < 0.0f ? 0.0f : (double)value > limit ? (float)limit : value;
}

/* From the map's pixels to the image's. */
static void move_to_image(medtl_polygon *polygon, const medtl_geometry *g, double scale_x,
                          double scale_y, uint32_t rows, uint32_t columns)
{
    for (size_t i = 0; i < polygon->count; i++) {
        double u = (double)polygon->points[i].x * scale_x;
        double v = (double)polygon->points[i].y * scale_y;

        u = fmin(fmax(u, g->inner[0]), g->inner[2]);
        v = fmin(fmax(v, g->inner[1]), g->inner[3]);
        polygon->points[i] = medtl_place_in_image(g, u, v);
        polygon->points[i].x = within(polygon->points[i].x, columns);
        polygon->points[i].y = within(polygon->points[i].y, rows);
    }
}

static medtl_status check(const medtl_heat_map *map, const medtl_geometry *g, uint32_t height,
                          uint32_t width, double level, medtl_error *err)
{
    const bool has_part =
        g->x1 > g->x0 && g->y1 > g->y0 && g->inner[2] > g->inner[0] && g->inner[3] > g->inner[1];

    if (map->values == NULL || map->height == 0 || map->width == 0 || height == 0 || width == 0 ||
        !has_part)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "an outline needs a heat map and where it lies in the image");
    if (!(level > 0.0 && level <= 1.0))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "a salient region's level is above 0, at most 1");
    return MEDTL_OK;
}

medtl_status medtl_evidence_outline(const medtl_heat_map *map, const medtl_geometry *geometry,
                                    uint32_t input_height, uint32_t input_width, uint32_t rows,
                                    uint32_t columns, double level, medtl_point **points,
                                    size_t *count, medtl_error *err)
{
    medtl_status status = check(map, geometry, input_height, input_width, level, err);
    medtl_polygon polygon = {NULL, 0, 0};
    float *inside = NULL, largest = 0.0f;
    double scale_x, scale_y, input_pixel;

    *points = NULL;
    *count = 0;
    if (status != MEDTL_OK)
        return status;
    scale_x = (double)input_width / map->width;
    scale_y = (double)input_height / map->height;
    input_pixel = fmin((geometry->x1 - geometry->x0) / (geometry->inner[2] - geometry->inner[0]),
                       (geometry->y1 - geometry->y0) / (geometry->inner[3] - geometry->inner[1]));
    inside = calloc((size_t)map->height * map->width, sizeof *inside);
    if (inside == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a heat map of %u x %u",
                          (unsigned)map->height, (unsigned)map->width);
    if ((status = copy_inside(map, geometry, scale_x, scale_y, inside, &largest, err)) !=
            MEDTL_OK ||
        !(largest > 0.0f))
        goto done;
    {
        const medtl_grid used = {inside, map->height, map->width};

        status = medtl_contour_trace(&used, (float)(level * (double)largest), &polygon, err);
    }
    if (status != MEDTL_OK)
        goto done;
    move_to_image(&polygon, geometry, scale_x, scale_y, rows, columns);
    if ((status = medtl_polygon_simplify(&polygon, 0.25 * input_pixel, err)) != MEDTL_OK)
        goto done;
    *points = polygon.points;
    *count = polygon.count;
    polygon.points = NULL;

done:
    medtl_polygon_clear(&polygon);
    free(inside);
    return status;
}
