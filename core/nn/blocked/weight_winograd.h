/* The weight gradient by Winograd's method: the exact adjoint of the forward one (winograd.h), y = A^T ((G g) * (B^T d)).
 * With W = A dy, tile by tile, G g has the gradient dU = sum over tiles of (B^T d) * W, a product for each point, and
 * g has G^T dU. Transformed inputs and W lie as forward's inputs and products do, order by points. */
#ifndef MEDTL_NN_BLOCKED_WEIGHT_WINOGRAD_H
#define MEDTL_NN_BLOCKED_WEIGHT_WINOGRAD_H

#include "pack.h"
#include "weight_gradient.h"
#include "winograd_by_points.h"

enum { STRIP_TILES = 128, ADJOINT_TILE = 64 /* channels of an item, either way */ };

/* W = A dy of one line: `outputs` vectors become `points`. */
INLINE void adjoint_line(const int points, const int outputs, const float *from, size_t step,
                         float *to, size_t to_step)
{
    vec in[WINOGRAD_MOST_POINTS];

    UNROLL
    for (int i = 0; i < outputs; i++)
        in[i] = vec_load(from + (size_t)i * step);
    UNROLL
    for (int p = 0; p < points - 1; p++) {
        vec sum = in[0];

        UNROLL
        for (int i = 1; i < outputs; i++)
            if (power(p, i) != 0.0f)
                sum += power(p, i) * in[i];
        vec_store(to + (size_t)p * to_step, sum);
    }
    vec_store(to + (size_t)(points - 1) * to_step, in[outputs - 1]);
}

INLINE void adjoint_lines_of(const int points, const int outputs, const lines *from,
                             const lines *to, size_t count)
{
    for (size_t n = 0; n < count; n++)
        adjoint_line(points, outputs, from->data + n * from->line, from->step,
                     to->data + n * to->line, to->step);
}

static void adjoint_lines(size_t points, size_t outputs, const lines *from, const lines *to,
                          size_t count)
{
    switch (points * 8 + outputs) {
    case 4 * 8 + 2:
        adjoint_lines_of(4, 2, from, to, count);
        break;
    case 4 * 8 + 3:
        adjoint_lines_of(4, 3, from, to, count);
        break;
    case 5 * 8 + 2:
        adjoint_lines_of(5, 2, from, to, count);
        break;
    case 5 * 8 + 3:
        adjoint_lines_of(5, 3, from, to, count);
        break;
    case 5 * 8 + 4:
        adjoint_lines_of(5, 4, from, to, count);
        break;
    case 6 * 8 + 2:
        adjoint_lines_of(6, 2, from, to, count);
        break;
    case 6 * 8 + 3:
        adjoint_lines_of(6, 3, from, to, count);
        break;
    case 6 * 8 + 4:
        adjoint_lines_of(6, 4, from, to, count);
        break;
    case 7 * 8 + 3:
        adjoint_lines_of(7, 3, from, to, count);
        break;
    case 7 * 8 + 4:
        adjoint_lines_of(7, 4, from, to, count);
        break;
    case 8 * 8 + 4:
        adjoint_lines_of(8, 4, from, to, count);
        break;
    default: /* an axis that is left alone */
        copy_lines(from, to, count);
        break;
    }
}

/* What forward's stages see of a call: its shared arrays lie behind the sums. */
static medtl_blocked_call adjoint_call(const medtl_blocked_weight *w,
                                       const medtl_blocked_weight_call *call)
{
    return (medtl_blocked_call){.count = call->count,
                                .x = call->x,
                                .x_stride = call->x_stride,
                                .shared = call->shared + w->sum_floats};
}

/* 16 channels of one tile of dy; what lies beyond the outputs is zero. `to` is the tile's place in the first point. */
static void transform_gradient_tile(const medtl_blocked_conv *c, const float *plane,
                                    const tile_place *t, float *to, size_t pitch)
{
    const medtl_conv_shape *s = &c->shape;
    const size_t row = t->row * c->h.outputs, column = t->column * c->w.outputs;
    const size_t rows = minimum(c->h.outputs, s->height_out - row);
    const size_t columns = minimum(c->w.outputs, s->width_out - column);
    float patch[MOST_TILE_FLOATS], turned[MOST_TILE_FLOATS];
    lines from = {patch, c->w.outputs * BLOCK, BLOCK};

    plane += (row * s->width_out + column) * BLOCK;
    if (rows == c->h.outputs && columns == c->w.outputs) {
        from = (lines){(float *)plane, s->width_out * BLOCK, BLOCK};
    } else {
        zero_floats(patch, c->h.outputs * c->w.outputs * BLOCK);
        for (size_t i = 0; i < rows; i++)
            copy_floats(patch + i * c->w.outputs * BLOCK, plane + i * s->width_out * BLOCK,
                        columns * BLOCK);
    }
    for (int part = 0; part < PARTS_OF_BLOCK; part++) {
        const lines half = {turned, c->w.outputs * BLOCK, BLOCK};
        const lines turned_rows = {turned, BLOCK, c->w.outputs * BLOCK};
        const lines out = {to + part * VECTOR, pitch, c->w.points * pitch};

        adjoint_lines(c->h.points, c->h.outputs, &from, &half, c->w.outputs);
        adjoint_lines(c->w.points, c->w.outputs, &turned_rows, &out, c->h.points);
        from.data += VECTOR;
    }
}

/* One block of output channels of one image. Tiles that are there to be read ahead only stay as they are. */
static void run_gradient_tiles(const medtl_blocked_weight *w, const medtl_blocked_weight_call *call,
                               size_t item)
{
    const medtl_blocked_conv *c = &w->conv;
    const medtl_blocked_call forward = adjoint_call(w, call);
    const winograd_arrays a = shared_arrays(c, &forward);
    const size_t grid = c->h.grid * c->w.grid, n = item % call->count, block = item / call->count;
    const float *plane =
        call->dy + n * call->dy_stride + block * c->shape.height_out * c->shape.width_out * BLOCK;
    float *to = a.products + block * medtl_winograd_points(c) * a.product_pitch;

    for (size_t tile = n * grid; tile < (n + 1) * grid; tile++) {
        const tile_place t = place_of(c, tile);

        if (t.row < c->h.tiles && t.column < c->w.tiles)
            transform_gradient_tile(c, plane, &t, to + tile * BLOCK, a.product_pitch);
    }
}

/* The part of dU that an item sums: one point of all sources, some channels either way. */
typedef struct adjoint_item {
    size_t point, in, inputs, out, outputs;
} adjoint_item;

static adjoint_item adjoint_item_at(const medtl_blocked_weight *w, size_t item)
{
    const medtl_conv_shape *s = &w->shape;
    adjoint_item t = {.point = item / (w->input_tiles * w->output_tiles)};

    t.in = item / w->output_tiles % w->input_tiles * w->inputs;
    t.out = item % w->output_tiles * w->outputs;
    t.inputs = minimum(w->inputs, s->channels_in - t.in);
    t.outputs = minimum(w->outputs, s->channels_out - t.out);
    return t;
}

/* dU[point][source][input channel][output channel] */
static size_t sums_place(const medtl_blocked_weight *w, size_t point, size_t source)
{
    const size_t sources = w->conv.h.sources * w->conv.w.sources;

    return (point * sources + source) * w->shape.channels_in * w->shape.channels_out;
}

/* Sums over some tiles: base has everything but the channels. */
static void sum_strip(const medtl_blocked_weight *w, const adjoint_item *t, const sum_product *base,
                      size_t x_step, float *sums)
{
    for (size_t k = 0; k < t->outputs;) {
        const bool two = SUM_BLOCKS > 1 && k + 2 * BLOCK <= t->outputs;
        sum_product p = *base;

        p.dy += (t->out + k) / BLOCK * p.dy_block;
        for (size_t c = 0; c < t->inputs; c += BLOCK)
            for (size_t half = 0; half < BLOCK; half += SUM_ROWS) {
                p.x = base->x + (t->in + c) / BLOCK * x_step + half;
                p.sums = sums + (t->in + c + half) * w->shape.channels_out + t->out + k;
                if (two)
                    sum_two_blocks(&p, true);
                else
                    sum_one_block(&p, true);
            }
        k += two ? 2 * BLOCK : BLOCK;
    }
}

/* All tiles of one source. Without tiles to be read ahead they are one row. */
static void sum_source(const medtl_blocked_weight *w, const adjoint_item *t,
                       const winograd_arrays *a, const float *x, size_t images, float *sums)
{
    const medtl_blocked_conv *c = &w->conv;
    const bool split = c->h.ahead + c->w.ahead > 0;
    const size_t row = split ? c->w.grid : STRIP_TILES;
    const size_t columns = split ? c->w.tiles : STRIP_TILES;
    const size_t rows = split ? c->h.tiles : medtl_divide_up(a->tiles, STRIP_TILES);
    const size_t band = split ? medtl_divide_up(STRIP_TILES, columns) : 1;
    const size_t x_step = medtl_winograd_points(c) * a->input_pitch;
    sum_product p = {.sum_pitch = w->shape.channels_out,
                     .dy_block = medtl_winograd_points(c) * a->product_pitch,
                     .images = 1,
                     .x_row = row * BLOCK,
                     .x_pixel = BLOCK,
                     .dy_row = row * BLOCK};

    for (size_t n = 0; n < (split ? images : 1); n++)
        for (size_t r = 0; r < rows; r += band) {
            const size_t tile = n * c->h.grid * c->w.grid + r * row;

            p.x = x + tile * BLOCK;
            p.dy = a->products + t->point * a->product_pitch + tile * BLOCK;
            p.rows = minimum(band, rows - r);
            p.columns = split ? columns : minimum(columns, a->tiles - tile);
            sum_strip(w, t, &p, x_step, sums);
        }
}

static void run_adjoint_point(const medtl_blocked_weight *w, const medtl_blocked_weight_call *call,
                              size_t item)
{
    const medtl_blocked_conv *c = &w->conv;
    const medtl_blocked_call forward = adjoint_call(w, call);
    const winograd_arrays a = shared_arrays(c, &forward);
    const adjoint_item t = adjoint_item_at(w, item);
    const medtl_winograd_point *p = &c->point[0][t.point];

    for (size_t i = 0; i < p->sources; i++) {
        const size_t v = p->number[i] / MEDTL_WINOGRAD_SOURCES,
                     h = p->number[i] % MEDTL_WINOGRAD_SOURCES;
        const medtl_winograd_source *sv = &c->h.source[v], *sh = &c->w.source[h];
        const float *x = a.inputs +
                         input_place(c, &a, sv->phase * c->w.stride + sh->phase, 0, t.point) +
                         (sv->shift * c->w.grid + sh->shift) * BLOCK;
        float *sums = call->shared + sums_place(w, t.point, v * c->w.sources + h);

        for (size_t k = 0; k < t.inputs && call->first; k++)
            zero_floats(sums + (t.in + k) * w->shape.channels_out + t.out, t.outputs);
        sum_source(w, &t, &a, x, call->count, sums);
    }
}

/* What one source gives the taps: taps[tap] = G^T dU G for 16 output channels of one input channel. `from`: of the
 * source's first point; points are `pitch` floats apart. */
static void source_taps(const medtl_blocked_conv *c, const medtl_winograd_source *v,
                        const medtl_winograd_source *h, const weight_transform *gv,
                        const weight_transform *gh, const float *from, size_t pitch, wide *taps)
{
    for (size_t i = 0; i < c->h.window; i++) {
        const int row = v->tap[i];
        wide half[WINOGRAD_MOST_POINTS];

        if (row < 0)
            continue;
        for (size_t q = 0; q < c->w.points; q++) {
            memset(half[q], 0, sizeof half[q]);
            for (size_t p = 0; p < c->h.points; p++)
                if (gv->g[p][i] != 0.0 &&
                    medtl_winograd_counts(&c->w, h, q, c->shape.kernel_w, c->shape.kernel_w))
                    for (size_t k = 0; k < BLOCK; k++)
                        half[q][k] += gv->g[p][i] * (double)from[(p * c->w.points + q) * pitch + k];
        }
        for (size_t j = 0; j < c->w.window; j++)
            for (size_t q = 0; q < c->w.points && h->tap[j] >= 0; q++)
                if (gh->g[q][j] != 0.0)
                    for (size_t k = 0; k < BLOCK; k++)
                        taps[(size_t)row * c->shape.kernel_w + (size_t)h->tap[j]][k] +=
                            gh->g[q][j] * half[q][k];
    }
}

/* dw of 16 output channels and 16 input channels. */
static void run_adjoint_results(const medtl_blocked_weight *w,
                                const medtl_blocked_weight_call *call, size_t item)
{
    const medtl_blocked_conv *c = &w->conv;
    const size_t taps = w->shape.kernel_h * w->shape.kernel_w;
    const size_t blocks = w->shape.channels_out / BLOCK, k = item % blocks * BLOCK;
    const size_t pitch = sums_place(w, 1, 0);
    const weight_transform gv = transform_of(&c->h), gh = transform_of(&c->w);
    wide sums[WINOGRAD_MOST_POINTS * WINOGRAD_MOST_POINTS];

    for (size_t in = item / blocks * BLOCK; in < (item / blocks + 1) * BLOCK; in++) {
        float *dw = call->dw + (k * w->shape.channels_in + in) * taps;

        memset(sums, 0, taps * sizeof sums[0]);
        for (size_t s = 0; s < c->h.sources * c->w.sources; s++)
            source_taps(c, &c->h.source[s / c->w.sources], &c->w.source[s % c->w.sources], &gv, &gh,
                        call->shared + sums_place(w, 0, s) + in * w->shape.channels_out + k, pitch,
                        sums);
        for (size_t i = 0; i < BLOCK; i++, dw += w->shape.channels_in * taps)
            for (size_t tap = 0; tap < taps; tap++)
                dw[tap] = (float)sums[tap][i];
    }
}

static void run_adjoint(const medtl_blocked_weight *w, const medtl_blocked_weight_call *call,
                        size_t stage, size_t item)
{
    const medtl_blocked_call forward = adjoint_call(w, call);

    if (stage == 0)
        run_shared_inputs(&w->conv, &forward, item);
    else if (stage == 1)
        run_gradient_tiles(w, call, item);
    else if (stage == 2)
        run_adjoint_point(w, call, item);
    else
        run_adjoint_results(w, call, item);
}

static void run_weight_item(const medtl_blocked_weight *w, const medtl_blocked_weight_call *call,
                            size_t stage, size_t item)
{
    if (w->winograd)
        run_adjoint(w, call, stage, item);
    else
        run_weight(w, call, stage, item);
}

#endif
