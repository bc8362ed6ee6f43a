/* Convolution by Winograd's minimal filtering; see winograd_tile.h for what is special here. */
#ifndef MEDTL_NN_BLOCKED_WINOGRAD_H
#define MEDTL_NN_BLOCKED_WINOGRAD_H

#include "winograd_by_points.h"
#include "winograd_by_tiles.h"

static void run_winograd(const medtl_blocked_conv *c, const medtl_blocked_call *call, size_t stage,
                         size_t item)
{
    if (c->order == MEDTL_WINOGRAD_TILES)
        run_tiles(c, call, item);
    else if (stage == 0)
        run_shared_inputs(c, call, item);
    else if (stage == 1)
        run_shared_point(c, call, item);
    else
        run_shared_outputs(c, call, item);
}

#endif
