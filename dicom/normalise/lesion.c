/* Where a lesion of the skin is: the one region that is darker than the skin around it, in the network's input.
 *
 * Pigment and blood take green and blue out of the light, so these two planes show a lesion best. What lies outside of
 * the largest ellipse inside the picture is left out, since dermatoscopes leave dark corners. A region that cannot be told apart
 * clearly is none: a wrong border is worse than no border. */
#include "steps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CELLS = 128,          /* each way, at most: finer ones follow the skin, not the lesion */
    CELLS_PER_RADIUS = 56 /* hairs and ink are thinner than five cells of 112 */
};

static const double smallest = 0.01, largest = 0.7; /* shares of the ellipse */
static const double least_contrast = 0.08;          /* of black to white, region less skin */
static const double least_separation = 0.65; /* share of the variance that the two sides explain */
static const double least_filling = 0.85;    /* of the ellipse with the region's moments */
static const double rim = 0.97,
                    most_of_rim = 0.25; /* a region cut off by the picture has no border */

/* The picture inside the input, on cells. */
typedef struct field {
    medtl_thumbnail dark;       /* 0 to 65535: how much green and blue are missing */
    unsigned char *inside;      /* of the ellipse */
    unsigned char *mask, *core; /* [rows][columns] */
    uint32_t left, top, factor; /* pixels of the input; of a cell's side */
    uint32_t radius;            /* cells */
} field;

static size_t cell_count(const field *f) { return (size_t)f->dark.rows * f->dark.columns; }

static void field_destroy(field *f)
{
    free(f->dark.level);
    free(f->inside);
    free(f->mask);
    free(f->core);
}

static medtl_status field_create(const medtl_geometry *geometry, field *f, medtl_error *err)
{
    const uint32_t width = (uint32_t)(geometry->inner[2] - geometry->inner[0]);
    const uint32_t height = (uint32_t)(geometry->inner[3] - geometry->inner[1]);
    const uint32_t longer = width > height ? width : height;
    size_t cells;

    *f = (field){.left = (uint32_t)geometry->inner[0], .top = (uint32_t)geometry->inner[1]};
    f->factor = (longer + CELLS - 1) / CELLS;
    f->factor = f->factor > 0 ? f->factor : 1;
    f->dark.rows = height / f->factor;
    f->dark.columns = width / f->factor;
    f->radius = longer / f->factor / CELLS_PER_RADIUS;
    f->radius = f->radius > 0 ? f->radius : 1;
    cells = cell_count(f);
    f->dark.level = malloc(cells * sizeof *f->dark.level);
    f->inside = malloc(cells);
    f->mask = malloc(cells);
    f->core = malloc(cells);
    if (cells > 0 &&
        (f->dark.level == NULL || f->inside == NULL || f->mask == NULL || f->core == NULL)) {
        field_destroy(f);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an outline");
    }
    return MEDTL_OK;
}

/* 0 in the middle of the picture, 1 on the ellipse. */
static double distance_at(const field *f, uint32_t row, uint32_t column)
{
    return hypot((2.0 * column + 1.0) / f->dark.columns - 1.0,
                 (2.0 * row + 1.0) / f->dark.rows - 1.0);
}

/* The mean of green and blue of a cell's pixels, 0 to 1. */
static double light_of(const float *input, const medtl_normaliser *n, const field *f, uint32_t row,
                       uint32_t column)
{
    const size_t plane = (size_t)n->height * n->width;
    double light = 0.0;

    for (uint32_t y = f->top + row * f->factor; y < f->top + (row + 1) * f->factor; y++)
        for (uint32_t x = f->left + column * f->factor; x < f->left + (column + 1) * f->factor; x++)
            for (uint32_t c = 1; c < 3; c++)
                light +=
                    (double)(input[c * plane + (size_t)y * n->width + x] * n->sd[c] + n->mean[c]);
    return fmin(fmax(light / (2.0 * f->factor * f->factor), 0.0), 1.0);
}

static void read_input(const float *input, const medtl_normaliser *n, field *f)
{
    for (uint32_t y = 0; y < f->dark.rows; y++)
        for (uint32_t x = 0; x < f->dark.columns; x++) {
            const size_t at = (size_t)y * f->dark.columns + x;

            f->dark.level[at] = (uint16_t)((1.0 - light_of(input, n, f, y, x)) * 65535.0 + 0.5);
            f->inside[at] = distance_at(f, y, x) < 1.0;
        }
}

/* Means of 2 radius + 1 cells along one line; fewer at its ends. */
static void blur_line(uint16_t *cells, size_t stride, uint32_t count, uint32_t radius)
{
    uint16_t line[CELLS];

    for (uint32_t i = 0; i < count; i++)
        line[i] = cells[i * stride];
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t first = i < radius ? 0 : i - radius;
        const uint32_t last = i + radius < count ? i + radius : count - 1;
        uint32_t sum = 0;

        for (uint32_t j = first; j <= last; j++)
            sum += line[j];
        cells[i * stride] = (uint16_t)(sum / (last - first + 1));
    }
}

static void blur(medtl_thumbnail *picture, uint32_t radius)
{
    for (uint32_t y = 0; y < picture->rows; y++)
        blur_line(picture->level + (size_t)y * picture->columns, 1, picture->columns, radius);
    for (uint32_t x = 0; x < picture->columns; x++)
        blur_line(picture->level + x, picture->columns, picture->rows, radius);
}

/* How clearly the threshold splits the cells inside: the share of their variance that lies between its two sides. */
static double separation(const field *f, uint16_t threshold)
{
    double count[2] = {0, 0}, sum[2] = {0, 0}, squares = 0.0, total, mean, between = 0.0;

    for (size_t i = 0; i < cell_count(f); i++)
        if (f->inside[i]) {
            const double level = f->dark.level[i];

            count[f->dark.level[i] > threshold] += 1.0;
            sum[f->dark.level[i] > threshold] += level;
            squares += level * level;
        }
    total = count[0] + count[1];
    if (!(count[0] > 0.0) || !(count[1] > 0.0))
        return 0.0;
    mean = (sum[0] + sum[1]) / total;
    for (int side = 0; side < 2; side++)
        between +=
            count[side] * (sum[side] / count[side] - mean) * (sum[side] / count[side] - mean);
    return between / fmax(squares - total * mean * mean, 1.0);
}

/* What a region has to be like to be outlined. */
typedef struct measures {
    double area, contrast, filling, rim;
} measures;

/* The area of the ellipse with second moments xx, yy, xy is 4 pi sqrt(xx yy - xy^2). */
static double filling_of(double area, double x, double y, double xx, double yy, double xy)
{
    static const double pi = 3.14159265358979323846;
    const double dx = xx / area - x / area * (x / area), dy = yy / area - y / area * (y / area);
    const double both = xy / area - x / area * (y / area);

    return area / (4.0 * pi * sqrt(fmax(dx * dy - both * both, 1e-9)));
}

static measures measure(const field *f)
{
    double count[2] = {0, 0}, level[2] = {0, 0}, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    double rim_cells = 0, rim_set = 0;

    for (uint32_t row = 0; row < f->dark.rows; row++)
        for (uint32_t column = 0; column < f->dark.columns; column++) {
            const size_t at = (size_t)row * f->dark.columns + column;

            if (!f->inside[at])
                continue;
            count[f->mask[at]] += 1.0;
            level[f->mask[at]] += f->dark.level[at];
            if (distance_at(f, row, column) >= rim) {
                rim_cells += 1.0;
                rim_set += f->mask[at];
            }
            if (f->mask[at]) {
                x += column;
                y += row;
                xx += (double)column * column;
                yy += (double)row * row;
                xy += (double)column * row;
            }
        }
    if (!(count[0] > 0.0) || !(count[1] > 0.0))
        return (measures){0};
    return (measures){
        count[1] / (count[0] + count[1]), (level[1] / count[1] - level[0] / count[0]) / 65535.0,
        filling_of(count[1], x, y, xx, yy, xy), rim_cells > 0.0 ? rim_set / rim_cells : 0.0};
}

static bool is_plain(const measures *m)
{
    return m->area >= smallest && m->area <= largest && m->contrast >= least_contrast &&
           m->filling >= least_filling && m->rim <= most_of_rim;
}

/* The region in mask and core. */
static medtl_status find(field *f, uint16_t *threshold, bool *found, medtl_error *err)
{
    medtl_status status;
    uint32_t area = 0;
    measures m;

    *found = false;
    if (!medtl_otsu_threshold(&f->dark, f->inside, threshold) ||
        separation(f, *threshold) < least_separation)
        return MEDTL_OK;
    for (size_t i = 0; i < cell_count(f); i++)
        f->mask[i] = f->inside[i] && f->dark.level[i] > *threshold;
    status = medtl_largest_region(f->mask, f->dark.rows, f->dark.columns, f->radius, &area, err);
    if (status != MEDTL_OK || area == 0)
        return status;
    if ((status = medtl_fill_holes(f->mask, f->dark.rows, f->dark.columns, err)) != MEDTL_OK)
        return status;
    m = measure(f);
    memcpy(f->core, f->mask, cell_count(f));
    medtl_erode(f->core, f->dark.rows, f->dark.columns, f->radius);
    *found = is_plain(&m);
    return MEDTL_OK;
}

/* From pixels of the picture inside the input to those of the image. */
static void place(const medtl_geometry *g, medtl_outline *outline)
{
    const double across = (g->x1 - g->x0) / (g->inner[2] - g->inner[0]);
    const double down = (g->y1 - g->y0) / (g->inner[3] - g->inner[1]);

    for (uint32_t i = 0; i < outline->count; i++) {
        const double x = (double)outline->points[i].x * across;

        outline->points[i].x = (float)(g->flipped ? g->x1 - x : g->x0 + x);
        outline->points[i].y = (float)(g->y0 + (double)outline->points[i].y * down);
    }
}

medtl_status medtl_lesion_outline(const float *input, const medtl_normaliser *normaliser,
                                  const medtl_geometry *geometry, medtl_outline *out,
                                  medtl_error *err)
{
    medtl_status status;
    uint16_t threshold = 0;
    bool found = false;
    field f;

    out->count = 0;
    if (normaliser->channels != 3)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "a lesion is outlined in colour only");
    if ((status = field_create(geometry, &f, err)) != MEDTL_OK)
        return status;
    if (cell_count(&f) > 0) {
        read_input(input, normaliser, &f);
        blur(&f.dark, (f.radius + 1) / 2);
        blur(&f.dark, (f.radius + 1) / 2);
        status = find(&f, &threshold, &found, err);
    }
    if (status == MEDTL_OK && found)
        status =
            medtl_region_trace(&f.dark, f.mask, f.core, threshold, f.factor, f.factor, out, err);
    if (status == MEDTL_OK)
        place(geometry, out);
    field_destroy(&f);
    return status;
}
