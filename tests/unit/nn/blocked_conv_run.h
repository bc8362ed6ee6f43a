/* Runs of the convolutions on activations in blocks of 16 channels, between guard zones, with what the naive loops
 * say of them. */
#ifndef MEDTL_TEST_BLOCKED_CONV_RUN_H
#define MEDTL_TEST_BLOCKED_CONV_RUN_H

#include "core/nn/blocked/conv.h"

#include <stdint.h>

/** `count` floats on a 64-byte boundary, all one certain NaN, as are the guard zones before and behind them. Freeing
 *  checks the zones; with AddressSanitizer nobody may read them either. */
float *guarded_floats(size_t count);
void guarded_free(float *data); /* NULL is allowed */

/** What may follow the sum, in any combination. */
enum {
    WITH_BIAS = 1,
    WITH_RESIDUAL = 2,
    WITH_RELU = 4,
    WITH_SCALE = 8,
    WITH_ALL = 15,
    IN_PLACE = 16 /* the residual lies where the outputs go; without a bias only */
};

enum { CONV_IMAGES = 3 };

/** Images, weights and the rest for one shape. Images lie `..._stride` floats apart, more than they are long. */
typedef struct conv_data {
    medtl_conv_shape shape;
    medtl_blocked_part parts[MEDTL_CONV_MOST_PARTS];
    size_t part_count;
    bool plain_input;
    float *x, *residual; /* blocked (x: if not plain_input), CONV_IMAGES of them */
    float *bias, *scale, *shift;
    float *factors; /* of the input [2][channels]; NULL: it is taken as it is */
    float *weight[MEDTL_CONV_MOST_PARTS]; /* of each part, PyTorch's layout */
    float *last;                          /* the last image, plain */
    float *sums;                          /* what the naive loops make of it, plain; no bias */
    size_t x_stride, y_stride;
} conv_data;

/** @param parts  NULL: the whole shape is one. Completes the shape. */
void conv_data_create(conv_data *data, const medtl_conv_shape *shape,
                      const medtl_blocked_part *parts, size_t part_count, bool plain_input);
void conv_data_destroy(conv_data *data);

/** Shape of part `index` alone: its kernel lies in the middle of the whole shape's. */
medtl_conv_shape conv_part_shape(const conv_data *data, size_t index);

/** The items of each stage: first to last, last to first, or by two threads. */
typedef enum conv_order { FIRST_TO_LAST, LAST_TO_FIRST, TWO_THREADS } conv_order;

/** Weights as `conv` wants them; free with guarded_free(). */
float *conv_pack(const medtl_blocked_conv *conv, const conv_data *data);

/** Run images [first, first + count) through `conv`, `at_once` (at most conv->images) in a call. Scratch and shared
 *  memory have exactly the sizes asked for and hold NaN before. @return guarded, y_stride apart. */
float *conv_run(const medtl_blocked_conv *conv, const conv_data *data, const float *packed,
                int with, size_t first, size_t count, size_t at_once, conv_order order);

/** Relative root mean square error of the last image's outputs; NaN if any output is. */
double conv_error(const conv_data *data, const float *y, int with);

/** Where channel c of pixel i of an image of `pixels` lies in blocks. */
static inline size_t in_blocks(size_t c, size_t i, size_t pixels)
{
    return (c / 16 * pixels + i) * 16 + c % 16;
}

/** The instruction sets that this processor may have. */
enum { CONV_SETS = 3 };
extern const char *const conv_set_names[CONV_SETS];

/** Values in [-1, 1) that depend on the seed and nothing else. */
void fill_noise(float *values, size_t count, uint32_t seed);

#endif
