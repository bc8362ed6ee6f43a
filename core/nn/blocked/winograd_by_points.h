/* Winograd's method point by point, in three stages that all threads share: transform all tiles, multiply each point,
 * transform all tiles back. Weights that are larger than a cache are read once. */
#ifndef MEDTL_NN_BLOCKED_WINOGRAD_BY_POINTS_H
#define MEDTL_NN_BLOCKED_WINOGRAD_BY_POINTS_H

#include "winograd_tile.h"

enum {
    NEAR_FLOATS = 160 << 10, /* transformed input that is used together */
    LEAST_STEPS = 8          /* so that sums are long enough to be worth storing */
};

static winograd_arrays shared_arrays(const medtl_blocked_conv *c, const medtl_blocked_call *call)
{
    winograd_arrays a = {.inputs = call->shared, .tiles = medtl_winograd_tiles(c, call->count)};

    a.input_pitch = medtl_winograd_pitch(a.tiles + medtl_winograd_reach(c));
    a.product_pitch = medtl_winograd_pitch(a.tiles);
    a.products =
        a.inputs + medtl_winograd_phases(c) * c->steps * medtl_winograd_points(c) * a.input_pitch;
    return a;
}

/* Point by point, three stages: a block of input channels of an image; a point; a block of output channels of
 * an image. */
static void run_shared_inputs(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                              size_t item)
{
    const winograd_arrays a = shared_arrays(c, call);
    const size_t grid = c->h.grid * c->w.grid, n = item % call->count, plane = item / call->count;
    const size_t phase = plane / c->steps, step = plane % c->steps;

    transform_inputs(c, call, phase, step, n * grid, (n + 1) * grid,
                     a.inputs + input_place(c, &a, phase, step, 0) + n * grid * BLOCK,
                     a.input_pitch);
}

/* One group of output channels at one point. */
typedef struct point_group {
    size_t channels, sources;
    const unsigned char *numbers;
    const float *weights; /* of the point */
    float *to;
} point_group;

static point_group point_group_at(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                                  const winograd_arrays *a, size_t index, size_t point)
{
    const medtl_blocked_group g = medtl_blocked_group_at(c, index);
    const medtl_winograd_point *at = &c->point[g.part][point];

    return (point_group){
        .channels = g.channels,
        .sources = at->sources,
        .numbers = at->number,
        .weights = call->packed + g.packed + at->before * c->shape.channels_in * g.channels,
        .to = a->products + g.first / BLOCK * medtl_winograd_points(c) * a->product_pitch};
}

/* What is multiplied at a time: some steps of one group at one point. */
typedef struct point_part {
    size_t group, point, first, steps;
} point_part;

static point_part next_part(const medtl_blocked_conv *c, point_part p)
{
    if (++p.group < medtl_blocked_groups(c))
        return p;
    p.group = 0;
    p.first += p.steps;
    if (p.first >= c->steps) {
        p.first = 0;
        p.point++;
    }
    p.steps = minimum(p.steps, c->steps - p.first);
    return p;
}

/* What will be read after a part's weights of source k: those of the next part (of `sources` sources that lie one
 * behind the other). */
static weights_ahead next_of_part(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                                  const winograd_arrays *a, point_part p, size_t k, size_t sources)
{
    point_group g;

    p = next_part(c, p);
    if (p.point >= medtl_winograd_points(c))
        return (weights_ahead){0};
    g = point_group_at(c, call, a, p.group, p.point);
    return (weights_ahead){g.weights + (k * c->steps + p.first) * BLOCK * g.channels,
                           sources * p.steps * BLOCK * g.channels};
}

/* All sources and steps at once, group after group. */
static void multiply_near_point(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                                const winograd_arrays *a, size_t point)
{
    const size_t groups = medtl_blocked_groups(c);

    for (size_t i = 0; i < groups; i++) {
        const point_group g = point_group_at(c, call, a, i, point);
        const point_sum sum = {
            .point = point,
            .numbers = g.numbers,
            .sources = g.sources,
            .steps = c->steps,
            .ahead = next_of_part(c, call, a, (point_part){i, point, 0, c->steps}, 0, g.sources)};

        multiply_point(c, a, &sum, g.channels, g.weights, g.to);
    }
}

/* Some steps of one phase, for every group that reads them. */
static void multiply_phase(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                           const winograd_arrays *a, size_t point, size_t phase, size_t first,
                           size_t steps)
{
    const size_t groups = medtl_blocked_groups(c);

    for (size_t i = 0; i < groups; i++) {
        const point_group g = point_group_at(c, call, a, i, point);
        const point_part part = {i, point, first, steps};

        if (g.sources == 0 && phase == 0 && first == 0) { /* nothing adds up to zero */
            const point_sum none = {.point = point};

            multiply_point(c, a, &none, g.channels, g.weights, g.to);
        }
        for (size_t k = 0; k < g.sources; k++) {
            const size_t v = c->h.source[g.numbers[k] / MEDTL_WINOGRAD_SOURCES].phase;
            const size_t h = c->w.source[g.numbers[k] % MEDTL_WINOGRAD_SOURCES].phase;
            const float *weights = g.weights + (k * c->steps + first) * BLOCK * g.channels;
            const point_sum sum = {.point = point,
                                   .numbers = g.numbers + k,
                                   .sources = 1,
                                   .first_step = first,
                                   .steps = steps,
                                   .add = k > 0 || first > 0,
                                   .ahead = next_of_part(c, call, a, part, k, 1)};

            if (v * c->w.stride + h == phase)
                multiply_point(c, a, &sum, g.channels, weights, g.to);
        }
    }
}

/* Every group reads the transformed input of a point: all at once where that stays in a near cache, else a part for all
 * groups before the next one. Each weight is read once either way. */
static void run_shared_point(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                             size_t point)
{
    const winograd_arrays a = shared_arrays(c, call);
    const size_t phases = medtl_winograd_phases(c), step = a.tiles * BLOCK;
    const size_t most = step * LEAST_STEPS < NEAR_FLOATS ? NEAR_FLOATS / step : LEAST_STEPS;

    if (phases * c->steps * step <= NEAR_FLOATS) {
        multiply_near_point(c, call, &a, point);
        return;
    }
    for (size_t phase = 0; phase < phases; phase++)
        for (size_t first = 0, steps; first < c->steps; first += steps) {
            steps = minimum(most, c->steps - first);
            multiply_phase(c, call, &a, point, phase, first, steps);
        }
}

static void run_shared_outputs(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                               size_t item)
{
    const winograd_arrays a = shared_arrays(c, call);
    const size_t grid = c->h.grid * c->w.grid, n = item % call->count, block = item / call->count;

    transform_outputs(c, call, &a, block * BLOCK,
                      a.products + block * medtl_winograd_points(c) * a.product_pitch, n * grid,
                      (n + 1) * grid);
}

#endif
