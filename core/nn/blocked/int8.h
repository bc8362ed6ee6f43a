/* Convolutions in whole numbers, for inference: inputs as unsigned 8-bit numbers (one scale and one zero for all of
 * them), weights as signed 8-bit numbers (a scale for each output channel), sums of 32 bits, outputs in floats. It is
 * the direct method on a copy of the input with its padding written out, [step][phase][row][column][16] bytes.
 *
 *   q = clamp(round(x / input_scale) + input_zero, 0, 255)        w = round(weight / weight_scale[k])
 *   conv = (sum of q w - input_zero * sum of w) * input_scale * weight_scale[k]
 *
 * after Jacob et al. 2018 (arXiv:1712.05877). Nothing is contracted, so that every instruction set gives the same
 * bits. A sum has at most 2^15 products and begins with the correction for the zero, which is as large at most:
 * 2 * 255 * 127 * 2^15 < 2^31. */
#ifndef MEDTL_NN_BLOCKED_INT8_H
#define MEDTL_NN_BLOCKED_INT8_H

#include "conv_parts.h"

#include <stdint.h>

enum {
    INT8_MOST_PRODUCTS = 1 << 15,
    INT8_LARGEST_INPUT = 255,
    INT8_LARGEST_WEIGHT = 127,
    INT8_QUAD = 4 /* input channels that one instruction adds up */
};

/** Some rows of pixels times one group of weights. Sizes and pitches of x in bytes, of y in floats. */
typedef struct medtl_int8_rows {
    const uint8_t *x;     /* the first pixel of the first row, for source 0 */
    const size_t *source; /* where each tap reads */
    size_t sources, steps, step_pitch, x_row;
    const int8_t *w; /* [step][source][4 quads of input channels][output channel of the group][4] */
    size_t channels; /* of the group */
    const int32_t *start;
    const float *factor;
    const float *bias, *scale, *shift; /* each may be NULL */
    const float *residual;             /* likewise; it may be y */
    bool relu;
    float *y;
    size_t y_block, y_row, rows, count;
} medtl_int8_rows;

/** Pixels of 16 floats into 16 bytes each. */
typedef struct medtl_int8_pixels {
    float inverse; /* of the scale */
    int zero;
    const float *scale, *shift; /* of a norm that comes first, for these channels; or NULL */
    bool relu;                  /* of that norm */
} medtl_int8_pixels;

typedef struct medtl_int8_kernels {
    const char *name;
    const char *floats; /* the instruction set of the float kernels that goes with it */
    void (*multiply)(const medtl_int8_rows *rows);
    /** Pixels x, x + stride floats, ... */
    void (*quantise)(const medtl_int8_pixels *how, const float *x, size_t stride, size_t count,
                     uint8_t *to);
} medtl_int8_kernels;

extern const medtl_int8_kernels medtl_int8_portable, medtl_int8_avx2, medtl_int8_avx_vnni,
    medtl_int8_avx512, medtl_int8_avx512_vnni;

/** The sets that this processor can run, best first. @return NULL past the last. Thread-safe. */
const medtl_int8_kernels *medtl_int8_supported(size_t index);

/** For tests: take this set, or the best one again (NULL). It must go with the float kernels in use. Not while
 *  anything runs. */
void medtl_int8_force(const medtl_int8_kernels *kernels);

size_t medtl_int8_packed_size(const medtl_blocked_conv *conv); /* floats */
void medtl_int8_pack_item(const medtl_blocked_conv *conv, const medtl_blocked_view *view,
                          float *packed, size_t item);
void medtl_int8_run(const medtl_blocked_conv *conv, const medtl_blocked_call *call, size_t stage,
                    size_t item);

#endif
