/* Convolution by Winograd's minimal filtering: transform tiles of the input, multiply them point by point with the
 * transformed weights, transform the products back. What is special here: kernels with more taps than a window are
 * cut into windows that lie whole tiles apart, and a stride of two into phases, so that several sources, of the same
 * transformed input, add up in one product. */
#ifndef MEDTL_NN_BLOCKED_WINOGRAD_TILE_H
#define MEDTL_NN_BLOCKED_WINOGRAD_TILE_H

#include "conv_parts.h"
#include "product.h"
#include "winograd_transform.h"

enum { MOST_TILE_FLOATS = WINOGRAD_MOST_POINTS * WINOGRAD_MOST_POINTS * BLOCK };

/* A tile of the grid: grid positions past the image's tiles are there to be read ahead only. */
typedef struct tile_place {
    size_t image, row, column;
} tile_place;

static tile_place place_of(const medtl_blocked_conv *c, size_t tile)
{
    const size_t grid = c->h.grid * c->w.grid;

    return (tile_place){tile / grid, tile % grid / c->w.grid, tile % c->w.grid};
}

/* The window of a tile along one axis: elements `first` + i * stride of the input, i in [low, high). */
typedef struct tile_window {
    ptrdiff_t first;
    size_t low, high;
} tile_window;

static tile_window window_of(const medtl_winograd_axis *axis, size_t tile, size_t phase, size_t in)
{
    const ptrdiff_t stride = (ptrdiff_t)axis->stride;
    tile_window w;

    w.first = ((ptrdiff_t)(tile * axis->outputs) + axis->base) * stride + (ptrdiff_t)phase;
    w.low = w.first < 0 ? (size_t)((-w.first + stride - 1) / stride) : 0;
    w.high =
        w.first < (ptrdiff_t)in ? (size_t)(((ptrdiff_t)in - w.first + stride - 1) / stride) : 0;
    w.high = w.high < axis->points ? w.high : axis->points;
    w.low = w.low < w.high ? w.low : w.high;
    return w;
}

/* One tile of 16 channels: `plane` is the block of channels, `to` the tile's place in the first point. */
static void transform_tile(const medtl_blocked_conv *c, const float *plane, const tile_window *v,
                           const tile_window *h, float *to, size_t pitch)
{
    const size_t width = c->shape.width_in;
    float patch[MOST_TILE_FLOATS], turned[MOST_TILE_FLOATS];
    lines from, half = {turned, c->w.points * BLOCK, BLOCK};

    if (v->low == 0 && v->high == c->h.points && h->low == 0 && h->high == c->w.points) {
        from.data = (float *)plane + ((size_t)v->first * width + (size_t)h->first) * BLOCK;
        from.step = c->h.stride * width * BLOCK;
        from.line = c->w.stride * BLOCK;
    } else { /* at an edge: what lies outside is zero */
        zero_floats(patch, c->h.points * c->w.points * BLOCK);
        for (size_t i = v->low; i < v->high; i++)
            for (size_t j = h->low; j < h->high; j++)
                copy_floats(patch + (i * c->w.points + j) * BLOCK,
                            plane + ((size_t)(v->first + (ptrdiff_t)(i * c->h.stride)) * width +
                                     (size_t)(h->first + (ptrdiff_t)(j * c->w.stride))) *
                                        BLOCK,
                            BLOCK);
        from = (lines){patch, c->w.points * BLOCK, BLOCK};
    }
    for (int part = 0; part < PARTS_OF_BLOCK; part++) {
        const lines out = {to + part * VECTOR, pitch, c->w.points * pitch};
        const lines turned_rows = {turned, BLOCK, c->w.points * BLOCK};

        input_lines(c->h.points, &from, &half, c->w.points);
        input_lines(c->w.points, &turned_rows, &out, c->h.points);
        from.data += VECTOR;
    }
}

/* Tiles [first, end) of one phase and block of channels; `to` is the place of tile `first`. */
static void transform_inputs(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                             size_t phase, size_t step, size_t first, size_t end, float *to,
                             size_t pitch)
{
    const medtl_conv_shape *s = &c->shape;
    const size_t plane = step * s->height_in * s->width_in * BLOCK;

    for (size_t tile = first; tile < end; tile++, to += BLOCK) {
        const tile_place t = place_of(c, tile);
        const tile_window v = window_of(&c->h, t.row, phase / c->w.stride, s->height_in);
        const tile_window h = window_of(&c->w, t.column, phase % c->w.stride, s->width_in);

        transform_tile(c, call->x + t.image * call->x_stride + plane, &v, &h, to, pitch);
    }
}

/* The places of transformed input and of products. Tile 0 is tile `first` of the images. */
typedef struct winograd_arrays {
    float *inputs, *products;
    size_t input_pitch, product_pitch;
    size_t first, tiles; /* that have outputs, or lie between those */
} winograd_arrays;

static size_t input_place(const medtl_blocked_conv *c, const winograd_arrays *a, size_t phase,
                          size_t step, size_t point)
{
    return ((phase * c->steps + step) * medtl_winograd_points(c) + point) * a->input_pitch;
}

/* Rows of tiles, leaving out what is only there to be read. Row 0 of the arrays begins a row of the grid. */
static void multiply_rows(const medtl_blocked_conv *c, const winograd_arrays *a, const product *p,
                          size_t channels)
{
    const size_t row = c->w.grid * BLOCK, rows = a->tiles / c->w.grid;

    for (size_t r = 0, run; r < rows; r += run) {
        const size_t in_image = (a->first / c->w.grid + r) % c->h.grid;

        run = in_image < c->h.tiles ? minimum(rows - r, c->h.tiles - in_image) : 1;
        if (in_image < c->h.tiles)
            product_rows(p, channels, BLOCK, p->x + r * row, row, r * row, row, run, c->w.tiles);
    }
}

/* Which part of a point's sum is asked for: some sources, and some steps of each. */
typedef struct point_sum {
    size_t point;
    const unsigned char *numbers; /* of the sources, see medtl_winograd_point */
    size_t sources, first_step, steps;
    bool add; /* to what is there */
    weights_ahead ahead;
} point_sum;

/* The products of one point and group; `to` is the place of the group's first channels. */
static void multiply_point(const medtl_blocked_conv *c, const winograd_arrays *a,
                           const point_sum *sum, size_t channels, const float *weights, float *to)
{
    size_t source[MEDTL_WINOGRAD_SOURCES * MEDTL_WINOGRAD_SOURCES];
    const product p = {.x = a->inputs,
                       .source = source,
                       .sources = sum->sources,
                       .steps = sum->steps,
                       .step_pitch = medtl_winograd_points(c) * a->input_pitch,
                       .w = weights,
                       .y = to + sum->point * a->product_pitch,
                       .y_block = medtl_winograd_points(c) * a->product_pitch,
                       .add = sum->add,
                       .ahead = sum->ahead};

    for (size_t i = 0; i < sum->sources; i++) {
        const medtl_winograd_source *v = &c->h.source[sum->numbers[i] / MEDTL_WINOGRAD_SOURCES];
        const medtl_winograd_source *h = &c->w.source[sum->numbers[i] % MEDTL_WINOGRAD_SOURCES];

        source[i] =
            input_place(c, a, v->phase * c->w.stride + h->phase, sum->first_step, sum->point) +
            (v->shift * c->w.grid + h->shift) * BLOCK;
    }
    if (c->h.ahead + c->w.ahead > 0)
        multiply_rows(c, a, &p, channels);
    else
        product_rows(&p, channels, BLOCK, a->inputs, 0, 0, 0, 1, a->tiles);
}

/* Where the outputs of one tile go, as far as there are any. */
static void finish_tile(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                        const tile_place *t, size_t channel, const float *values)
{
    const medtl_conv_shape *s = &c->shape;
    const size_t row = t->row * c->h.outputs, column = t->column * c->w.outputs;
    const size_t rows = minimum(c->h.outputs, s->height_out - row);
    const size_t columns = minimum(c->w.outputs, s->width_out - column);
    const size_t at = ((channel / BLOCK * s->height_out + row) * s->width_out + column) * BLOCK;

    for (int part = 0; part < PARTS_OF_BLOCK; part++) {
        const size_t k = channel + (size_t)part * VECTOR;
        const vec bias = call->bias != NULL ? vec_load(call->bias + k) : (vec){0};

        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++) {
                const size_t to = at + (i * s->width_out + j) * BLOCK + (size_t)part * VECTOR;
                vec v = vec_load(values + (i * c->w.outputs + j) * BLOCK + (size_t)part * VECTOR) +
                        bias;

                if (call->residual != NULL)
                    v += vec_load(call->residual + t->image * call->residual_stride + to);
                v = vec_rectify(v, call->relu);
                if (call->scale != NULL)
                    v = v * vec_load(call->scale + k) + vec_load(call->shift + k);
                vec_store(call->y + t->image * call->y_stride + to, v);
            }
    }
}

/* 16 output channels of tiles [first, end) of the arrays; `from` is their place in the products. */
static void transform_outputs(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                              const winograd_arrays *a, size_t channel, const float *from,
                              size_t first, size_t end)
{
    float turned[MOST_TILE_FLOATS], values[MOST_TILE_FLOATS];
    const size_t pitch = a->product_pitch;

    for (size_t tile = first; tile < end; tile++) {
        const tile_place t = place_of(c, a->first + tile);

        if (t.row >= c->h.tiles || t.column >= c->w.tiles)
            continue;
        for (int part = 0; part < PARTS_OF_BLOCK; part++) {
            const lines in = {(float *)from + tile * BLOCK + part * VECTOR, c->w.points * pitch,
                              pitch};
            const lines half = {turned, c->w.points * BLOCK, BLOCK};
            const lines turned_rows = {turned, BLOCK, c->w.points * BLOCK};
            const lines out = {values + part * VECTOR, BLOCK, c->w.outputs * BLOCK};

            output_lines(c->h.points, c->h.outputs, &in, &half, c->w.points);
            output_lines(c->w.points, c->w.outputs, &turned_rows, &out, c->h.outputs);
        }
        finish_tile(c, call, &t, channel, values);
    }
}

#endif
