/* Backward of a depthwise convolution with a 3x3 kernel at stride 1 or 2, see depthwise_training.h: one block of one
 * image. Rows of dy are masked into a ring of rows that have zeros at their ends, so that there are no edges; every
 * value of dy that is read meets x for the weights' sums and its weight for dx at once. */
#ifndef MEDTL_NN_BLOCKED_DEPTHWISE_WALK_SMALL_H
#define MEDTL_NN_BLOCKED_DEPTHWISE_WALK_SMALL_H

#include "depthwise_walk.h"

enum {
    RING_ROWS = 4, /* three are read; then a row of zeros */
    RING_EDGE = 2  /* pixels of zeros at each end */
};

/* Nine weights and nine sums fill the registers of AVX-512; with fewer the row is walked twice. */
#if defined(__AVX512F__)
enum { WALKS_TOGETHER = 1 };
#else
enum { WALKS_TOGETHER = 0 };
#endif

typedef struct small_walk {
    const depthwise_plane *p;
    float *ring;
    size_t pitch, staged; /* floats of a row; rows of dy that were staged */
} small_walk;

/* Pixel 0 of output row `oh`, which may lie outside. */
static const float *ring_row(const small_walk *w, size_t oh)
{
    const size_t row = oh < w->p->s->height_out ? oh % RING_ROWS : RING_ROWS;

    return w->ring + row * w->pitch + RING_EDGE * BLOCK;
}

/* Rows of dy up to `end`, and their sum. */
static void stage_rows(small_walk *w, size_t end)
{
    const depthwise_plane *p = w->p;
    const size_t width = p->s->width_out;
    vec bias = {0};

    for (end = minimum(end, p->s->height_out); w->staged < end; w->staged++) {
        const size_t from = w->staged * width * BLOCK;
        float *to = w->ring + w->staged % RING_ROWS * w->pitch + RING_EDGE * BLOCK;

        for (size_t i = 0; i < width * BLOCK; i += BLOCK) {
            vec v = vec_load(p->dy + from + i);

            if (p->y != NULL)
                v = let_through(v, vec_load(p->y + from + i), p->relu);
            bias += v;
            vec_store(to + i, v);
        }
    }
    add_to(p->sums + SMALL_TAPS * BLOCK, bias);
}

/* A row of x and dx that sees the rows dy[i] by the kernel's rows i. */
INLINE void walk_row_of_stride_1(const depthwise_plane *p, size_t row, const float *const *dy,
                                 const bool weights, const bool data)
{
    const medtl_conv_shape *s = p->s;
    vec taps[SMALL_TAPS], sums[SMALL_TAPS] = {{0}};

    load_small_taps(p->w, false, taps);
    for (size_t c = 0; c < s->width_in; c++) {
        const vec x = vec_load(p->x + (row * s->width_in + c) * BLOCK);
        vec given = {0};

        UNROLL
        for (int i = 0; i < 3; i++) {
            UNROLL
            for (int j = 0; j < 3; j++) {
                const vec v = vec_load(dy[i] + ((ptrdiff_t)(c + s->pad_left) - j) * BLOCK);

                if (weights)
                    sums[3 * i + j] += v * x;
                if (data)
                    given += v * taps[3 * i + j];
            }
        }
        if (data)
            give(p, row, c, given);
    }
    UNROLL
    for (int i = 0; i < SMALL_TAPS; i++)
        if (weights)
            add_to(p->sums + i * BLOCK, sums[i]);
}

/* What a row at stride 2 sees: dy's row by the kernel's row `tap`, and the one above by the row after the next. */
typedef struct pair_row {
    const float *dy, *above;
    size_t row;
    vec taps[2][3], sums[2][3];
} pair_row;

/* Pixels 2 q - pad and the next one, or one of them: the first sees dy's columns q and q - 1 by the outer taps, the
 * second column q by the middle one. */
INLINE void walk_pair(const depthwise_plane *p, pair_row *r, size_t q, const int rows,
                      const bool even, const bool odd, const bool weights, const bool data)
{
    const size_t c = 2 * q - p->s->pad_left, at = (r->row * p->s->width_in + c) * BLOCK;
    const float *dy[2] = {r->dy + q * BLOCK, rows > 1 ? r->above + q * BLOCK : NULL};
    const vec x = even ? vec_load(p->x + at) : (vec){0};
    const vec next = odd ? vec_load(p->x + at + BLOCK) : (vec){0};
    vec first = {0}, second = {0};

    UNROLL
    for (int i = 0; i < rows; i++) {
        const vec here = vec_load(dy[i]), left = vec_load(dy[i] - BLOCK);

        if (weights && even) {
            r->sums[i][0] += here * x;
            r->sums[i][2] += left * x;
        }
        if (weights && odd)
            r->sums[i][1] += here * next;
        if (data && even)
            first += here * r->taps[i][0] + left * r->taps[i][2];
        if (data && odd)
            second += here * r->taps[i][1];
    }
    if (data && even)
        give(p, r->row, c, first);
    if (data && odd)
        give(p, r->row, c + 1, second);
}

INLINE void walk_pairs(const depthwise_plane *p, pair_row *r, const int tap, const int rows,
                       const bool weights, const bool data)
{
    const size_t pad = p->s->pad_left, end = (p->s->width_in + pad) / 2;
    size_t q = pad / 2;

    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < 3; j++) {
            r->taps[i][j] = vec_load(p->w + (3 * (tap + 2 * i) + j) * BLOCK);
            r->sums[i][j] = (vec){0};
        }
    }
    if (pad % 2 != 0) {
        walk_pair(p, r, q, rows, false, true, weights, data);
        q++;
    }
    for (; q < end; q++)
        walk_pair(p, r, q, rows, true, true, weights, data);
    if ((p->s->width_in + pad) % 2 != 0)
        walk_pair(p, r, q, rows, true, false, weights, data);
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < 3; j++)
            if (weights)
                add_to(p->sums + (3 * (tap + 2 * i) + j) * BLOCK, r->sums[i][j]);
    }
}

INLINE void walk_row_of_stride_2(small_walk *w, size_t row, const bool weights, const bool data)
{
    const size_t at = row + w->p->s->pad_top;
    pair_row r = {.dy = ring_row(w, at / 2), .above = ring_row(w, at / 2 - 1), .row = row};

    if (at % 2 == 0)
        walk_pairs(w->p, &r, 0, 2, weights, data);
    else
        walk_pairs(w->p, &r, 1, 1, weights, data);
}

INLINE void walk_small_row(small_walk *w, size_t row, const bool weights, const bool data)
{
    const depthwise_plane *p = w->p;
    const size_t at = row + p->s->pad_top;

    if (p->s->stride_h == 1) {
        const float *const dy[3] = {ring_row(w, at), ring_row(w, at - 1), ring_row(w, at - 2)};

        walk_row_of_stride_1(p, row, dy, weights, data);
    } else {
        walk_row_of_stride_2(w, row, weights, data);
    }
}

static void walk_small_plane(const depthwise_plane *parts, float *scratch)
{
    const medtl_conv_shape *s = parts[0].s;
    const size_t pitch = (s->width_out + 2 * RING_EDGE) * BLOCK;
    small_walk walks[PARTS_OF_BLOCK];

    zero_floats(scratch, (RING_ROWS + 1) * pitch);
    for (size_t i = 0; i < PARTS_OF_BLOCK; i++)
        walks[i] = (small_walk){&parts[i], scratch + i * VECTOR, pitch, 0};
    for (size_t row = 0; row < s->height_in; row++)
        for (size_t i = 0; i < PARTS_OF_BLOCK; i++) {
            small_walk *w = &walks[i];

            stage_rows(w, (row + s->pad_top) / s->stride_h + 1);
            if (w->p->dx == NULL) {
                walk_small_row(w, row, true, false);
            } else if (WALKS_TOGETHER) {
                walk_small_row(w, row, true, true);
            } else {
                walk_small_row(w, row, true, false);
                walk_small_row(w, row, false, true);
            }
        }
    for (size_t i = 0; i < PARTS_OF_BLOCK; i++)
        stage_rows(&walks[i], s->height_out); /* for their sum */
}

static void run_depthwise_walk(const medtl_conv_shape *s, const medtl_depthwise_call *call,
                               size_t item, float *sums)
{
    const size_t blocks = s->channels_in / BLOCK, n = item / blocks, block = item % blocks;
    const size_t taps = s->kernel_h * s->kernel_w;
    const size_t from = block * s->height_in * s->width_in * BLOCK;
    const size_t to = block * s->height_out * s->width_out * BLOCK;
    depthwise_plane parts[PARTS_OF_BLOCK];

    zero_floats(sums, (taps + 1) * BLOCK);
    for (size_t i = 0; i < PARTS_OF_BLOCK; i++)
        parts[i] = (depthwise_plane){
            .s = s,
            .x = call->x + n * call->x_stride + from + i * VECTOR,
            .w = call->packed + block * taps * BLOCK + i * VECTOR,
            .y = call->relu ? call->y + n * call->y_stride + to + i * VECTOR : NULL,
            .dy = call->dy + n * call->dy_stride + to + i * VECTOR,
            .dx = call->dx != NULL ? call->dx + n * call->dx_stride + from + i * VECTOR : NULL,
            .sums = sums + i * VECTOR,
            .relu = call->relu,
            .input_relu = call->input_relu,
            .add = call->add};
    if (medtl_depthwise_is_small(s))
        walk_small_plane(parts, call->scratch);
    else
        walk_plane(parts);
}

#endif
