/* Plain arithmetic over float arrays, for the nodes between the convolutions. One source (loops_body.h) is
 * compiled for each instruction set and chosen at run time; no products are contracted and every sum has
 * one written order (16 lanes, flushed to double every 1024 values), so the bits are the same on all. */
#ifndef MEDTL_NN_LOOPS_H
#define MEDTL_NN_LOOPS_H

#include <stdbool.h>
#include <stddef.h>

/** What batch norm's backward needs to know of one channel. The ReLU's mask is asked of x again rather than
 *  read from y, by the very arithmetic of forward: a third less memory to walk. */
typedef struct medtl_norm_channel {
    float mean, scale, shift; /* y = scale x + shift */
    float a, b, c;            /* dx = a dy + b x + c */
} medtl_norm_channel;

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
    /** dx (+)= a dy + b x + c, dy counted where y > 0 if `relu`. dx may be dy. */
    void (*give_norm_gradient)(float *dx, const float *dy, const float *x, size_t count,
                               const medtl_norm_channel *channel, bool relu, bool add);
    void (*mask)(float *dy, const float *y, size_t count); /* dy = 0 where not y > 0 */
    void (*relu)(const float *x, float *y, size_t count);  /* NaN stays; y may be x */
    void (*add)(float *y, const float *x, size_t count);   /* y += x */
    void (*add_scaled)(float *y, const float *x, size_t count, float scale); /* y += scale x */
    void (*add_two)(const float *a, const float *b, float *y, size_t count, bool relu);
    /** best = x[i * stride] and winner = tap where that is larger, or NaN. */
    void (*take_larger)(const float *x, size_t stride, size_t count, float tap, float *best,
                        float *winner);
} medtl_loops;

/** The best set for this processor. */
const medtl_loops *medtl_loops_get(void);

/** Set `index` of those that run here, best first; NULL past the last. For tests. */
const medtl_loops *medtl_loops_supported(size_t index);

extern const medtl_loops medtl_loops_portable, medtl_loops_avx2, medtl_loops_avx512;

#endif
