/* Convolution by Winograd's minimal filtering: transform tiles of the input, multiply them point by point with the
 * transformed weights, transform the products back. What is special here: kernels with more taps than a window are
 * cut into windows that lie whole tiles apart, and a stride of two into phases, so that several sources, of the same
 * transformed input, add up in one product. */
#ifndef MEDTL_NN_BLOCKED_WINOGRAD_H
#define MEDTL_NN_BLOCKED_WINOGRAD_H

#include "conv_parts.h"
#include "product.h"
#include "winograd_transform.h"

enum {
    MOST_TILE_FLOATS = WINOGRAD_MOST_POINTS * WINOGRAD_MOST_POINTS * BLOCK,
    NEAR_FLOATS = 160 << 10, /* transformed input that is used together */
    LEAST_STEPS = 8          /* so that sums are long enough to be worth storing */
};

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
    const size_t *numbers; /* of the sources, see medtl_winograd_sources() */
    size_t sources, first_step, steps;
    bool add;           /* to what is there */
    const float *ahead; /* the weights that come next, or NULL */
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
                if (call->relu)
                    v = vec_relu(v);
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

/* Where the weights of a point begin within a group's. */
static size_t weights_of_point(const medtl_blocked_conv *c, const medtl_blocked_group *g,
                               size_t point)
{
    size_t numbers[MEDTL_WINOGRAD_SOURCES * MEDTL_WINOGRAD_SOURCES];

    return medtl_winograd_sources(c, &c->parts[g->part], point, numbers) * c->shape.channels_in *
           g->channels;
}

/* Tile by tile: everything of a block of tiles, by one thread. */
static void run_tiles(const medtl_blocked_conv *c, const medtl_blocked_call *call, size_t item)
{
    const size_t points = medtl_winograd_points(c), reach = medtl_winograd_reach(c);
    const size_t all = medtl_winograd_tiles(c, call->count), groups = medtl_blocked_groups(c);
    winograd_arrays a = {.inputs = call->scratch, .first = item * c->tile_block};
    const size_t inputs = minimum(all - a.first, c->tile_block + reach);

    a.tiles = minimum(all - a.first, c->tile_block);
    a.input_pitch = medtl_winograd_pitch(c->tile_block + reach);
    a.product_pitch = medtl_winograd_pitch(c->tile_block);
    a.products = a.inputs + medtl_winograd_phases(c) * c->steps * points * a.input_pitch;
    for (size_t phase = 0; phase < medtl_winograd_phases(c); phase++)
        for (size_t step = 0; step < c->steps; step++)
            transform_inputs(c, call, phase, step, a.first, a.first + inputs,
                             a.inputs + input_place(c, &a, phase, step, 0), a.input_pitch);
    for (size_t i = 0; i < groups; i++) {
        const medtl_blocked_group g = medtl_blocked_group_at(c, i);
        const float *weights = call->packed + g.packed;

        for (size_t point = 0; point < points; point++) {
            size_t numbers[MEDTL_WINOGRAD_SOURCES * MEDTL_WINOGRAD_SOURCES];
            point_sum sum = {.point = point, .numbers = numbers, .steps = c->steps};

            sum.sources = medtl_winograd_sources(c, &c->parts[g.part], point, numbers);
            multiply_point(c, &a, &sum, g.channels, weights, a.products);
            weights += sum.sources * c->shape.channels_in * g.channels;
        }
        for (size_t k = 0; k < g.channels; k += BLOCK)
            transform_outputs(c, call, &a, g.first + k,
                              a.products + k / BLOCK * points * a.product_pitch, 0, a.tiles);
    }
}

static winograd_arrays shared_arrays(const medtl_blocked_conv *c, const medtl_blocked_call *call)
{
    winograd_arrays a = {.inputs = call->shared, .tiles = medtl_winograd_tiles(c, call->count)};

    a.input_pitch = medtl_winograd_pitch(a.tiles + medtl_winograd_reach(c));
    a.product_pitch = medtl_winograd_pitch(a.tiles);
    a.products =
        a.inputs + medtl_winograd_phases(c) * c->steps * medtl_winograd_points(c) * a.input_pitch;
    return a;
}

/* Point by point, three stages: a block of input channels of an image; a point; a block of output channels of
 * an image. */
static void run_shared_inputs(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                              size_t item)
{
    const winograd_arrays a = shared_arrays(c, call);
    const size_t grid = c->h.grid * c->w.grid, n = item % call->count, plane = item / call->count;
    const size_t phase = plane / c->steps, step = plane % c->steps;

    transform_inputs(c, call, phase, step, n * grid, (n + 1) * grid,
                     a.inputs + input_place(c, &a, phase, step, 0) + n * grid * BLOCK,
                     a.input_pitch);
}

/* One group of output channels at one point. */
typedef struct point_group {
    size_t channels, sources;
    size_t numbers[MEDTL_WINOGRAD_SOURCES * MEDTL_WINOGRAD_SOURCES];
    const float *weights; /* of the point */
    size_t next;          /* floats from there to the next group's; 0: it is the last */
    float *to;
} point_group;

static point_group point_group_at(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                                  const winograd_arrays *a, size_t index, size_t point)
{
    const medtl_blocked_group g = medtl_blocked_group_at(c, index);
    const medtl_blocked_part *part = &c->parts[g.part];
    point_group p = {.channels = g.channels, .weights = call->packed + g.packed};

    p.sources = medtl_winograd_sources(c, part, point, p.numbers);
    for (size_t i = 0; i < point; i++)
        p.weights += weights_of_point(c, &g, i);
    p.next = index + 1 < medtl_blocked_groups(c) ? medtl_blocked_weights(c, part) * g.channels : 0;
    p.to = a->products + g.first / BLOCK * medtl_winograd_points(c) * a->product_pitch;
    return p;
}

/* All sources and steps at once, group after group. */
static void multiply_near_point(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                                const winograd_arrays *a, size_t point)
{
    const size_t groups = medtl_blocked_groups(c);

    for (size_t i = 0; i < groups; i++) {
        const point_group g = point_group_at(c, call, a, i, point);
        const point_sum sum = {.point = point,
                               .numbers = g.numbers,
                               .sources = g.sources,
                               .steps = c->steps,
                               .ahead = g.next > 0 ? g.weights + g.next : NULL};

        multiply_point(c, a, &sum, g.channels, g.weights, g.to);
    }
}

/* Some steps of one phase, for every group that reads them. */
static void multiply_phase(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                           const winograd_arrays *a, size_t point, size_t phase, size_t first,
                           size_t steps)
{
    const size_t groups = medtl_blocked_groups(c);

    for (size_t i = 0; i < groups; i++) {
        const point_group g = point_group_at(c, call, a, i, point);

        if (g.sources == 0 && phase == 0 && first == 0) { /* nothing adds up to zero */
            const point_sum none = {.point = point};

            multiply_point(c, a, &none, g.channels, g.weights, g.to);
        }
        for (size_t k = 0; k < g.sources; k++) {
            const size_t v = c->h.source[g.numbers[k] / MEDTL_WINOGRAD_SOURCES].phase;
            const size_t h = c->w.source[g.numbers[k] % MEDTL_WINOGRAD_SOURCES].phase;
            const float *weights = g.weights + (k * c->steps + first) * BLOCK * g.channels;
            const point_sum sum = {.point = point,
                                   .numbers = g.numbers + k,
                                   .sources = 1,
                                   .first_step = first,
                                   .steps = steps,
                                   .add = k > 0 || first > 0,
                                   .ahead = g.next > 0 ? weights + g.next : NULL};

            if (v * c->w.stride + h == phase)
                multiply_point(c, a, &sum, g.channels, weights, g.to);
        }
    }
}

/* Every group reads the transformed input of a point: all at once where that stays in a near cache, else a part for all
 * groups before the next one. Each weight is read once either way. */
static void run_shared_point(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                             size_t point)
{
    const winograd_arrays a = shared_arrays(c, call);
    const size_t phases = medtl_winograd_phases(c), step = a.tiles * BLOCK;
    const size_t most = step * LEAST_STEPS < NEAR_FLOATS ? NEAR_FLOATS / step : LEAST_STEPS;

    if (phases * c->steps * step <= NEAR_FLOATS) {
        multiply_near_point(c, call, &a, point);
        return;
    }
    for (size_t phase = 0; phase < phases; phase++)
        for (size_t first = 0, steps; first < c->steps; first += steps) {
            steps = minimum(most, c->steps - first);
            multiply_phase(c, call, &a, point, phase, first, steps);
        }
}

static void run_shared_outputs(const medtl_blocked_conv *c, const medtl_blocked_call *call,
                               size_t item)
{
    const winograd_arrays a = shared_arrays(c, call);
    const size_t grid = c->h.grid * c->w.grid, n = item % call->count, block = item / call->count;

    transform_outputs(c, call, &a, block * BLOCK,
                      a.products + block * medtl_winograd_points(c) * a.product_pitch, n * grid,
                      (n + 1) * grid);
}

static void run_winograd(const medtl_blocked_conv *c, const medtl_blocked_call *call, size_t stage,
                         size_t item)
{
    if (c->order == MEDTL_WINOGRAD_TILES)
        run_tiles(c, call, item);
    else if (stage == 0)
        run_shared_inputs(c, call, item);
    else if (stage == 1)
        run_shared_point(c, call, item);
    else
        run_shared_outputs(c, call, item);
}

#endif
