/* Where the breast is: the largest connected region above the background, on a thumbnail. */
#include "steps.h"

#include <stdlib.h>
#include <string.h>

enum {
    RADIUS = 2,     /* cells; text strokes and detector edges are thinner than 5 cells of 256 */
    EDGE_PARTS = 32 /* of the box's width: what counts as its edge */
};

/* A region below this share of the picture is a marker, not a breast. */
static const double smallest = 0.01;

/* Rows of the mask with anything set in columns first .. last - 1. */
static uint32_t rows_touching(const medtl_breast *breast, uint32_t first, uint32_t last)
{
    uint32_t touching = 0;

    for (uint32_t y = 0; y < breast->rows; y++) {
        bool any = false;

        for (uint32_t x = first; x < last; x++)
            any = any || breast->core[(size_t)y * breast->columns + x];
        touching += any;
    }
    return touching;
}

/* Bounding box of what is set, and at which side it is cut off; at least one cell is set. */
static void measure(medtl_breast *breast, uint32_t image_rows, uint32_t image_columns)
{
    uint32_t x0 = breast->columns, x1 = 0, y0 = breast->rows, y1 = 0, band;
    const double cell_width = (double)image_columns / breast->columns;
    const double cell_height = (double)image_rows / breast->rows;

    for (uint32_t y = 0; y < breast->rows; y++)
        for (uint32_t x = 0; x < breast->columns; x++)
            if (breast->core[(size_t)y * breast->columns + x]) {
                x0 = x < x0 ? x : x0;
                x1 = x + 1 > x1 ? x + 1 : x1;
                y0 = y < y0 ? y : y0;
                y1 = y + 1 > y1 ? y + 1 : y1;
            }
    breast->box = (medtl_box){x0 * cell_width, y0 * cell_height, x1 * cell_width, y1 * cell_height};
    band = 1 + (x1 - x0) / EDGE_PARTS;
    breast->wall =
        ((double)rows_touching(breast, x1 - band, x1) - rows_touching(breast, x0, x0 + band)) /
        (y1 - y0);
}

static void take_everything(medtl_breast *breast, uint32_t image_rows, uint32_t image_columns)
{
    memset(breast->core, 1, (size_t)breast->rows * breast->columns);
    breast->found = false;
    breast->box = (medtl_box){0.0, 0.0, image_columns, image_rows};
    breast->wall = 0.0;
}

/* The mask becomes the core. */
static medtl_status use_mask(medtl_breast *breast, const medtl_thumbnail *thumbnail, uint16_t level,
                             const medtl_image *image, medtl_outline *outline, medtl_error *err)
{
    const size_t cells = (size_t)breast->rows * breast->columns;
    unsigned char *mask = malloc(cells);
    medtl_status status = MEDTL_OK;

    if (mask == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a mask");
    memcpy(mask, breast->core, cells);
    measure(breast, image->rows, image->columns);
    medtl_erode(breast->core, breast->rows, breast->columns, RADIUS);
    if (outline != NULL)
        status = medtl_region_trace(thumbnail, mask, breast->core, level,
                                    (double)image->columns / thumbnail->columns,
                                    (double)image->rows / thumbnail->rows, outline, err);
    free(mask);
    return status;
}

medtl_status medtl_breast_find(const medtl_source *source, medtl_breast *out,
                               medtl_outline *outline, medtl_error *err)
{
    const medtl_image *image = source->image;
    medtl_thumbnail thumbnail;
    medtl_status status;
    uint16_t level = 0;
    uint32_t area = 0;
    size_t cells;

    *out = (medtl_breast){0};
    if (outline != NULL)
        outline->count = 0;
    if ((status = medtl_thumbnail_create(source, &thumbnail, err)) != MEDTL_OK ||
        (status = medtl_background_threshold(&thumbnail, &out->found, &level, err)) != MEDTL_OK)
        goto done;
    cells = (size_t)thumbnail.rows * thumbnail.columns;
    out->rows = thumbnail.rows;
    out->columns = thumbnail.columns;
    out->core = malloc(cells);
    if (out->core == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a mask");
        goto done;
    }
    for (size_t i = 0; i < cells; i++)
        out->core[i] = thumbnail.level[i] > level;
    status = medtl_largest_region(out->core, out->rows, out->columns, RADIUS, &area, err);
    if (status != MEDTL_OK)
        goto done;
    if (out->found && area > 0 && area >= smallest * (double)cells)
        status = use_mask(out, &thumbnail, level, image, outline, err);
    else
        take_everything(out, image->rows, image->columns);

done:
    free(thumbnail.level);
    if (status != MEDTL_OK)
        medtl_breast_destroy(out);
    return status;
}

void medtl_breast_destroy(medtl_breast *breast)
{
    free(breast->core);
    breast->core = NULL;
}

static void count_run(const medtl_image *image, size_t first, size_t last, uint32_t *counts)
{
    if (medtl_code_count(image->type) == 256)
        for (size_t i = first; i < last; i++)
            counts[((const uint8_t *)image->pixels)[i]]++;
    else
        for (size_t i = first; i < last; i++)
            counts[((const uint16_t *)image->pixels)[i]]++;
}

void medtl_breast_histogram(const medtl_image *image, const medtl_breast *breast, uint32_t *counts)
{
    const size_t codes = medtl_code_count(image->type);

    memset(counts, 0, codes * sizeof *counts);
    for (uint32_t y = 0; y < image->rows; y++) {
        const unsigned char *core =
            breast->core + (uint64_t)y * breast->rows / image->rows * breast->columns;
        const size_t row = (size_t)y * image->columns;

        for (uint32_t x = 0; x < breast->columns; x++)
            if (core[x])
                count_run(image, row + (uint64_t)x * image->columns / breast->columns,
                          row + (uint64_t)(x + 1) * image->columns / breast->columns, counts);
    }
    for (uint32_t code = 0; code < codes; code++)
        if (counts[code] > 0 && medtl_is_padding(image, medtl_code_value(image->type, code)))
            counts[code] = 0;
}
