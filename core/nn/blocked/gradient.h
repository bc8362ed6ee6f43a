/* The derivatives of convolutions on activations in blocks of 16 channels (see conv.h, whose words are used here):
 * by the weights, and by the input. Work is cut by the shape and the number of images alone, and every sum has one
 * order, so that results depend neither on threads nor on who computes what.
 *
 * By the weights: dw[k][c][tap] sums x * dy over all pixels of all images. On blocks this is a product without any
 * copy: rows are 16 input channels of one pixel, broadcast one by one; columns are vectors of dy's channels.
 *
 * By the input, stride 1: a convolution of dy with the kernels turned round and input and output exchanged. Stride
 * 2: each phase of dx (its rows and columns of one remainder) is such a convolution, with every other tap. */
#ifndef MEDTL_NN_BLOCKED_GRADIENT_H
#define MEDTL_NN_BLOCKED_GRADIENT_H

#include "conv.h"

enum { MEDTL_GRADIENT_MOST_PHASES = 4 };

/** How dw is cut: tiles of [taps][inputs] by outputs, each summed in `splits` parts over images and bands. */
typedef struct medtl_blocked_weight {
    medtl_conv_shape shape;
    bool plain_input;
    size_t inputs, input_tiles;   /* input channels of a tile */
    size_t outputs, output_tiles; /* output channels of a tile, a multiple of 16 */
    size_t rows; /* of a tile: inputs times taps, and what a register tile needs beyond */
    size_t splits;
    size_t band, bands;      /* output rows taken together */
    size_t images;           /* taken together where they are small */
    size_t stage_h, stage_w; /* plain input: of a padded band of one channel */

    bool winograd;           /* by Winograd's method: tiles of dU of one point instead */
    medtl_blocked_conv conv; /* its tiles */
    size_t sum_floats;       /* of dU */
    size_t chunk;            /* images of a call, at most */
} medtl_blocked_weight;

/** All arrays are 64-byte aligned; strides are floats from one image to the next. A batch may take several calls,
 *  of at most weight->chunk images, in order: all stages but the last of each, then the last one, of the last call.
 *  dw is overwritten. */
typedef struct medtl_blocked_weight_call {
    size_t count;
    bool first; /* of the batch */
    const float *x, *dy;
    size_t x_stride, dy_stride;
    float *dw;     /* [out][in][kh][kw] */
    float *shared; /* medtl_blocked_weight_shared_size() floats */
    float
        *scratch; /* medtl_blocked_weight_scratch_size() floats of the thread that runs the item */
} medtl_blocked_weight_call;

/** @return false if it has to be done on plain arrays: see medtl_blocked_choose(); depthwise, too. */
bool medtl_blocked_weight_choose(const medtl_conv_shape *shape, bool plain_input,
                                 medtl_blocked_weight *weight);

/** The same with or without Winograd's method, for tests and measurements. @return false if it cannot be */
bool medtl_blocked_weight_choose_method(const medtl_conv_shape *shape, bool plain_input,
                                        bool winograd, medtl_blocked_weight *weight);

/** @param count  Images of a call, at most. */
size_t medtl_blocked_weight_shared_size(const medtl_blocked_weight *weight, size_t count);
size_t medtl_blocked_weight_scratch_size(const medtl_blocked_weight *weight);
size_t medtl_blocked_weight_stages(const medtl_blocked_weight *weight);
size_t medtl_blocked_weight_items(const medtl_blocked_weight *weight, size_t stage, size_t count);
void medtl_blocked_weight_run(const medtl_blocked_weight *weight,
                              const medtl_blocked_weight_call *call, size_t stage, size_t item);

/** One phase of dx as a convolution of dy. */
typedef struct medtl_blocked_phase {
    medtl_blocked_conv conv;
    size_t row, column;              /* of dx, the first of the phase; then every stride-th */
    size_t first_tap;                /* of the phase's kernel, turned round, in the whole one */
    ptrdiff_t row_taps, column_taps; /* from tap to tap */
    size_t packed;                   /* where its weights begin */
    size_t aside;                    /* where its results lie, floats for each image before it */
} medtl_blocked_phase;

typedef struct medtl_blocked_data {
    medtl_conv_shape shape;
    size_t phase_count; /* that have taps */
    medtl_blocked_phase phase[MEDTL_GRADIENT_MOST_PHASES];
    size_t images; /* that are taken together, at most */
    size_t aside;  /* floats of an image's phases, 0 if dx is written at once */
} medtl_blocked_data;

typedef struct medtl_blocked_data_call {
    const float *packed;
    size_t count; /* images, at most data->images */
    const float *dy;
    float *dx;
    size_t dy_stride, dx_stride;
    bool add;       /* to what is in dx */
    float *shared;  /* medtl_blocked_data_shared_size() floats */
    float *scratch; /* medtl_blocked_data_scratch_size() floats of the thread that runs the item */
} medtl_blocked_data_call;

/** @return false if it has to be done on plain arrays */
bool medtl_blocked_data_choose(const medtl_conv_shape *shape, medtl_blocked_data *data);
size_t medtl_blocked_data_packed_size(const medtl_blocked_data *data);
size_t medtl_blocked_data_pack_items(const medtl_blocked_data *data);
void medtl_blocked_data_pack_item(const medtl_blocked_data *data, const float *weight,
                                  float *packed, size_t item);
size_t medtl_blocked_data_shared_size(const medtl_blocked_data *data, size_t count);
size_t medtl_blocked_data_scratch_size(const medtl_blocked_data *data);
size_t medtl_blocked_data_stages(const medtl_blocked_data *data);
size_t medtl_blocked_data_items(const medtl_blocked_data *data, size_t stage, size_t count);
void medtl_blocked_data_run(const medtl_blocked_data *data, const medtl_blocked_data_call *call,
                            size_t stage, size_t item);

#endif
