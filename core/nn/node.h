/* What every kind of node is to the passes that run it: a shape, a few facts, and a constant table of
 * functions. Nodes are const during a pass: what a pass remembers lives in its own state. */
#ifndef MEDTL_NN_NODE_H
#define MEDTL_NN_NODE_H

#include "core/base/pool.h"
#include "kernels.h"
#include "medtl/error.h"
#include "relu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MEDTL_NODE_MAX_INPUTS = 8, MEDTL_NODE_MAX_PARAMETERS = 4 };

/** One image's part of a tensor, [channels][height][width], w fastest. */
typedef struct medtl_shape {
    size_t channels, height, width;
} medtl_shape;

static inline size_t medtl_shape_plane(medtl_shape s) { return s.height * s.width; }
static inline size_t medtl_shape_size(medtl_shape s) { return s.channels * s.height * s.width; }

struct medtl_blocked_conv;
typedef struct medtl_node medtl_node;
typedef struct medtl_node_run medtl_node_run;

typedef struct medtl_node_ops {
    const char *kind;
    bool takes_relu;  /* forward and backward honour node->relu */
    bool elementwise; /* y may lie over x, and dx over dy */
    /* forward and backward honour node->blocked: x, y, dx and dy are in blocks of 16 channels then, and the
     * channels of each are a multiple of 16. Elsewhere only 1x1 pixels may be blocked. */
    bool takes_blocked;

    /** Accept or refuse the inputs' shapes, and set node->shape (and whatever of the node follows). */
    medtl_status (*plan)(medtl_node *node, const medtl_shape *in, medtl_error *err);
    /** Floats remembered from a training forward for backward, for `count` images. NULL: none. */
    size_t (*state_size)(const medtl_node *node, size_t count);
    /** Floats of scratch a thread. NULL: none. */
    size_t (*scratch_size)(const medtl_node *node, bool training);
    /** y = f(x). */
    void (*forward)(const medtl_node_run *run);
    /** dx[i] (+)= derivative; gradients of the parameters are overwritten. May destroy dy. */
    void (*backward)(const medtl_node_run *run);
} medtl_node_ops;

struct medtl_node {
    const medtl_node_ops *ops;
    char name[56]; /* PyTorch's module path; "" where there are no parameters */
    size_t inputs[MEDTL_NODE_MAX_INPUTS], input_count;
    size_t parameters[MEDTL_NODE_MAX_PARAMETERS], parameter_count; /* indices in the graph */
    medtl_shape shape;                                             /* of the output */
    medtl_relu relu;                                               /* comes last */
    bool blocked; /* the output is in blocks of 16 channels: [channels/16][height][width][16] */
    union {
        medtl_conv_shape conv;
        struct {
            size_t kernel, stride, pad;
            bool count_pad;       /* average: padding counts as zeros */
            medtl_relu norm_relu; /* average of a norm: what follows the norm */
        } pool;
        struct {
            size_t stride, before; /* channels of zeros before those of x */
        } subsample;
        struct {
            size_t heads;
        } attention;
        struct {
            size_t pixel;
        } pick;
        struct {
            size_t scale;
            bool bilinear;
        } upsample;
        struct {
            size_t size, vectors,
                neighbours; /* values of the input; neighbours: 0 in a kernel machine */
        } classifier;
        struct {
            float epsilon, momentum;
        } norm;
        struct {
            float probability;
        } dropout;
    } u;
};

/** Where a node's output (or its gradient) lies: image n at data + n * stride floats. */
typedef struct medtl_tensor {
    float *data;
    size_t stride;
} medtl_tensor;

/** Everything that one node sees during a pass. Pointers are set when a pass is created; `count`,
 *  `training` and `seed` by each call. */
struct medtl_node_run {
    const medtl_node *node;
    size_t index;                          /* of the node in its graph */
    medtl_shape in[MEDTL_NODE_MAX_INPUTS]; /* of the inputs */
    medtl_pool *pool;
    size_t count; /* images */
    bool training;
    bool
        again; /* a training forward computed once more: what it did to parameters and state stands */
    uint64_t seed;

    medtl_tensor x[MEDTL_NODE_MAX_INPUTS], y;
    medtl_tensor dy, dx[MEDTL_NODE_MAX_INPUTS]; /* dx[i].data is NULL where nobody wants it */
    bool add[MEDTL_NODE_MAX_INPUTS];            /* dx[i] already holds another reader's part */

    float *parameters[MEDTL_NODE_MAX_PARAMETERS]; /* norms update their statistics in training */
    float *gradients[MEDTL_NODE_MAX_PARAMETERS];  /* NULL for statistics */
    const float *packed, *packed_backward;        /* convolution weights as the kernels want them */
    /* How a convolution on blocks is done, or NULL. In a plan it normalises its input by parameters[0] if it says so,
     * and scales and shifts its outputs by parameters[2] and [3] last, where they are not NULL. */
    const struct medtl_blocked_conv *conv;
    const struct medtl_blocked_training
        *training_conv; /* likewise for training; packs as it goes */
    bool before_norm;   /* only batch norms in training mode read this: a bias has no effect */
    medtl_relu
        input_relu; /* a convolution's only input, read by it alone, ends in this: it masks dx */
    bool dy_masked; /* and this is that input: its reader has masked dy */
    bool frozen;    /* a batch norm that uses its running statistics in training, too */
    bool
        settles; /* a batch norm that takes this batch's statistics over and goes on computing what it did */

    float *state;
    float *scratch; /* of thread t: scratch + t * scratch_stride */
    size_t scratch_stride;
    float *shared; /* by all threads: what convolutions on blocks hand from stage to stage */
};

/** Image `n` of a tensor. */
static inline float *medtl_image_of(medtl_tensor tensor, size_t n)
{
    return tensor.data + n * tensor.stride;
}

/** Zero dy where the node's own ReLU cut, in place. */
void medtl_node_mask_relu(const medtl_node_run *run);

extern const medtl_node_ops medtl_node_input, medtl_node_conv, medtl_node_batch_norm,
    medtl_node_relu, medtl_node_max_pool, medtl_node_global_avg_pool, medtl_node_linear,
    medtl_node_dropout, medtl_node_add, medtl_node_concat, medtl_node_affine, medtl_node_relu6,
    medtl_node_avg_pool, medtl_node_norm_avg_pool, medtl_node_subsample, medtl_node_gelu,
    medtl_node_silu, medtl_node_sigmoid, medtl_node_softmax, medtl_node_upsample,
    medtl_node_layer_norm, medtl_node_attention, medtl_node_class_token, medtl_node_pick,
    medtl_node_adaptive_avg_pool, medtl_node_global_max_pool, medtl_node_neighbours,
    medtl_node_kernel;

/** Copy [channels][height][width] into blocks of 16 channels, and back. `block` fills up with channels of zeros where
 *  they are no multiple of 16, and `unblock` leaves out what is beyond the channels that its shape has before it is
 *  planned (all, if 0). Their x and y differ in layout, so that takes_blocked does not describe them. Only plans and
 *  training graphs insert them. */
extern const medtl_node_ops medtl_node_block, medtl_node_unblock;

#endif
