/* Training with less memory (gradient checkpointing, Chen et al. 2016, "Training deep nets with sublinear memory cost"):
 * the network is cut into segments. Only what one segment hands to the next is kept until backward; the rest is
 * computed again, a segment at a time, when its backward comes. The same arithmetic on the same numbers: the same
 * bits. */
#ifndef MEDTL_NN_SEGMENTS_H
#define MEDTL_NN_SEGMENTS_H

#include "graph.h"

/** Segment s is the nodes starts[s] .. starts[s + 1] - 1; the last one ends with the graph. starts[0] is 0. */
typedef struct medtl_segments {
    size_t *starts;
    size_t count;
    size_t first; /* nodes before it have no backward: nothing is kept, or made again, for theirs */
} medtl_segments;

/** One segment: nothing is computed again. */
medtl_status medtl_segments_create_one(medtl_segments *segments, medtl_error *err);

/** Cut into about `wanted` segments of equal activation memory, at places that a single activation passes (behind the
 *  blocks of a residual network). A graph that has none stays whole. */
medtl_status medtl_segments_create(const medtl_graph *graph, size_t wanted,
                                   medtl_segments *segments, medtl_error *err);
void medtl_segments_clear(medtl_segments *segments);

/** The segment that node `index` belongs to. */
size_t medtl_segment_of(const medtl_segments *segments, size_t index);
/** One past its last node. */
size_t medtl_segment_end(const medtl_segments *segments, const medtl_graph *graph, size_t segment);

#endif
