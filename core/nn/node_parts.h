/* Cutting a node's output into parts of a fixed size, for loops that treat each element alike. */
#ifndef MEDTL_NN_NODE_PARTS_H
#define MEDTL_NN_NODE_PARTS_H

#include "loops.h"
#include "node.h"

#include <string.h>

/* Before a loop whose arrays may be the same one but never overlap shifted. */
#if defined(__clang__)
#define MEDTL_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define MEDTL_INDEPENDENT _Pragma("GCC ivdep")
#endif

enum { MEDTL_PART_FLOATS = 16384 }; /* 64 KiB: long enough to hide the cost of handing it out */

/** Elements [first, end) of one image of the output. */
typedef struct medtl_part {
    size_t image, first, end;
} medtl_part;

static inline size_t medtl_node_part_count(const medtl_node_run *run)
{
    return (medtl_shape_size(run->node->shape) + MEDTL_PART_FLOATS - 1) / MEDTL_PART_FLOATS;
}

static inline medtl_part medtl_node_part(const medtl_node_run *run, size_t item)
{
    const size_t parts = medtl_node_part_count(run), size = medtl_shape_size(run->node->shape);
    medtl_part part = {item / parts, item % parts * MEDTL_PART_FLOATS, 0};

    part.end = part.first + MEDTL_PART_FLOATS < size ? part.first + MEDTL_PART_FLOATS : size;
    return part;
}

/** Run task(run, item, worker) for every part of every image. */
void medtl_node_for_parts(const medtl_node_run *run, medtl_pool_task task);

/** medtl_node_mask_relu() for one part: whoever walks dy in parts anyway finds it in the cache then. */
void medtl_node_mask_part(const medtl_node_run *run, medtl_part part);

/** Rows [first, end) of one block of 16 channels of one image. */
typedef struct medtl_band {
    size_t image, block, first, end;
} medtl_band;

/** Where a block of image n begins in a tensor whose images are `shape`. */
static inline float *medtl_block_of(medtl_tensor tensor, medtl_shape shape, size_t image,
                                    size_t block)
{
    return medtl_image_of(tensor, image) + block * MEDTL_BLOCK * medtl_shape_plane(shape);
}

/** How a pool's windows lie over its input. */
static inline medtl_windows medtl_node_windows(const medtl_node_run *run)
{
    const medtl_shape in = run->in[0], out = run->node->shape;

    return (medtl_windows){.kernel = run->node->u.pool.kernel,
                           .stride = run->node->u.pool.stride,
                           .pad = run->node->u.pool.pad,
                           .in_height = in.height,
                           .in_width = in.width,
                           .out_height = out.height,
                           .out_width = out.width,
                           .count_pad = run->node->u.pool.count_pad};
}

typedef void medtl_band_task(const medtl_node_run *run, const medtl_band *band);

/** Run `task` for all rows of all images of tensors of `shape` in blocks, cut into pieces of about 64 KiB whose
 *  number follows from the shape alone. */
void medtl_node_for_bands(const medtl_node_run *run, medtl_shape shape, medtl_band_task *task);

/** y = f(x) for `count` values. y may be x. */
typedef void medtl_map(const float *x, float *y, size_t count);
/** dx (+)= f'(x) dy for `count` values. dx may be dy. */
typedef void medtl_map_gradient(const float *x, const float *dy, float *dx, size_t count, bool add);

/** forward and backward of a node that treats each value alike. */
void medtl_node_map(const medtl_node_run *run, medtl_map *map);
void medtl_node_map_gradient(const medtl_node_run *run, medtl_map_gradient *gradient);

/** dx = dy, or dx += dy. Nothing where they are the same array. */
void medtl_give_gradient(float *dx, const float *dy, size_t count, bool add);

#endif
