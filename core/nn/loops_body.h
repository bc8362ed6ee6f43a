/* The loops, compiled once for each instruction set: the including file defines LOOP_SET and LOOP_SET_NAME. */
#include "loops.h"

#include <stdint.h>
#include <string.h>

enum { LANES = 16, BLOCK = 64 * LANES };

/* Sixteen lanes are as many vectors of the instruction set's own width as it takes. */
#if defined(__AVX512F__)
enum { WIDTH = 16 };
#elif defined(__AVX2__)
enum { WIDTH = 8 };
#else
enum { WIDTH = 4 };
#endif
enum { PARTS = LANES / WIDTH };

/* Unaligned on purpose: a plane starts where it starts. */
typedef float vec __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));
typedef int32_t bits __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));

#define VEC(address) (*(vec *)(address))
#define GET(address) (*(const vec *)(address))

/* Loops whose arrays may be the same one but never overlap shifted. */
#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#endif

/* The 16 lanes of a sum, from the first to the last. */
static inline double sum_lanes(const vec *parts)
{
    double total = 0.0;

    for (int p = 0; p < PARTS; p++)
        for (int i = 0; i < WIDTH; i++)
            total += (double)parts[p][i];
    return total;
}

/* The end of the block of whole lanes that begins at i. */
static inline size_t block_end(size_t i, size_t count)
{
    return i + BLOCK < count ? i + BLOCK : count;
}

static double sum(const float *x, size_t count)
{
    double total = 0.0;
    size_t i = 0;

    while (i + LANES <= count) {
        const size_t end = block_end(i, count);
        vec part[PARTS] = {{0}};

        for (; i + LANES <= end; i += LANES)
            for (size_t p = 0; p < PARTS; p++)
                part[p] += GET(x + i + p * WIDTH);
        total += sum_lanes(part);
    }
    for (; i < count; i++)
        total += (double)x[i];
    return total;
}

static double dot(const float *x, const float *y, size_t count)
{
    double total = 0.0;
    size_t i = 0;

    while (i + LANES <= count) {
        const size_t end = block_end(i, count);
        vec part[PARTS] = {{0}};

        for (; i + LANES <= end; i += LANES)
            for (size_t p = 0; p < PARTS; p++)
                part[p] += GET(x + i + p * WIDTH) * GET(y + i + p * WIDTH);
        total += sum_lanes(part);
    }
    for (; i < count; i++)
        total += (double)x[i] * (double)y[i];
    return total;
}

static void add_moments(const float *x, size_t count, float origin, double *first, double *squares)
{
    size_t i = 0;

    while (i + LANES <= count) {
        const size_t end = block_end(i, count);
        vec a[PARTS] = {{0}}, b[PARTS] = {{0}};

        for (; i + LANES <= end; i += LANES)
            for (size_t p = 0; p < PARTS; p++) {
                const vec v = GET(x + i + p * WIDTH) - origin;

                a[p] += v;
                b[p] += v * v;
            }
        *first += sum_lanes(a);
        *squares += sum_lanes(b);
    }
    for (; i < count; i++) {
        const double v = (double)(x[i] - origin);

        *first += v;
        *squares += v * v;
    }
}

static void scale_shift(const float *x, float *y, size_t count, float scale, float shift,
                        bool rectify)
{
    if (rectify) {
        INDEPENDENT
        for (size_t i = 0; i < count; i++) {
            const float v = x[i] * scale + shift;

            y[i] = v < 0.0f ? 0.0f : v; /* NaN stays visible */
        }
    } else {
        INDEPENDENT
        for (size_t i = 0; i < count; i++)
            y[i] = x[i] * scale + shift;
    }
}

/* dy counts where the ReLU let its value through. */
static inline vec let_through(vec dy, vec x, vec scale, vec shift, bool rectify)
{
    return rectify ? (vec)((bits)dy & (bits)(x * scale + shift > 0.0f)) : dy;
}

static inline void add_products(const float *dy, const float *x, size_t count,
                                const medtl_norm_channel *k, bool rectify, double *total,
                                double *products)
{
    const vec scale = (vec){0} + k->scale, shift = (vec){0} + k->shift;
    size_t i = 0;

    while (i + LANES <= count) {
        const size_t end = block_end(i, count);
        vec a[PARTS] = {{0}}, b[PARTS] = {{0}};

        for (; i + LANES <= end; i += LANES)
            for (size_t p = 0; p < PARTS; p++) {
                const vec v = GET(x + i + p * WIDTH);
                const vec g = let_through(GET(dy + i + p * WIDTH), v, scale, shift, rectify);

                a[p] += g;
                b[p] += g * (v - k->mean);
            }
        *total += sum_lanes(a);
        *products += sum_lanes(b);
    }
    for (; i < count; i++) {
        const double g = rectify && !(x[i] * k->scale + k->shift > 0.0f) ? 0.0 : (double)dy[i];

        *total += g;
        *products += g * (double)(x[i] - k->mean);
    }
}

static void add_norm_products(const float *dy, const float *x, size_t count,
                              const medtl_norm_channel *channel, bool rectify, double *total,
                              double *products)
{
    if (rectify) /* a loop without a branch inside for either answer */
        add_products(dy, x, count, channel, true, total, products);
    else
        add_products(dy, x, count, channel, false, total, products);
}

static inline void write_gradient(float *dx, const float *dy, const float *x, size_t count,
                                  medtl_norm_channel k, bool rectify, bool accumulate)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        const float given = dy[i];
        const float g = !rectify || x[i] * k.scale + k.shift > 0.0f ? given : 0.0f;
        const float v = k.a * ((g + k.c) + k.b * (x[i] - k.mean));

        dx[i] = accumulate ? dx[i] + v : v;
    }
}

static void give_norm_gradient(float *dx, const float *dy, const float *x, size_t count,
                               const medtl_norm_channel *channel, bool rectify, bool accumulate)
{
    if (rectify && accumulate)
        write_gradient(dx, dy, x, count, *channel, true, true);
    else if (rectify)
        write_gradient(dx, dy, x, count, *channel, true, false);
    else if (accumulate)
        write_gradient(dx, dy, x, count, *channel, false, true);
    else
        write_gradient(dx, dy, x, count, *channel, false, false);
}

static void mask_below(float *dy, const float *y, size_t count)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        const float given = dy[i];

        dy[i] = y[i] > 0.0f ? given : 0.0f;
    }
}

static void mask_outside(float *dy, const float *y, size_t count)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        const float given = dy[i], v = y[i];

        dy[i] = v > 0.0f && v < MEDTL_RELU6_MOST ? given : 0.0f;
    }
}

static void mask(float *dy, const float *y, size_t count, medtl_relu kind)
{
    if (kind == MEDTL_RELU6)
        mask_outside(dy, y, count);
    else
        mask_below(dy, y, count);
}

static void relu(const float *x, float *y, size_t count)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] < 0.0f ? 0.0f : x[i];
}

static void add(float *y, const float *x, size_t count)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++)
        y[i] += x[i];
}

static void add_scaled(float *y, const float *x, size_t count, float scale)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++)
        y[i] += scale * x[i];
}

static void add_two(const float *a, const float *b, float *y, size_t count, bool rectify)
{
    if (rectify) {
        INDEPENDENT
        for (size_t i = 0; i < count; i++) {
            const float v = a[i] + b[i];

            y[i] = v < 0.0f ? 0.0f : v;
        }
    } else {
        INDEPENDENT
        for (size_t i = 0; i < count; i++)
            y[i] = a[i] + b[i];
    }
}

/* A NaN stays until the next one. */
static inline bool beats(float v, float best) { return v > best || v != v; }

static inline void larger(const float *x, size_t stride, size_t count, float tap, float *best,
                          float *winner)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        const float v = x[i * stride], b = best[i], w = winner[i];
        const bool wins = beats(v, b);

        best[i] = wins ? v : b;
        winner[i] = wins ? tap : w;
    }
}

static inline void larger_alone(const float *x, size_t stride, size_t count, float *best)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        const float v = x[i * stride], b = best[i];

        best[i] = beats(v, b) ? v : b;
    }
}

static void take_larger(const float *x, size_t stride, size_t count, float tap, float *best,
                        float *winner)
{
    if (winner == NULL && stride == 1) /* known strides vectorise */
        larger_alone(x, 1, count, best);
    else if (winner == NULL && stride == 2)
        larger_alone(x, 2, count, best);
    else if (winner == NULL)
        larger_alone(x, stride, count, best);
    else if (stride == 1)
        larger(x, 1, count, tap, best, winner);
    else if (stride == 2)
        larger(x, 2, count, tap, best, winner);
    else
        larger(x, stride, count, tap, best, winner);
}

#include "loops_blocked.h"
#include "loops_pool.h"

const medtl_loops LOOP_SET = {.name = LOOP_SET_NAME,
                              .sum = sum,
                              .dot = dot,
                              .add_moments = add_moments,
                              .scale_shift = scale_shift,
                              .add_norm_products = add_norm_products,
                              .give_norm_gradient = give_norm_gradient,
                              .mask = mask,
                              .relu = relu,
                              .add = add,
                              .add_scaled = add_scaled,
                              .add_two = add_two,
                              .take_larger = take_larger,
                              .blocked = {.block = block,
                                          .unblock = unblock,
                                          .scale_shift = block_scale_shift,
                                          .add_sums = block_add_sums,
                                          .give = block_give,
                                          .largest = block_largest,
                                          .add_moments = block_add_moments,
                                          .add_norm_products = block_add_norm_products,
                                          .give_norm_gradient = block_give_norm_gradient,
                                          .max_rows = max_rows,
                                          .mean_rows = mean_rows,
                                          .norm_mean_rows = norm_mean_rows,
                                          .give_max_rows = give_max_rows,
                                          .give_mean_rows = give_mean_rows}};
