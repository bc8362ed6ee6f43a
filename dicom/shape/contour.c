/* Marching squares along one border (Lorensen & Cline 1987 in two dimensions). The border is walked from one pair of
 * neighbours to the next, the one inside and the other outside; it crosses between them where the values,
 * taken as linear, meet the threshold. Regions are connected by edges, so where two of them touch at a corner the walk goes
 * round its own: that settles marching squares' ambiguous case. */
#include "shape.h"

#include <stdbool.h>
#include <stdlib.h>

typedef struct region {
    const medtl_grid *grid;
    float threshold;
    unsigned char *inside; /* [height][width] */
} region;

/* Of a sample, by column and row; may lie outside the grid. */
typedef struct place {
    int64_t x, y;
} place;

static bool is_in_grid(const medtl_grid *grid, place p)
{
    return p.x >= 0 && p.y >= 0 && p.x < (int64_t)grid->width && p.y < (int64_t)grid->height;
}

static size_t index_of(const medtl_grid *grid, place p)
{
    return (size_t)p.y * grid->width + (size_t)p.x;
}

static bool is_inside(const region *r, place p)
{
    return is_in_grid(r->grid, p) && r->inside[index_of(r->grid, p)] != 0;
}

static size_t index_of_largest(const medtl_grid *grid)
{
    const size_t count = (size_t)grid->height * grid->width;
    size_t best = 0;

    for (size_t i = 1; i < count; i++)
        if (grid->values[i] > grid->values[best])
            best = i;
    return best;
}

/* Flood from the largest value over neighbours by an edge. A sample is marked when it is pushed, so each is pushed once. */
static medtl_status flood(region *r, medtl_error *err)
{
    const medtl_grid *grid = r->grid;
    const size_t count = (size_t)grid->height * grid->width;
    size_t *stack = malloc(count * sizeof *stack);
    size_t used = 0;

    if (stack == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a region");
    stack[used++] = index_of_largest(grid);
    r->inside[stack[0]] = 1;
    while (used > 0) {
        static const place steps[] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}};
        const size_t from = stack[--used];

        for (size_t s = 0; s < 4; s++) {
            const place to = {(int64_t)(from % grid->width) + steps[s].x,
                              (int64_t)(from / grid->width) + steps[s].y};

            if (!is_in_grid(grid, to) || is_inside(r, to) ||
                grid->values[index_of(grid, to)] < r->threshold)
                continue;
            r->inside[index_of(grid, to)] = 1;
            stack[used++] = index_of(grid, to);
        }
    }
    free(stack);
    return MEDTL_OK;
}

/* The topmost sample inside, and of those the leftmost: above it is the outer border, not that of a hole. */
static place first_inside(const region *r)
{
    size_t i = 0;

    while (r->inside[i] == 0)
        i++;
    return (place){(int64_t)(i % r->grid->width), (int64_t)(i / r->grid->width)};
}

/* Where the border crosses between a sample inside and its neighbour outside; half way (the grid's edge) where there is no
 * neighbour. */
static medtl_point crossing(const region *r, place in, place out)
{
    double share = 0.5;

    if (is_in_grid(r->grid, out)) {
        const double a = (double)r->grid->values[index_of(r->grid, in)];
        const double b = (double)r->grid->values[index_of(r->grid, out)];

        share = (a - (double)r->threshold) / (a - b); /* b < threshold <= a */
    }
    return (medtl_point){(float)((double)in.x + 0.5 + share * (double)(out.x - in.x)),
                         (float)((double)in.y + 0.5 + share * (double)(out.y - in.y))};
}

static medtl_status walk(const region *r, medtl_polygon *out, medtl_error *err)
{
    const place start = first_inside(r);
    place in = start, beside = {start.x, start.y - 1};
    medtl_status status;

    do {
        /* Outside being ahead, the border goes on to the right. */
        const place right = {-(beside.y - in.y), beside.x - in.x};
        const place next_in = {in.x + right.x, in.y + right.y};
        const place next_beside = {beside.x + right.x, beside.y + right.y};

        if ((status = medtl_polygon_add(out, crossing(r, in, beside), err)) != MEDTL_OK)
            return status;
        if (!is_inside(r, next_in)) {
            beside = next_in; /* round a corner of the region */
        } else if (!is_inside(r, next_beside)) {
            in = next_in;
            beside = next_beside;
        } else {
            in = next_beside; /* into a notch */
        }
    } while (in.x != start.x || in.y != start.y || beside.x != start.x || beside.y != start.y - 1);
    return MEDTL_OK;
}

medtl_status medtl_contour_trace(const medtl_grid *grid, float threshold, medtl_polygon *out,
                                 medtl_error *err)
{
    region r = {grid, threshold, calloc((size_t)grid->height, grid->width)};
    medtl_status status;

    if (r.inside == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a region of %u x %u",
                          (unsigned)grid->height, (unsigned)grid->width);
    if ((status = flood(&r, err)) == MEDTL_OK)
        status = walk(&r, out, err);
    free(r.inside);
    return status;
}
