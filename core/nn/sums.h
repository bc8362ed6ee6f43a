/* Sums over long float arrays that vectorise without leave to reorder arithmetic: the order is written
 * down (16 lanes, flushed to double every BLOCK steps), so the bits are the same on every machine and
 * the error does not grow with the length. */
#ifndef MEDTL_NN_SUMS_H
#define MEDTL_NN_SUMS_H

#include <stddef.h>
#include <stdint.h>

enum { MEDTL_LANES = 16, MEDTL_SUM_BLOCK = 64 * MEDTL_LANES };

/* Unaligned on purpose: a plane starts where it starts. */
typedef float medtl_lanes __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t medtl_lane_bits __attribute__((vector_size(64), aligned(4), may_alias));

#define MEDTL_LOAD_LANES(address) (*(const medtl_lanes *)(address))

/* Loops whose arrays may be the same one but never overlap shifted. */
#if defined(__clang__)
#define MEDTL_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define MEDTL_INDEPENDENT _Pragma("GCC ivdep")
#endif

static inline double medtl_sum_lanes(const medtl_lanes *lanes)
{
    double sum = 0.0;

    for (int i = 0; i < MEDTL_LANES; i++)
        sum += (double)(*lanes)[i];
    return sum;
}

static inline double medtl_sum(const float *x, size_t count)
{
    double sum = 0.0;
    size_t i = 0;

    while (i + MEDTL_LANES <= count) {
        const size_t end = i + MEDTL_SUM_BLOCK < count ? i + MEDTL_SUM_BLOCK : count;
        medtl_lanes lanes = {0};

        for (; i + MEDTL_LANES <= end; i += MEDTL_LANES)
            lanes += MEDTL_LOAD_LANES(x + i);
        sum += medtl_sum_lanes(&lanes);
    }
    for (; i < count; i++)
        sum += (double)x[i];
    return sum;
}

static inline double medtl_dot(const float *x, const float *y, size_t count)
{
    double sum = 0.0;
    size_t i = 0;

    while (i + MEDTL_LANES <= count) {
        const size_t end = i + MEDTL_SUM_BLOCK < count ? i + MEDTL_SUM_BLOCK : count;
        medtl_lanes lanes = {0};

        for (; i + MEDTL_LANES <= end; i += MEDTL_LANES)
            lanes += MEDTL_LOAD_LANES(x + i) * MEDTL_LOAD_LANES(y + i);
        sum += medtl_sum_lanes(&lanes);
    }
    for (; i < count; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

#endif
