/* Packed weights times staged input, a register tile at a time: where the time goes. */
#ifndef MEDTL_NN_KERNELS_PRODUCT_H
#define MEDTL_NN_KERNELS_PRODUCT_H

#include "kernels_stage.h"

/* ROWS x VECTORS accumulators, VECTORS inputs and a weight fill the register file. */
#if defined(__AVX512F__)
enum { ROWS = 8, VECTORS = 3 };
#elif defined(__AVX2__)
enum { ROWS = 4, VECTORS = 3 };
#else
enum { ROWS = 4, VECTORS = 2 };
#endif
enum { VECTORS_OF_ONE_ROW = 8 };

static const medtl_kernel_width kernel_width = {VECTOR, ROWS, VECTORS};

/* One block of the product: result[row][q] (+)= sum over depth of a[depth][row] * b[offset[depth] + q]. */
typedef struct product {
    const float *a;
    size_t a_panel; /* floats from one panel of ROWS rows to the next */
    const float *b;
    const size_t *offset;
    size_t depth_first, depth; /* of the packed depth */
    float *result;
    size_t result_pitch, result_rows, result_columns;
    bool add;
} product;

INLINE void register_tile(const product *p, const float *a, const float *b, float *result,
                          const int rows, const int vectors)
{
    vec sums[ROWS][VECTORS_OF_ONE_ROW];

    UNROLL
    for (int r = 0; r < rows; r++) {
        const float *row = result + (size_t)r * p->result_pitch;

        UNROLL
        for (int v = 0; v < vectors; v++)
            sums[r][v] = p->add ? vec_load(row + v * VECTOR) : (vec){0};
    }
    for (size_t d = 0; d < p->depth; d++) {
        const float *x = b + p->offset[d];
        vec in[VECTORS_OF_ONE_ROW];

        UNROLL
        for (int v = 0; v < vectors; v++)
            in[v] = vec_load(x + v * VECTOR);
        UNROLL
        for (int r = 0; r < rows; r++) {
            const vec weight = vec_splat(a[d * (size_t)rows + (size_t)r]);

            UNROLL
            for (int v = 0; v < vectors; v++)
                sums[r][v] += weight * in[v];
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++)
            vec_store(result + (size_t)r * p->result_pitch + v * VECTOR, sums[r][v]);
    }
}

typedef void tile_function(const product *p, const float *a, const float *b, float *result);

#define TILE(name, rows, vectors)                                                                  \
    static void name(const product *p, const float *a, const float *b, float *result)              \
    {                                                                                              \
        register_tile(p, a, b, result, rows, vectors);                                             \
    }
TILE(full_1, ROWS, 1)
TILE(full_2, ROWS, 2)
TILE(half_1, ROWS / 2, 1)
TILE(half_2, ROWS / 2, 2)
#if defined(__AVX2__) || defined(__AVX512F__)
TILE(full_3, ROWS, 3)
TILE(half_3, ROWS / 2, 3)
#else
#define full_3 NULL
#define half_3 NULL
#endif
TILE(single_1, 1, 1)
TILE(single_2, 1, 2)
TILE(single_4, 1, 4)
TILE(single_8, 1, 8)
#undef TILE

/* By the number of vectors. */
static tile_function *const full_tiles[] = {NULL, full_1, full_2, full_3};
static tile_function *const half_tiles[] = {NULL, half_1, half_2, half_3};
static tile_function *const single_tiles[] = {NULL, single_1, single_2, NULL,    single_4,
                                              NULL, NULL,     NULL,     single_8};

/* How many of the `left` vectors the next tile takes: a tile of one vector is slow, so the end is shared. */
INLINE size_t next_vectors(size_t left, size_t tile_rows)
{
    size_t vectors = VECTORS_OF_ONE_ROW;

    if (tile_rows > 1 && left == VECTORS + 1)
        return (left + 1) / 2;
    if (tile_rows > 1)
        return minimum(left, VECTORS);
    while (vectors > left)
        vectors /= 2;
    return vectors;
}

/* Rows of the panel that begins where `left` rows remain: the last may be half a panel. */
INLINE size_t panel_rows(size_t tile_rows, size_t left)
{
    return left < tile_rows ? left : tile_rows;
}

/* Pixels outside, channels inside: the pixels' inputs stay in L1 while all weights pass by from L2. */
static void multiply(const product *p, size_t tile_rows)
{
    const size_t vectors = (p->result_columns + VECTOR - 1) / VECTOR;

    for (size_t v = 0, n; v < vectors; v += n) {
        n = next_vectors(vectors - v, tile_rows);
        for (size_t row = 0; row < p->result_rows; row += tile_rows) {
            const size_t rows = panel_rows(tile_rows, p->result_rows - row);
            tile_function *const *tiles =
                tile_rows == 1 ? single_tiles : (rows == tile_rows ? full_tiles : half_tiles);

            tiles[n](p, p->a + row / tile_rows * p->a_panel + p->depth_first * rows,
                     p->b + v * VECTOR, p->result + row * p->result_pitch + v * VECTOR);
        }
    }
}

#endif
