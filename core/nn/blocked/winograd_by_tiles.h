/* Winograd's method tile by tile: one thread takes a block of tiles through all three steps, in its own cache. */
#ifndef MEDTL_NN_BLOCKED_WINOGRAD_BY_TILES_H
#define MEDTL_NN_BLOCKED_WINOGRAD_BY_TILES_H

#include "winograd_tile.h"

static void run_tiles(const medtl_blocked_conv *c, const medtl_blocked_call *call, size_t item)
{
    const size_t points = medtl_winograd_points(c), reach = medtl_winograd_reach(c);
    const size_t all = medtl_winograd_tiles(c, call->count), groups = medtl_blocked_groups(c);
    winograd_arrays a = {.inputs = call->scratch, .first = item * c->tile_block};
    const size_t inputs = minimum(all - a.first, c->tile_block + reach);

    a.tiles = minimum(all - a.first, c->tile_block);
    a.input_pitch = medtl_winograd_pitch(c->tile_block + reach);
    a.product_pitch = medtl_winograd_pitch(c->tile_block);
    a.products = a.inputs + medtl_winograd_phases(c) * c->steps * points * a.input_pitch;
    for (size_t phase = 0; phase < medtl_winograd_phases(c); phase++)
        for (size_t step = 0; step < c->steps; step++)
            transform_inputs(c, call, phase, step, a.first, a.first + inputs,
                             a.inputs + input_place(c, &a, phase, step, 0), a.input_pitch);
    for (size_t i = 0; i < groups; i++) {
        const medtl_blocked_group g = medtl_blocked_group_at(c, i);
        const float *weights = call->packed + g.packed;

        for (size_t point = 0; point < points; point++) {
            const medtl_winograd_point *p = &c->point[g.part][point];
            const point_sum sum = {
                .point = point, .numbers = p->number, .sources = p->sources, .steps = c->steps};

            multiply_point(c, &a, &sum, g.channels, weights, a.products);
            weights += sum.sources * c->shape.channels_in * g.channels;
        }
        for (size_t k = 0; k < g.channels; k += BLOCK)
            transform_outputs(c, call, &a, g.first + k,
                              a.products + k / BLOCK * points * a.product_pitch, 0, a.tiles);
    }
}

#endif
