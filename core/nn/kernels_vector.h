/* Vectors of floats as wide as the instruction set that this file is compiled for. */
#ifndef MEDTL_NN_KERNELS_VECTOR_H
#define MEDTL_NN_KERNELS_VECTOR_H

#include <stddef.h>
#include <string.h>
#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
enum { VECTOR = 16 };
#elif defined(__AVX2__)
enum { VECTOR = 8 };
#else
enum { VECTOR = 4 };
#endif

typedef float vec __attribute__((vector_size(VECTOR * sizeof(float))));
typedef float loose_vec __attribute__((vector_size(VECTOR * sizeof(float)), aligned(4), may_alias));
typedef int bits __attribute__((vector_size(VECTOR * sizeof(int))));

#define INLINE static inline __attribute__((always_inline))

/* Before a loop over an array of vectors: unrolled, so that the array lives in registers. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

INLINE size_t minimum(size_t a, size_t b) { return a < b ? a : b; }

INLINE vec vec_load(const float *p) { return *(const loose_vec *)p; }
INLINE void vec_store(float *p, vec v) { *(loose_vec *)p = v; }
INLINE vec vec_splat(float x) { return x - (vec){0}; }

/* The first `count` (at most VECTOR) elements; the others are zero, and not touched in memory. */
INLINE vec vec_load_first(const float *p, size_t count)
{
#if defined(__AVX512F__)
    return (vec)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
#elif defined(__AVX2__)
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);

    return (vec)_mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lanes));
#else
    vec v = {0};

    memcpy(&v, p, count * sizeof *p);
    return v;
#endif
}

INLINE void vec_store_first(float *p, vec v, size_t count)
{
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v);
#elif defined(__AVX2__)
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);

    _mm256_maskstore_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lanes), (__m256)v);
#else
    memcpy(p, &v, count * sizeof *p);
#endif
}

INLINE void zero_floats(float *p, size_t count)
{
    size_t i = 0;

    for (; i + VECTOR <= count; i += VECTOR)
        vec_store(p + i, (vec){0});
    if (i < count)
        vec_store_first(p + i, (vec){0}, count - i);
}

INLINE void copy_floats(float *to, const float *from, size_t count)
{
    size_t i = 0;

    for (; i + VECTOR <= count; i += VECTOR)
        vec_store(to + i, vec_load(from + i));
    if (i < count)
        vec_store_first(to + i, vec_load_first(from + i, count - i), count - i);
}

/* Quads of floats from p, p + pitch, ... fill the quarters of a vector. */
INLINE vec vec_load_quads(const float *p, size_t pitch)
{
#if defined(__AVX512F__)
    __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(p));

    v = _mm512_insertf32x4(v, _mm_loadu_ps(p + pitch), 1);
    v = _mm512_insertf32x4(v, _mm_loadu_ps(p + 2 * pitch), 2);
    return (vec)_mm512_insertf32x4(v, _mm_loadu_ps(p + 3 * pitch), 3);
#elif defined(__AVX2__)
    return (vec)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)),
                                     _mm_loadu_ps(p + pitch), 1);
#else
    (void)pitch;
    return vec_load(p);
#endif
}

/* Within each quad, x and y being quads: interleave_low x0 y0 x1 y1, interleave_high x2 y2 x3 y3,
 * join_low x0 x1 y0 y1, join_high x2 x3 y2 y3. */
#if defined(__AVX512F__)
INLINE vec vec_interleave_low(vec x, vec y)
{
    return (vec)_mm512_unpacklo_ps((__m512)x, (__m512)y);
}
INLINE vec vec_interleave_high(vec x, vec y)
{
    return (vec)_mm512_unpackhi_ps((__m512)x, (__m512)y);
}
INLINE vec vec_join_low(vec x, vec y) { return (vec)_mm512_shuffle_ps((__m512)x, (__m512)y, 0x44); }
INLINE vec vec_join_high(vec x, vec y)
{
    return (vec)_mm512_shuffle_ps((__m512)x, (__m512)y, 0xee);
}
#elif defined(__AVX2__)
INLINE vec vec_interleave_low(vec x, vec y)
{
    return (vec)_mm256_unpacklo_ps((__m256)x, (__m256)y);
}
INLINE vec vec_interleave_high(vec x, vec y)
{
    return (vec)_mm256_unpackhi_ps((__m256)x, (__m256)y);
}
INLINE vec vec_join_low(vec x, vec y) { return (vec)_mm256_shuffle_ps((__m256)x, (__m256)y, 0x44); }
INLINE vec vec_join_high(vec x, vec y)
{
    return (vec)_mm256_shuffle_ps((__m256)x, (__m256)y, 0xee);
}
#else
INLINE vec vec_interleave_low(vec x, vec y) { return __builtin_shufflevector(x, y, 0, 4, 1, 5); }
INLINE vec vec_interleave_high(vec x, vec y) { return __builtin_shufflevector(x, y, 2, 6, 3, 7); }
INLINE vec vec_join_low(vec x, vec y) { return __builtin_shufflevector(x, y, 0, 1, 4, 5); }
INLINE vec vec_join_high(vec x, vec y) { return __builtin_shufflevector(x, y, 2, 3, 6, 7); }
#endif

/* In a fixed order, so that the bits are. */
INLINE float vec_sum(vec v)
{
    float lanes[VECTOR];

    memcpy(lanes, &v, sizeof lanes);
    for (size_t width = VECTOR / 2; width > 0; width /= 2)
        for (size_t i = 0; i < width; i++)
            lanes[i] += lanes[i + width];
    return lanes[0];
}

#endif
