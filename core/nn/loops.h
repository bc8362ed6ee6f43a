/* Plain arithmetic over float arrays, for the nodes between the convolutions. One source (loops_body.h) is
 * compiled for each instruction set and chosen at run time; no products are contracted and every sum has
 * one written order (16 lanes, flushed to double every 1024 values), so the bits are the same on all. */
#ifndef MEDTL_NN_LOOPS_H
#define MEDTL_NN_LOOPS_H

#include "block.h"
#include "relu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What batch norm's backward needs to know of one channel. The ReLU's mask is asked of x again rather than
 *  read from y, by the very arithmetic of forward: a third less memory to walk. */
typedef struct medtl_norm_channel {
    float mean, scale, shift; /* y = scale x + shift */
    float a, b, c;            /* dx = a (dy + c + b (x - mean)) */
} medtl_norm_channel;

/** The same of 16 channels side by side. */
typedef struct medtl_norm_block {
    float mean[MEDTL_BLOCK], scale[MEDTL_BLOCK], shift[MEDTL_BLOCK];
    float a[MEDTL_BLOCK], b[MEDTL_BLOCK], c[MEDTL_BLOCK];
} medtl_norm_block;

/** How pooling windows lie over one plane. */
typedef struct medtl_windows {
    size_t kernel, stride, pad;
    size_t in_height, in_width, out_height, out_width;
    bool count_pad; /* a mean counts padding as zeros */
} medtl_windows;

/** Loops over one block of 16 channels: `pixels` times 16 floats, or a plane of them. A lane is a channel, so that
 *  sums have one for each; they are flushed to double every 64 pixels. */
typedef struct medtl_blocked_loops {
    /** y[pixel][channel] = x[channel][pixel], channels `stride` floats apart in x; y is added to if `add`. */
    void (*block)(const float *x, size_t stride, float *y, size_t pixels, bool add);
    /** y[channel][pixel] = x[pixel][channel], channels `stride` floats apart in y. */
    void (*unblock)(const float *x, float *y, size_t stride, size_t pixels, bool add);

    /** y = scale x + shift, then the ReLU. y may be x. */
    void (*scale_shift)(const float *x, float *y, size_t pixels, const float *scale,
                        const float *shift, medtl_relu relu);
    void (*add_sums)(const float *x, size_t pixels, double *sums);
    /** y (+)= the same 16 values for each pixel. */
    void (*give)(float *y, const float *values, size_t pixels, bool add);
    /** The maximum, and the pixel that has it: the first of equals, or a NaN if there is one. */
    void (*largest)(const float *x, size_t pixels, float *best, int32_t *winner);

    /** As the loops of the same names in medtl_loops. */
    void (*add_moments)(const float *x, size_t pixels, const float *origin, double *sums,
                        double *squares);
    void (*add_norm_products)(const float *dy, const float *x, size_t pixels,
                              const medtl_norm_block *block, medtl_relu relu, double *sums,
                              double *products);
    void (*give_norm_gradient)(float *dx, const float *dy, const float *x, size_t pixels,
                               const medtl_norm_block *block, medtl_relu relu, bool add);

    /** Rows [first, end) of the output of a pooling. Pointers are to the whole planes. `winners`: which tap of
     *  the window won, a byte for each value; NULL: not wanted. */
    void (*max_rows)(const medtl_windows *windows, const float *x, float *y, unsigned char *winners,
                     size_t first, size_t end);
    void (*mean_rows)(const medtl_windows *windows, const float *x, float *y, size_t first,
                      size_t end);
    /** The same of scale x + shift with the ReLU behind it. */
    void (*norm_mean_rows)(const medtl_windows *windows, const float *x, float *y,
                           const float *scale, const float *shift, medtl_relu relu, size_t first,
                           size_t end);
    /** Rows [first, end) of dx. */
    void (*give_max_rows)(const medtl_windows *windows, float *dx, const float *dy,
                          const unsigned char *winners, size_t first, size_t end, bool add);
    void (*give_mean_rows)(const medtl_windows *windows, float *dx, const float *dy, size_t first,
                           size_t end, bool add);
} medtl_blocked_loops;

typedef struct medtl_loops {
    const char *name;
    double (*sum)(const float *x, size_t count);
    double (*dot)(const float *x, const float *y, size_t count);
    /** Adds the sums of (x - origin) and of its square. */
    void (*add_moments)(const float *x, size_t count, float origin, double *sum, double *squares);
    /** y = scale x + shift, then the ReLU if `relu`. y may be x. */
    void (*scale_shift)(const float *x, float *y, size_t count, float scale, float shift,
                        bool relu);
    /** Adds the sums of dy and of dy * (x - mean), dy counted where y > 0 if `relu`. */
    void (*add_norm_products)(const float *dy, const float *x, size_t count,
                              const medtl_norm_channel *channel, bool relu, double *sum,
                              double *products);
    /** dx (+)= a (dy + c + b (x - mean)), dy counted where y > 0 if `relu`. dx may be dy. In this order, as
     *  PyTorch has it: where dx is a small difference of large terms, multiplying out loses its digits. */
    void (*give_norm_gradient)(float *dx, const float *dy, const float *x, size_t count,
                               const medtl_norm_channel *channel, bool relu, bool add);
    /** dy = 0 where not y > 0, with MEDTL_RELU6 where not y < 6, either. */
    void (*mask)(float *dy, const float *y, size_t count, medtl_relu relu);
    void (*relu)(const float *x, float *y, size_t count); /* NaN stays; y may be x */
    void (*add)(float *y, const float *x, size_t count);  /* y += x */
    void (*add_scaled)(float *y, const float *x, size_t count, float scale); /* y += scale x */
    void (*add_two)(const float *a, const float *b, float *y, size_t count, bool relu);
    /** best = x[i * stride] and winner = tap where that is larger, or NaN. `winner` NULL: not wanted. */
    void (*take_larger)(const float *x, size_t stride, size_t count, float tap, float *best,
                        float *winner);
    medtl_blocked_loops blocked; /* activations in blocks of 16 channels */
} medtl_loops;

/** The best set for this processor. */
const medtl_loops *medtl_loops_get(void);

/** Set `index` of those that run here, best first; NULL past the last. For tests. */
const medtl_loops *medtl_loops_supported(size_t index);

extern const medtl_loops medtl_loops_portable, medtl_loops_avx2, medtl_loops_avx512;

#endif
