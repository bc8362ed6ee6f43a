/* Convolutions on activations in blocks of 16 channels, for inference and training: an image is
 * [channels / 16][height][width][16], so that one vector holds neighbouring channels of one pixel, a 1x1
 * convolution is a matrix product without any copy, and concatenation of channels is still one array after
 * another. Which algorithm a shape gets is decided by arithmetic alone (conv_choose.c) and may be asked for.
 *
 * A convolution runs in stages; the items of one stage are independent of each other and may run on different
 * threads, in any order; a stage begins when the one before has ended. Every output is one sum in one order,
 * whatever the items, so that its bits depend neither on threads nor on the number of images. */
#ifndef MEDTL_NN_BLOCKED_CONV_H
#define MEDTL_NN_BLOCKED_CONV_H

#include "core/nn/block.h"
#include "core/nn/kernels.h"
#include "core/nn/relu.h"

enum {
    MEDTL_CONV_MOST_PARTS = 4, /* kernels that share an input, see medtl_blocked_part */
    MEDTL_WINOGRAD_SOURCES = 2,
    MEDTL_WINOGRAD_WINDOW = 5,      /* most taps of one axis */
    MEDTL_WINOGRAD_MOST_POINTS = 8, /* most points of one axis */
    MEDTL_CONV_MOST_STAGES = 3,
    MEDTL_BLOCKED_MOST_TAPS = 16 * 16 /* of a direct convolution: a transformer's patches */
};

typedef enum medtl_blocked_algorithm {
    MEDTL_BLOCKED_DIRECT,    /* a product over pixels, for each tap of the kernel */
    MEDTL_BLOCKED_DEPTHWISE, /* one input channel for each output channel */
    MEDTL_BLOCKED_WINOGRAD,  /* products between transformed tiles */
    MEDTL_BLOCKED_INT8       /* direct, in whole numbers: see medtl_blocked_take_int8() */
} medtl_blocked_algorithm;

/** How Winograd's products are ordered: tile by tile (all of one thread's data in its cache), or point by
 *  point (weights that are larger than a cache are read once). */
typedef enum medtl_winograd_order {
    MEDTL_WINOGRAD_TILES,
    MEDTL_WINOGRAD_POINTS
} medtl_winograd_order;

/** A part of a kernel along one axis as Winograd's method sees it: a window of taps over one of the input's
 *  phases (its rows that have the same remainder modulo the stride). */
typedef struct medtl_winograd_source {
    size_t phase;
    size_t shift;                   /* whole tiles that the window lies ahead */
    int tap[MEDTL_WINOGRAD_WINDOW]; /* kernel tap of each window tap, or -1: none */
} medtl_winograd_source;

/** One axis of Winograd's F(outputs, window) with points = outputs + window - 1 (points 0, 1, -1, 2, -2, 1/2,
 *  -1/2 as far as they are needed, then infinity). points == 1: the axis is left alone. */
typedef struct medtl_winograd_axis {
    size_t points, outputs, window;
    size_t stride;
    ptrdiff_t base; /* where the window of output 0 begins, in elements of a phase */
    size_t sources;
    medtl_winograd_source source[MEDTL_WINOGRAD_SOURCES];
    size_t ahead; /* largest shift */
    size_t tiles; /* that cover the outputs */
    size_t grid;  /* tiles + ahead */
} medtl_winograd_axis;

/** What is multiplied at one point of a transform, for each pair of an input and an output channel of a part: numbers
 *  (vertical * MEDTL_WINOGRAD_SOURCES + horizontal) of the sources, and how many products all points before it have. */
typedef struct medtl_winograd_point {
    unsigned short before;
    unsigned char sources, number[MEDTL_WINOGRAD_SOURCES * MEDTL_WINOGRAD_SOURCES];
} medtl_winograd_point;

/** Output channels whose kernel has an extent of its own, in the middle of the shape's: the parallel kernels of
 *  a hybrid block are one convolution of several parts, and what the input is turned into is shared. */
typedef struct medtl_blocked_part {
    size_t channels;           /* a multiple of 16 */
    size_t kernel_h, kernel_w; /* as odd or even as the shape's */
} medtl_blocked_part;

typedef struct medtl_blocked_conv {
    medtl_conv_shape shape;
    medtl_blocked_algorithm algorithm;
    medtl_blocked_part parts[MEDTL_CONV_MOST_PARTS];
    size_t part_count;
    bool plain_input; /* the input is [channels][height][width] */

    size_t group; /* output channels of a register tile; the last group may have fewer */
    size_t depth; /* input channels of a step: 16, or 1 with plain input */
    size_t steps; /* input channels (of a group of the shape) in such steps */

    /* Direct. */
    bool flat;               /* rows need not be told apart: pixels are one row */
    bool staged;             /* the input is copied into padded rows, sorted by column phase */
    size_t stage_h, stage_w; /* of a staged plane of one phase of columns */
    size_t stage_plane;      /* floats of one step's planes */
    size_t block_steps;      /* steps whose weights are used together */
    size_t band, bands;      /* output rows (flat: pixels) of an item */
    size_t chunk, chunks;    /* output channels of an item */
    bool
        input_norm; /* the input is scaled and shifted as it is read, see medtl_blocked_take_norm() */
    bool input_relu; /* and then cut at zero */

    /* In whole numbers: of the input, see int8.h. */
    float input_scale;
    int input_zero;

    /* Winograd. */
    medtl_winograd_order order;
    medtl_winograd_axis h, w;
    medtl_winograd_point point[MEDTL_CONV_MOST_PARTS]
                              [MEDTL_WINOGRAD_MOST_POINTS * MEDTL_WINOGRAD_MOST_POINTS];
    size_t tile_block; /* tiles that are taken together */
    size_t images;     /* that are taken together, at most */
} medtl_blocked_conv;

/** What a convolution is asked to do. Arrays had better be 64-byte aligned; strides are floats from one image to the
 *  next. y = relu(conv + bias + residual) * scale + shift; every one of these may be absent (NULL, false). */
typedef struct medtl_blocked_call {
    const float *packed;
    const float *bias, *scale, *shift; /* [channels_out] */
    const float *input_factors;        /* [2][channels_in]: scale and shift, with input_norm only */
    const float *residual;             /* blocked, as y; it may be y itself if there is no bias */
    medtl_relu relu;                   /* in whole numbers no MEDTL_RELU6 */
    size_t count;                      /* images, at most conv->images */
    const float *x;
    float *y;
    size_t x_stride, y_stride, residual_stride;
    float *shared;  /* medtl_blocked_shared_size() floats */
    float *scratch; /* medtl_blocked_scratch_size() floats of the thread that runs the item */
} medtl_blocked_call;

/** Decide how to compute `shape` (whose outputs must be complete).
 *  @param parts  NULL: one part, the whole shape. Their channels add up to the shape's.
 *  @return false if it has to be done on plain arrays: channels are no multiples of 16 (inputs may be, with
 *          plain_input), groups that are neither one nor depthwise, or a kernel of more taps than
 *          MEDTL_BLOCKED_MOST_TAPS. */
bool medtl_blocked_choose(const medtl_conv_shape *shape, const medtl_blocked_part *parts,
                          size_t part_count, bool plain_input, medtl_blocked_conv *conv);

/** The same with the algorithm given, for tests and measurements. outputs: of a Winograd tile; 0: the usual.
 *  @return false if that algorithm cannot do it. */
bool medtl_blocked_choose_algorithm(const medtl_conv_shape *shape, bool plain_input,
                                    medtl_blocked_algorithm algorithm, size_t outputs,
                                    medtl_blocked_conv *conv);

/** Let a 1x1 convolution without stride or padding do a batch norm (and ReLU) of its input itself, a few pixels at a
 *  time: that saves writing and reading all of it.
 *  @return false, and nothing changed, if it is no such convolution, or too small to gain by it. */
bool medtl_blocked_take_norm(medtl_blocked_conv *conv, bool relu);

/** Let a convolution on blocks be computed in whole numbers of 8 bits: about as exact as the input is finely divided,
 *  and faster where the processor has instructions for it. The choice is by shape alone, so that every processor
 *  computes the same.
 *  @param low, high  Between which its input lies (after the norm that it takes, if any); what lies outside is cut.
 *                    Widened to hold 0.
 *  @return false, and nothing changed, if it would not gain, or cannot. */
bool medtl_blocked_take_int8(medtl_blocked_conv *conv, float low, float high);

/** The same whether it gains or not, for tests and measurements. */
bool medtl_blocked_force_int8(medtl_blocked_conv *conv, float low, float high);

/** "direct", "winograd F(4x4,3x3) by tiles", ... in `text`. */
void medtl_blocked_describe(const medtl_blocked_conv *conv, char *text, size_t size);

/** Floats of the packed weights, and packing part after part from PyTorch's [out][in / groups][kh][kw].
 *  weight: of each part its own array, with the part's kernel. */
size_t medtl_blocked_packed_size(const medtl_blocked_conv *conv);
void medtl_blocked_pack(const medtl_blocked_conv *conv, const float *const *weight, float *packed);

/** Where the weights of a part lie: of its output channel k, input channel c and tap (i, j) at
 *  data + (k - first) * out + c * in + i * row + j * column. */
typedef struct medtl_blocked_view {
    const float *data;
    size_t out, in;
    ptrdiff_t row, column;
    size_t first; /* the output channel that data begins with */
} medtl_blocked_view;

/** What an item of packing reads: output channels [first, first + count) of one part. */
typedef struct medtl_blocked_pack_range {
    size_t part, first, count;
} medtl_blocked_pack_range;

medtl_blocked_pack_range medtl_blocked_pack_range_at(const medtl_blocked_conv *conv, size_t item);

/** The same piece by piece, from a view for each part (only that of the item's range is read); the items may run on
 *  different threads. */
size_t medtl_blocked_pack_items(const medtl_blocked_conv *conv);
void medtl_blocked_pack_item(const medtl_blocked_conv *conv, const medtl_blocked_view *views,
                             float *packed, size_t item);

/** Part `part` in PyTorch's order. */
medtl_blocked_view medtl_blocked_plain_view(const medtl_blocked_conv *conv, size_t part,
                                            const float *weight);

size_t medtl_blocked_shared_size(const medtl_blocked_conv *conv, size_t count);
size_t medtl_blocked_scratch_size(const medtl_blocked_conv *conv);

/** Stages, the items of stage `stage` for `count` images, and running one. */
size_t medtl_blocked_stages(const medtl_blocked_conv *conv);
size_t medtl_blocked_items(const medtl_blocked_conv *conv, size_t stage, size_t count);
void medtl_blocked_run(const medtl_blocked_conv *conv, const medtl_blocked_call *call, size_t stage,
                       size_t item);

#endif
