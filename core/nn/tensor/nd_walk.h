/* Walking several arrays at once, each with strides of its own: broadcasting, transposing, slicing. The result is
 * always contiguous; neighbouring dimensions that every array walks evenly are joined, so that the inner loop is long. */
#ifndef MEDTL_ND_WALK_H
#define MEDTL_ND_WALK_H

#include "nd_op.h"

enum { MEDTL_ND_WALK_ARRAYS = 3, MEDTL_ND_WALK_RANK = 2 * MEDTL_ND_RANK };

typedef struct medtl_nd_walk {
    size_t rank, arrays, size[MEDTL_ND_WALK_RANK], count;
    ptrdiff_t stride[MEDTL_ND_WALK_ARRAYS][MEDTL_ND_WALK_RANK]; /* elements */
} medtl_nd_walk;

/** `count` elements of the result from `at` on; array k from offset[k] on in steps of stride[k]. */
typedef void (*medtl_nd_row)(void *context, size_t at, size_t count, const ptrdiff_t *offset,
                             const ptrdiff_t *stride);

/** Join dimensions; call after size and stride are set. */
void medtl_nd_walk_finish(medtl_nd_walk *walk);

/** Elements [first, end) of the result, row by row. */
void medtl_nd_walk_range(const medtl_nd_walk *walk, size_t first, size_t end, medtl_nd_row row,
                         void *context);

/** The shape that `count` shapes broadcast to (numpy's rules). @return false if they do not. */
bool medtl_nd_broadcast(const medtl_nd_type *const *types, size_t count, medtl_nd_type *out);

/** A walk over `out`, its arrays being `types` broadcast to it. */
void medtl_nd_walk_broadcast(medtl_nd_walk *walk, const medtl_nd_type *out,
                             const medtl_nd_type *const *types, size_t count);

#endif
