/* The loops of the convolutions in whole numbers. A source file that is compiled for an instruction set defines
 * INT8_SET, INT8_SET_NAME and INT8_FLOATS and includes this. */
#include "core/nn/kernels_vector.h"
#include "int8.h"

#if !defined(__AVX2__) && defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Pixels of a register tile with so many vectors of weights: what the registers hold. */
#if defined(__AVX512VNNI__)
enum { MOST_PIXELS = 14 };
INLINE size_t pixels_of(int vectors) { return vectors == 4 ? 6 : 14; }
#elif defined(__AVX512F__)
enum { MOST_PIXELS = 8 };
INLINE size_t pixels_of(int vectors) { return vectors == 4 ? 4 : 8; }
#elif defined(__AVXVNNI__)
enum { MOST_PIXELS = 6 };
INLINE size_t pixels_of(int vectors) { return (void)vectors, MOST_PIXELS; }
#else
enum { MOST_PIXELS = 3 };
INLINE size_t pixels_of(int vectors) { return (void)vectors, MOST_PIXELS; }
#endif
enum { MOST_VECTORS = 4, BLOCK = MEDTL_BLOCK, PARTS_OF_BLOCK = MEDTL_BLOCK / VECTOR };

#define PART_AT(v, pitch)                                                                          \
    ((size_t)((v) / PARTS_OF_BLOCK) * (pitch) + (size_t)((v) % PARTS_OF_BLOCK) * VECTOR)

typedef int loose_bits __attribute__((vector_size(VECTOR * sizeof(int)), aligned(1), may_alias));

INLINE bits bits_load(const void *p) { return *(const loose_bits *)p; }

/* The four bytes at p in every lane. */
INLINE bits bits_splat(const uint8_t *p)
{
    int value;

    memcpy(&value, p, sizeof value);
    return value - (bits){0};
}

/* Four bytes of each lane: as one instruction wants them, or as two lots of 16-bit numbers. */
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
typedef bits quads;
INLINE quads quads_of_weights(bits w) { return w; }
INLINE quads quads_of_inputs(bits x) { return x; }
INLINE bits add_products(bits sum, quads x, quads w)
{
#if defined(__AVX512VNNI__)
    return (bits)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)x, (__m512i)w);
#else
    return (bits)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)x, (__m256i)w);
#endif
}
#else
typedef short shorts __attribute__((vector_size(VECTOR * sizeof(int))));
typedef unsigned short unsigned_shorts __attribute__((vector_size(VECTOR * sizeof(int))));
typedef unsigned unsigned_bits __attribute__((vector_size(VECTOR * sizeof(int))));
typedef struct quads {
    bits low, high; /* bytes 0 and 2 of each lane, and 1 and 3 */
} quads;
INLINE quads quads_of_weights(bits w)
{
    return (quads){(bits)((shorts)((unsigned_shorts)w << 8) >> 8), (bits)((shorts)w >> 8)};
}
INLINE quads quads_of_inputs(bits x)
{
    return (quads){x & 0x00ff00ff, (bits)((unsigned_shorts)x >> 8)};
}
/* Of each lane: both 16-bit products, added. */
INLINE bits pair_products(bits a, bits b)
{
#if defined(__AVX512BW__)
    return (bits)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (bits)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return (bits)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
    return (((bits)((unsigned_bits)a << 16)) >> 16) * (((bits)((unsigned_bits)b << 16)) >> 16) +
           (a >> 16) * (b >> 16);
#endif
}
INLINE bits add_products(bits sum, quads x, quads w)
{
    return sum + pair_products(x.low, w.low) + pair_products(x.high, w.high);
}
#endif

INLINE vec floats_of(bits v) { return __builtin_convertvector(v, vec); }

/* NaN stays. */
INLINE vec relu_of(vec v) { return (vec)((bits)v & ~(bits)(v < (vec){0})); }

INLINE void finish_tile(const medtl_int8_rows *p, bits sums[MOST_PIXELS][MOST_VECTORS], size_t at,
                        const int pixels, const int vectors)
{
    UNROLL
    for (int v = 0; v < vectors; v++) {
        const vec factor = vec_load(p->factor + v * VECTOR);
        const vec bias = p->bias != NULL ? vec_load(p->bias + v * VECTOR) : (vec){0};

        UNROLL
        for (int i = 0; i < pixels; i++) {
            const size_t to = at + (size_t)i * BLOCK + PART_AT(v, p->y_block);
            vec y = floats_of(sums[i][v]) * factor + bias;

            if (p->residual != NULL)
                y += vec_load(p->residual + to);
            if (p->relu)
                y = relu_of(y);
            if (p->scale != NULL)
                y = y * vec_load(p->scale + v * VECTOR) + vec_load(p->shift + v * VECTOR);
            vec_store(p->y + to, y);
        }
    }
}

/* Pixels from x on, whose outputs go to `at`. */
INLINE void register_tile(const medtl_int8_rows *p, const uint8_t *x, size_t at, const int pixels,
                          const int vectors)
{
    bits sums[MOST_PIXELS][MOST_VECTORS];
    const int8_t *w = p->w;

    UNROLL
    for (int i = 0; i < pixels; i++) {
        UNROLL
        for (int v = 0; v < vectors; v++)
            sums[i][v] = bits_load(p->start + v * VECTOR);
    }
    for (size_t step = 0; step < p->steps; step++, x += p->step_pitch) {
        UNROLL
        for (int i = 0; i < pixels; i += 4)
            __builtin_prefetch(x + p->step_pitch + i * BLOCK);
        for (size_t s = 0; s < p->sources; s++) {
            const uint8_t *from = x + p->source[s];

            for (int quad = 0; quad < BLOCK / INT8_QUAD; quad++) {
                quads weights[MOST_VECTORS];

                UNROLL
                for (int v = 0; v < vectors; v++)
                    weights[v] = quads_of_weights(bits_load(w + v * VECTOR * INT8_QUAD));
                UNROLL
                for (int i = 0; i < pixels; i++) {
                    const quads value =
                        quads_of_inputs(bits_splat(from + i * BLOCK + quad * INT8_QUAD));

                    UNROLL
                    for (int v = 0; v < vectors; v++)
                        sums[i][v] = add_products(sums[i][v], value, weights[v]);
                }
                w += vectors * VECTOR * INT8_QUAD;
            }
        }
    }
    finish_tile(p, sums, at, pixels, vectors);
}

typedef void (*tile_function)(const medtl_int8_rows *, const uint8_t *, size_t);

#define TILE(vectors, pixels)                                                                      \
    static void tile_##vectors##_##pixels(const medtl_int8_rows *p, const uint8_t *x, size_t at)   \
    {                                                                                              \
        register_tile(p, x, at, pixels, vectors);                                                  \
    }
#define TILES_3(v) TILE(v, 1) TILE(v, 2) TILE(v, 3)
#define TILES_6(v) TILES_3(v) TILE(v, 4) TILE(v, 5) TILE(v, 6)
#define TILES_8(v) TILES_6(v) TILE(v, 7) TILE(v, 8)
#define TILES_14(v)                                                                                \
    TILES_8(v) TILE(v, 9) TILE(v, 10) TILE(v, 11) TILE(v, 12) TILE(v, 13) TILE(v, 14)
#define NAMES_3(v) tile_##v##_1, tile_##v##_2, tile_##v##_3
#define NAMES_4(v) NAMES_3(v), tile_##v##_4
#define NAMES_6(v) NAMES_4(v), tile_##v##_5, tile_##v##_6
#define NAMES_8(v) NAMES_6(v), tile_##v##_7, tile_##v##_8
#define NAMES_14(v)                                                                                \
    NAMES_8(v), tile_##v##_9, tile_##v##_10, tile_##v##_11, tile_##v##_12, tile_##v##_13,          \
        tile_##v##_14

#if defined(__AVX512VNNI__)
TILES_14(1)
TILES_14(2)
TILES_6(4)
static const tile_function tiles[MOST_VECTORS + 1][MOST_PIXELS] = {
    [1] = {NAMES_14(1)}, [2] = {NAMES_14(2)}, [4] = {NAMES_6(4)}};
#elif defined(__AVX512F__)
TILES_8(1)
TILES_8(2)
TILES_3(4)
TILE(4, 4)
static const tile_function tiles[MOST_VECTORS + 1][MOST_PIXELS] = {
    [1] = {NAMES_8(1)}, [2] = {NAMES_8(2)}, [4] = {NAMES_4(4)}};
#elif defined(__AVXVNNI__)
TILES_6(2)
static const tile_function tiles[MOST_VECTORS + 1][MOST_PIXELS] = {[2] = {NAMES_6(2)}};
#elif defined(__AVX2__)
TILES_3(2)
static const tile_function tiles[MOST_VECTORS + 1][MOST_PIXELS] = {[2] = {NAMES_3(2)}};
#else
TILES_3(4)
static const tile_function tiles[MOST_VECTORS + 1][MOST_PIXELS] = {[4] = {NAMES_3(4)}};
#endif

/* The tiles of a row are as equal as possible, since a small one wastes registers. */
static void multiply_rows(const medtl_int8_rows *p)
{
    const int vectors = (int)(p->channels / VECTOR);
    const size_t most = pixels_of(vectors);

    for (size_t r = 0; r < p->rows; r++) {
        const uint8_t *x = p->x + r * p->x_row;
        size_t at = r * p->y_row, count = p->count;

        for (size_t left = (count + most - 1) / most; left > 0; left--) {
            const size_t pixels = (count + left - 1) / left;

            tiles[vectors][pixels - 1](p, x, at);
            x += pixels * BLOCK;
            at += pixels * BLOCK;
            count -= pixels;
        }
    }
}

/* To the nearest, ties to even; NaN to the lowest. */
INLINE bits rounded(vec v, float low, float high)
{
#if defined(__AVX512F__)
    return (bits)_mm512_cvtps_epi32(
        _mm512_min_ps(_mm512_max_ps((__m512)v, _mm512_set1_ps(low)), _mm512_set1_ps(high)));
#elif defined(__AVX2__)
    return (bits)_mm256_cvtps_epi32(
        _mm256_min_ps(_mm256_max_ps((__m256)v, _mm256_set1_ps(low)), _mm256_set1_ps(high)));
#else
    const vec magic = vec_splat(0x1.8p23f); /* whose last bit is worth 1 */

    v = (vec)(((bits)v & (bits)(v > low)) | ((bits)vec_splat(low) & ~(bits)(v > low)));
    v = (vec)(((bits)v & (bits)(v < high)) | ((bits)vec_splat(high) & ~(bits)(v < high)));
    return (bits)(v + magic) - (bits)magic;
#endif
}

INLINE void store_bytes(uint8_t *to, bits v)
{
#if defined(__AVX512F__)
    _mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8((__m512i)v));
#elif defined(__AVX2__)
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128((__m256i)v),
                                          _mm256_extracti128_si256((__m256i)v, 1));

    _mm_storel_epi64((__m128i *)to, _mm_packus_epi16(words, words));
#else
    int lanes[VECTOR];

    memcpy(lanes, &v, sizeof lanes);
    for (int i = 0; i < VECTOR; i++)
        to[i] = (uint8_t)lanes[i];
#endif
}

static void quantise_pixels(const medtl_int8_pixels *how, const float *x, size_t stride,
                            size_t count, uint8_t *to)
{
    const float low = (float)-how->zero, high = (float)(INT8_LARGEST_INPUT - how->zero);

    for (size_t i = 0; i < count; i++, x += stride, to += BLOCK)
        for (int part = 0; part < BLOCK; part += VECTOR) {
            vec v = vec_load(x + part);

            if (how->scale != NULL) {
                v = v * vec_load(how->scale + part) + vec_load(how->shift + part);
                if (how->relu)
                    v = relu_of(v);
            }
            store_bytes(to + part, rounded(v * how->inverse, low, high) + how->zero);
        }
}

const medtl_int8_kernels INT8_SET = {.name = INT8_SET_NAME,
                                     .floats = INT8_FLOATS,
                                     .multiply = multiply_rows,
                                     .quantise = quantise_pixels};
