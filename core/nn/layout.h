/* Where each activation (or gradient) of a graph lies. Nodes that write into a part of another's array
 * (inputs of a concatenation, elementwise nodes over their input) share its buffer; buffers whose
 * lifetimes do not meet share memory. All sizes are floats of one image. */
#ifndef MEDTL_NN_LAYOUT_H
#define MEDTL_NN_LAYOUT_H

#include "segments.h"

#include <stdbool.h>

/** Node i's array for image n of a batch of N: arena + N * offset + n * stride + inner. */
typedef struct medtl_place {
    size_t offset, stride, inner;
} medtl_place;

typedef enum medtl_layout_kind {
    MEDTL_LAYOUT_TRAIN, /* activations of training: each stays until its own backward, or is made again */
    MEDTL_LAYOUT_INFER,    /* activations of inference: dead after their last reader */
    MEDTL_LAYOUT_GRADIENTS /* written by the last reader's backward, dead after the node's own */
} medtl_layout_kind;

typedef struct medtl_layout {
    medtl_place *places; /* of each node; the input's activation is the caller's and has none */
    size_t total;        /* the arena, floats an image */
    bool *
        again; /* of each node: not kept until backward, to be computed again (MEDTL_LAYOUT_TRAIN) */
} medtl_layout;

/** @param segments  Of MEDTL_LAYOUT_TRAIN: what is kept between forward and backward; else NULL. */
medtl_status medtl_layout_create(const medtl_graph *graph, medtl_layout_kind kind,
                                 const medtl_segments *segments, medtl_layout *layout,
                                 medtl_error *err);
void medtl_layout_clear(medtl_layout *layout);

/** The tensor of node `index` in an arena laid out for `batch` images. */
medtl_tensor medtl_layout_tensor(const medtl_layout *layout, float *arena, size_t batch,
                                 size_t index);

#endif
