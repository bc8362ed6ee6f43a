/* The loop where the time goes: pixels (or transformed tiles) times weights, a register tile at a time. One kernel
 * serves 1x1 convolutions, every tap of larger ones, and Winograd's products.
 *
 *   y[pixel][k] = (bias[k] or what is there) + sum over sources, steps and their channels c of
 *                 x[source + step * step_pitch + pixel * depth + c] * w[source][step][c][k] */
#ifndef MEDTL_NN_BLOCKED_REGISTER_TILE_H
#define MEDTL_NN_BLOCKED_REGISTER_TILE_H

#include "conv.h"
#include "core/nn/kernels_vector.h"

/* Register tiles of `vectors` weights by pixels_of(vectors) pixels: accumulators, weights and one broadcast fill
 * the register file. Few pixels and many weights are best where weights lie in a near cache, the other way round
 * where they stream from far. */
#if defined(__AVX512F__)
enum { WIDE_GROUP = 64, NARROW_GROUP = 32, MOST_PIXELS = 14, MOST_VECTORS = 4 };
#elif defined(__AVX2__)
enum { WIDE_GROUP = 16, NARROW_GROUP = 16, MOST_PIXELS = 6, MOST_VECTORS = 2 };
#else
enum { WIDE_GROUP = 16, NARROW_GROUP = 16, MOST_PIXELS = 2, MOST_VECTORS = 4 };
#endif
/* Pixels of a register tile with so many vectors of weights. */
INLINE size_t pixels_of(int vectors) { return MOST_PIXELS == 14 && vectors == 4 ? 6 : MOST_PIXELS; }

/* How far ahead weights are fetched into the nearest cache. */
enum { NEXT_WEIGHTS = 1024 };
enum { BLOCK = MEDTL_BLOCK, PARTS_OF_BLOCK = MEDTL_BLOCK / VECTOR };

/* What is done to a sum before it is stored. Pointers are to the first channel of the group. */
typedef struct finish {
    const float *bias, *scale, *shift, *residual;
    medtl_relu relu;
} finish;

/* Weights that will be read next, to be fetched meanwhile; none: {NULL, 0}. */
typedef struct weights_ahead {
    const float *from;
    size_t floats;
} weights_ahead;

typedef struct product {
    const float *x;
    const size_t *source;
    size_t sources, steps, step_pitch;
    const float *w;
    float *y;
    size_t y_block; /* from one block of 16 channels to the next, of y and of the residual */
    bool add;       /* to what is there */
    bool last;      /* nothing will be added: finish */
    weights_ahead ahead;
    size_t ahead_step; /* of them, floats that each step of a register tile fetches */
    finish f;
} product;

/* Vector v of 16-channel blocks that lie `pitch` apart. */
#define PART_AT(v, pitch)                                                                          \
    ((size_t)((v) / PARTS_OF_BLOCK) * (pitch) + (size_t)((v) % PARTS_OF_BLOCK) * VECTOR)

/* NaN stays. */
INLINE vec vec_relu(vec v)
{
#if defined(__AVX512F__)
    return (vec)_mm512_max_ps(_mm512_setzero_ps(), (__m512)v);
#elif defined(__AVX2__)
    return (vec)_mm256_max_ps(_mm256_setzero_ps(), (__m256)v);
#else
    return (vec)((bits)v & ~(bits)(v < (vec){0}));
#endif
}

INLINE vec vec_at_most_six(vec v)
{
    const vec six = vec_splat(MEDTL_RELU6_MOST);

#if defined(__AVX512F__)
    return (vec)_mm512_min_ps((__m512)six, (__m512)v);
#elif defined(__AVX2__)
    return (vec)_mm256_min_ps((__m256)six, (__m256)v);
#else
    const bits above = (bits)(v > six);

    return (vec)(((bits)six & above) | ((bits)v & ~above));
#endif
}

INLINE vec vec_rectify(vec v, medtl_relu kind)
{
    if (kind != MEDTL_NO_RELU)
        v = vec_relu(v);
    return kind == MEDTL_RELU6 ? vec_at_most_six(v) : v;
}

/* The pixels of one register tile: some of them (`half`) at x and at, the others at x2 and at2. */
typedef struct tile_pixels {
    const float *x, *x2;
    size_t at, at2;
} tile_pixels;

INLINE size_t output_of(const tile_pixels *t, const int i, const int half)
{
    return i < half ? t->at + (size_t)i * BLOCK : t->at2 + (size_t)(i - half) * BLOCK;
}

INLINE void begin_sums(const product *p, const tile_pixels *t, vec (*sums)[MOST_VECTORS],
                       const int pixels, const int half, const int vectors)
{
    UNROLL
    for (int i = 0; i < pixels; i++) {
        const float *y = p->y + output_of(t, i, half);

        UNROLL
        for (int v = 0; v < vectors; v++)
            sums[i][v] = p->add              ? vec_load(y + PART_AT(v, p->y_block))
                         : p->f.bias != NULL ? vec_load(p->f.bias + v * VECTOR)
                                             : (vec){0};
    }
}

/* Steps lie far apart, so nobody foresees the next one; weights that come next are fetched a share at a time. */
INLINE void fetch_ahead(const product *p, const float *from, const float *from2, const float *ahead,
                        const int pixels, const int half, const int depth)
{
    if (depth == BLOCK) {
        UNROLL
        for (int i = 0; i < pixels; i++)
            __builtin_prefetch((i < half ? from + i * depth : from2 + (i - half) * depth) +
                               p->step_pitch);
    }
    for (size_t i = 0; i < p->ahead_step; i += 16)
        __builtin_prefetch(ahead + i, 0, 2);
}

/* One channel of all pixels times its weights. */
INLINE void add_channel(const float *from, const float *from2, const float *w,
                        vec (*sums)[MOST_VECTORS], const int pixels, const int half,
                        const int vectors, const int depth)
{
    vec weights[MOST_VECTORS];

    UNROLL
    for (int v = 0; v < vectors; v++)
        weights[v] = vec_load(w + v * VECTOR);
    if (depth == BLOCK) { /* with plain input there are few */
        UNROLL
        for (int v = 0; v < vectors * VECTOR / 16; v++)
            __builtin_prefetch(w + NEXT_WEIGHTS + v * 16);
    }
    UNROLL
    for (int i = 0; i < pixels; i++) {
        const vec value = vec_splat(i < half ? from[i * depth] : from2[(i - half) * depth]);

        UNROLL
        for (int v = 0; v < vectors; v++)
            sums[i][v] += value * weights[v];
    }
}

INLINE void add_residual(const product *p, const tile_pixels *t, vec (*sums)[MOST_VECTORS],
                         const int pixels, const int half, const int vectors)
{
    UNROLL
    for (int i = 0; i < pixels; i++) {
        const float *r = p->f.residual + output_of(t, i, half);

        UNROLL
        for (int v = 0; v < vectors; v++)
            sums[i][v] += vec_load(r + PART_AT(v, p->y_block));
    }
}

INLINE void finish_sums(const product *p, const tile_pixels *t, vec (*sums)[MOST_VECTORS],
                        const int pixels, const int half, const int vectors)
{
    if (p->f.residual != NULL)
        add_residual(p, t, sums, pixels, half, vectors);
    if (p->f.relu) {
        UNROLL
        for (int i = 0; i < pixels; i++) {
            UNROLL
            for (int v = 0; v < vectors; v++)
                sums[i][v] = vec_relu(sums[i][v]);
        }
    }
    if (p->f.relu == MEDTL_RELU6) {
        UNROLL
        for (int i = 0; i < pixels; i++) {
            UNROLL
            for (int v = 0; v < vectors; v++)
                sums[i][v] = vec_at_most_six(sums[i][v]);
        }
    }
    if (p->f.scale != NULL) {
        UNROLL
        for (int i = 0; i < pixels; i++) {
            UNROLL
            for (int v = 0; v < vectors; v++)
                sums[i][v] = sums[i][v] * vec_load(p->f.scale + v * VECTOR) +
                             vec_load(p->f.shift + v * VECTOR);
        }
    }
}

INLINE void register_tile(const product *p, const tile_pixels *t, const int pixels, const int half,
                          const int vectors, const int depth)
{
    vec sums[MOST_PIXELS][MOST_VECTORS];
    const float *w = p->w, *ahead = p->ahead.from;

    begin_sums(p, t, sums, pixels, half, vectors);
    for (size_t s = 0; s < p->sources; s++) {
        const float *from = t->x + p->source[s], *from2 = t->x2 + p->source[s];

        for (size_t step = 0; step < p->steps; step++) {
            fetch_ahead(p, from, from2, ahead, pixels, half, depth);
            ahead += p->ahead_step;
            for (int c = 0; c < depth; c++, w += vectors * VECTOR)
                add_channel(from + c, from2 + c, w, sums, pixels, half, vectors, depth);
            from += p->step_pitch;
            from2 += p->step_pitch;
        }
    }
    if (p->last)
        finish_sums(p, t, sums, pixels, half, vectors);
    UNROLL
    for (int i = 0; i < pixels; i++) {
        float *y = p->y + output_of(t, i, half);

        UNROLL
        for (int v = 0; v < vectors; v++)
            vec_store(y + PART_AT(v, p->y_block), sums[i][v]);
    }
}

typedef void (*tile_function)(const product *p, const tile_pixels *t);

#define TILE(vectors, pixels, depth)                                                               \
    static void tile_##vectors##_##pixels##_##depth(const product *p, const tile_pixels *t)        \
    {                                                                                              \
        register_tile(p, t, pixels, (pixels) == 14 ? 7 : (pixels), vectors, depth);                \
    }
#define TILES_2(v, d) TILE(v, 1, d) TILE(v, 2, d)
#define TILES_6(v, d) TILES_2(v, d) TILE(v, 3, d) TILE(v, 4, d) TILE(v, 5, d) TILE(v, 6, d)
#define TILES_14(v, d)                                                                             \
    TILES_6(v, d)                                                                                  \
    TILE(v, 7, d)                                                                                  \
    TILE(v, 8, d)                                                                                  \
    TILE(v, 9, d)                                                                                  \
    TILE(v, 10, d) TILE(v, 11, d) TILE(v, 12, d) TILE(v, 13, d) TILE(v, 14, d)
#define NAME(v, p, d) tile_##v##_##p##_##d
#define NAMES_2(v, d) NAME(v, 1, d), NAME(v, 2, d)
#define NAMES_6(v, d) NAMES_2(v, d), NAME(v, 3, d), NAME(v, 4, d), NAME(v, 5, d), NAME(v, 6, d)
#define NAMES_14(v, d)                                                                             \
    NAMES_6(v, d), NAME(v, 7, d), NAME(v, 8, d), NAME(v, 9, d), NAME(v, 10, d), NAME(v, 11, d),    \
        NAME(v, 12, d), NAME(v, 13, d), NAME(v, 14, d)

#if defined(__AVX512F__)
TILES_14(1, 16)
TILES_14(2, 16)
TILES_6(4, 16)
TILES_14(1, 1)
TILES_14(2, 1)
TILES_6(4, 1)
static const tile_function tiles_16[MOST_VECTORS + 1][MOST_PIXELS] = {
    [1] = {NAMES_14(1, 16)}, [2] = {NAMES_14(2, 16)}, [4] = {NAMES_6(4, 16)}};
static const tile_function tiles_1[MOST_VECTORS + 1][MOST_PIXELS] = {
    [1] = {NAMES_14(1, 1)}, [2] = {NAMES_14(2, 1)}, [4] = {NAMES_6(4, 1)}};
#elif defined(__AVX2__)
TILES_6(2, 16)
TILES_6(2, 1)
static const tile_function tiles_16[MOST_VECTORS + 1][MOST_PIXELS] = {[2] = {NAMES_6(2, 16)}};
static const tile_function tiles_1[MOST_VECTORS + 1][MOST_PIXELS] = {[2] = {NAMES_6(2, 1)}};

/* Tiles that end one row with `half` pixels and begin the next one. */
#define SPLIT_TILE(pixels, half)                                                                   \
    static void split_##pixels##_##half(const product *p, const tile_pixels *t)                    \
    {                                                                                              \
        register_tile(p, t, pixels, half, 2, BLOCK);                                               \
    }
SPLIT_TILE(6, 1)
SPLIT_TILE(6, 2)
SPLIT_TILE(6, 3)
SPLIT_TILE(6, 4)
SPLIT_TILE(6, 5)
SPLIT_TILE(5, 1)
SPLIT_TILE(5, 2)
SPLIT_TILE(5, 3)
SPLIT_TILE(5, 4)
SPLIT_TILE(4, 1)
SPLIT_TILE(4, 2)
SPLIT_TILE(4, 3)
#define HAVE_SPLIT_TILES
static const tile_function split_tiles[MOST_PIXELS + 1][MOST_PIXELS] = {
    [4] = {NULL, split_4_1, split_4_2, split_4_3},
    [5] = {NULL, split_5_1, split_5_2, split_5_3, split_5_4},
    [6] = {NULL, split_6_1, split_6_2, split_6_3, split_6_4, split_6_5}};
#else
TILES_2(4, 16)
TILES_2(4, 1)
static const tile_function tiles_16[MOST_VECTORS + 1][MOST_PIXELS] = {[4] = {NAMES_2(4, 16)}};
static const tile_function tiles_1[MOST_VECTORS + 1][MOST_PIXELS] = {[4] = {NAMES_2(4, 1)}};
#endif

#endif
