/* Memory layouts and tile counts of the convolution passes; see kernels_plan.h for the idea. */
#include "kernels_plan.h"

enum {
    LINE = 16,              /* floats of a cache line */
    DEPTH = 288,            /* products a sum before it goes back to memory: weights stay in L2 */
    CACHE = 512 * 1024 / 4, /* floats that one tile should touch: part of a 1 MB L2 cache */
    TILE_PRODUCTS = 8 * 1000 * 1000, /* a tile below this is not worth a thread's attention */
    TILES = 8,                       /* wanted for an image, if it is big enough */
    BAND_PIXELS = 144,               /* fewer do not fill the register tiles */
    BLOCK_ROWS = 32,                 /* output channels below which staging would dominate */
    BLOCK_COLUMNS = 64, /* columns of dw below which turning dy costs more than a tenth */
    PRODUCT_BYTES =
        24 * 1024 /* of dy that one weight gradient product reads: half of an L1 cache */
};

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }
static size_t max_size(size_t a, size_t b) { return a > b ? a : b; }
static size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }
static size_t round_up(size_t a, size_t b) { return divide_up(a, b) * b; }

static size_t common_divisor(size_t a, size_t b)
{
    while (b != 0) {
        const size_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* Strides of an odd number of cache lines spread over all sets of a cache. */
static size_t odd_lines(size_t floats)
{
    const size_t lines = divide_up(floats, LINE);

    return (lines | 1) * LINE;
}

typedef struct axis_shape {
    size_t in, out, taps, stride, dilation, pad;
} axis_shape;

static axis_shape vertical(const medtl_conv_shape *s)
{
    return (axis_shape){s->height_in, s->height_out, s->kernel_h,
                        s->stride_h,  s->dilation_h, s->pad_top};
}

static axis_shape horizontal(const medtl_conv_shape *s)
{
    return (axis_shape){s->width_in, s->width_out,  s->kernel_w,
                        s->stride_w, s->dilation_w, s->pad_left};
}

static medtl_conv_axis common_axis(axis_shape s)
{
    medtl_conv_axis axis = {.taps = s.taps, .stride = s.stride, .dilation = s.dilation};

    axis.period = s.stride / common_divisor(s.stride, s.dilation);
    axis.shift_span = (s.taps - 1) * s.dilation / s.stride;
    return axis;
}

static medtl_conv_axis forward_axis(axis_shape s)
{
    medtl_conv_axis axis = common_axis(s);

    axis.in = s.in;
    axis.in_stride = s.stride;
    axis.in_pad = (ptrdiff_t)s.pad;
    axis.in_slots = min_size(s.taps, axis.period);
    axis.out = axis.count = s.out;
    axis.out_stride = axis.out_slots = 1;
    return axis;
}

/* dx element i = t * stride + phase - pad sums w[tap] * dy[t - tap * dilation / stride] over the taps whose
 * reach has the remainder `phase`. The range of t covers every element of dx. */
static medtl_conv_axis data_axis(axis_shape s)
{
    medtl_conv_axis axis = common_axis(s);

    axis.transposed = true;
    axis.in = s.out;
    axis.in_stride = axis.in_slots = 1;
    axis.out = s.in;
    axis.out_stride = s.stride;
    axis.out_pad = (ptrdiff_t)s.pad;
    axis.out_slots = min_size(s.taps, axis.period);
    axis.first = (ptrdiff_t)(s.pad / s.stride);
    axis.count = (s.in - 1 + s.pad) / s.stride + 1 - s.pad / s.stride;
    axis.shift_low = -(ptrdiff_t)axis.shift_span;
    return axis;
}

/* The shortest rows in which no tap of one row reads what belongs to another: what lies right of a row's
 * elements may be what lies left of the next row's, if both are padding. */
static size_t row_pitch(const medtl_conv_axis *w)
{
    const size_t reach = w->count + w->shift_span;
    size_t pitch = w->count;

    for (size_t slot = 0; slot < w->in_slots; slot++) {
        const ptrdiff_t origin = medtl_conv_staged_origin(w, w->first, slot);
        const size_t left = medtl_conv_elements_before(origin, w->in_stride, 0, reach);
        const size_t end =
            medtl_conv_elements_before(origin, w->in_stride, (ptrdiff_t)w->in, reach);

        pitch = max_size(pitch, max_size(end, reach - left));
    }
    return pitch;
}

/* Floats of a plane of `rows` outputs: the last row's taps may read on past its pitch. */
static size_t plane_size(const medtl_conv_axis *h, const medtl_conv_axis *w, size_t rows,
                         size_t pitch)
{
    return odd_lines((rows + h->shift_span) * pitch + w->count + w->shift_span);
}

/* Floats past the end of the staged planes that a register tile may read. */
static size_t staged_slack(const medtl_kernel_width *width)
{
    return round_up(width->vector * max_size(width->vectors, 8), LINE);
}

/* Bands of rows first, since each stages only what it reads; then blocks of output channels. */
static void cut_tiles(medtl_conv_plan *p, size_t products)
{
    const size_t phases = p->h.out_slots * p->w.out_slots, slots = p->h.in_slots * p->w.in_slots;
    const size_t wanted = min_size(max_size(products / TILE_PRODUCTS, 1), TILES);
    const size_t row = p->pitch * (p->padded_channels * phases + p->block_channels * slots);
    size_t rows = min_size(divide_up(p->h.count, wanted), CACHE / row);

    rows = max_size(rows, divide_up(BAND_PIXELS, p->pitch));
    rows = min_size(max_size(rows, p->h.shift_span), p->h.count);
    p->bands = divide_up(p->h.count, rows);
    p->band_rows = divide_up(p->h.count, p->bands);
    p->bands = divide_up(p->h.count, p->band_rows);
    p->blocks = p->bands >= wanted ? 1 : divide_up(wanted, p->bands);
    p->blocks = min_size(p->blocks, divide_up(p->padded_channels, BLOCK_ROWS));
    p->block_rows = round_up(divide_up(p->padded_channels, p->blocks), p->tile_rows);
    p->blocks = divide_up(p->padded_channels, p->block_rows);
}

/* Many small groups (depthwise) share a tile. */
static void cut_groups(medtl_conv_plan *p, size_t products)
{
    const size_t each = max_size(products / (p->bands * p->blocks), 1);

    p->tile_groups = min_size(max_size(TILE_PRODUCTS / 8 / each, 1), p->groups);
    p->group_blocks = divide_up(p->groups, p->tile_groups);
}

static void finish_plan(medtl_conv_plan *p, const medtl_kernel_width *width)
{
    const size_t phases = p->h.out_slots * p->w.out_slots, slots = p->h.in_slots * p->w.in_slots;
    const size_t phase_taps = medtl_conv_phase_taps(&p->h, 0) * medtl_conv_phase_taps(&p->w, 0);
    const size_t taps = p->h.taps * p->w.taps;
    const size_t products =
        p->in_channels * p->out_channels * taps * p->h.count * p->w.count / phases;

    p->tile_rows = p->out_channels == 1 ? 1 : width->rows;
    p->padded_channels = p->out_channels == 1 ? 1 : round_up(p->out_channels, width->rows / 2);
    p->pitch = row_pitch(&p->w);
    p->block_channels = divide_up(p->in_channels, divide_up(p->in_channels * phase_taps, DEPTH));
    p->block_channels = max_size(p->block_channels, 1);
    cut_tiles(p, products);
    cut_groups(p, products);
    p->plane = plane_size(&p->h, &p->w, p->band_rows, p->pitch);
    p->result_pitch = odd_lines(p->band_rows * p->pitch);
    p->slack = staged_slack(width);
    p->staged_size = p->block_channels * slots * p->plane + p->slack;
    p->result_size = phases * p->block_rows * p->result_pitch;
    p->scratch_size = p->staged_size + p->result_size +
                      round_up(p->block_channels * taps * (sizeof(size_t) / sizeof(float)), LINE);
}

void medtl_conv_plan_forward(const medtl_conv_shape *shape, const medtl_kernel_width *width,
                             medtl_conv_plan *plan)
{
    *plan = (medtl_conv_plan){.h = forward_axis(vertical(shape)),
                              .w = forward_axis(horizontal(shape)),
                              .in_channels = shape->channels_in / shape->groups,
                              .out_channels = shape->channels_out / shape->groups,
                              .groups = shape->groups};
    finish_plan(plan, width);
}

void medtl_conv_plan_data(const medtl_conv_shape *shape, const medtl_kernel_width *width,
                          medtl_conv_plan *plan)
{
    *plan = (medtl_conv_plan){.h = data_axis(vertical(shape)),
                              .w = data_axis(horizontal(shape)),
                              .in_channels = shape->channels_out / shape->groups,
                              .out_channels = shape->channels_in / shape->groups,
                              .groups = shape->groups};
    finish_plan(plan, width);
}

/* Every tile stages the input channels of its columns and turns the dy of its output channels: among the
 * cuts with enough tiles, take the one that repeats least of that. */
static void cut_weight_tiles(medtl_conv_weight_plan *p, const medtl_kernel_width *width,
                             size_t wanted)
{
    const size_t x_work = p->in_channels * p->h.in * p->w.in,
                 y_work = p->out_channels * p->h.out * p->w.out;
    const size_t column_tiles =
        max_size(p->columns / BLOCK_COLUMNS, max_size(min_size(p->columns / 24, 4), 1));
    const size_t channel_tiles = divide_up(p->out_channels, 2 * width->vector);
    size_t best = 0;

    for (size_t channels = 1; channels <= min_size(wanted, channel_tiles); channels++) {
        const size_t columns = min_size(divide_up(wanted, channels), column_tiles);
        const size_t missing = wanted > columns * channels ? wanted - columns * channels : 0;
        const size_t cost =
            channels * x_work + columns * 2 * y_work + missing * (x_work + 2 * y_work);

        if (best == 0 || cost < best) {
            best = cost;
            p->column_blocks = columns;
            p->channel_blocks = channels;
        }
    }
    p->block_columns = round_up(divide_up(p->columns, p->column_blocks), width->rows);
    p->column_blocks = divide_up(p->columns, p->block_columns);
    p->block_channels = round_up(divide_up(p->out_channels, p->channel_blocks), width->vector);
    p->channel_blocks = divide_up(p->out_channels, p->block_channels);
}

static void cut_weight_bands(medtl_conv_weight_plan *p)
{
    const size_t row = p->staged_channels * p->h.in_slots * p->w.in_slots * p->pitch;
    const size_t rows = max_size(CACHE / row, max_size(p->h.shift_span, 1));

    p->band_rows = divide_up(p->h.count, divide_up(p->h.count, min_size(rows, p->h.count)));
    p->images = 1;
    if (p->band_rows == p->h.count && !p->narrow)
        p->images = max_size(min_size(2 * BAND_PIXELS / (p->h.count * p->w.count), 16), 1);
}

static void size_weight_scratch(medtl_conv_weight_plan *p, const medtl_kernel_width *width)
{
    const size_t taps = p->h.taps * p->w.taps, words = sizeof(size_t) / sizeof(float);
    const size_t planes = p->staged_channels * p->h.in_slots * p->w.in_slots;

    p->plane = plane_size(&p->h, &p->w, p->band_rows, p->pitch);
    p->slack = staged_slack(width);
    p->staged_size = p->images * planes * p->plane + p->slack;
    p->scratch_size = p->staged_size;
    if (p->narrow) { /* dy in the layout of the results, and the offsets of the taps */
        p->offset_at = p->staged_size + odd_lines(p->band_rows * p->pitch);
        p->scratch_size = p->offset_at + round_up((taps + width->rows) * words, LINE);
        return;
    }
    p->scratch_size += p->sum_rows * p->sum_pitch + p->pixels * p->sum_pitch +
                       round_up((p->sum_rows + p->pixels) * words, LINE);
}

void medtl_conv_plan_weight(const medtl_conv_shape *shape, const medtl_kernel_width *width,
                            medtl_conv_weight_plan *plan)
{
    medtl_conv_weight_plan p = {.h = forward_axis(vertical(shape)),
                                .w = forward_axis(horizontal(shape)),
                                .in_channels = shape->channels_in / shape->groups,
                                .out_channels = shape->channels_out / shape->groups,
                                .groups = shape->groups};
    const size_t taps = p.h.taps * p.w.taps;

    p.columns = p.in_channels * taps;
    p.pitch = row_pitch(&p.w);
    p.narrow = p.out_channels * 4 <= width->vector;
    if (p.narrow) {
        p.staged_channels = 1;
        p.tile_groups = divide_up(p.groups, TILES);
    } else {
        cut_weight_tiles(&p, width, p.groups >= TILES ? 1 : TILES / p.groups);
        p.staged_channels = min_size(divide_up(p.block_columns - 1, taps) + 1, p.in_channels);
        p.tile_groups = 1;
    }
    p.group_blocks = divide_up(p.groups, p.tile_groups);
    p.sum_pitch = p.block_channels;
    p.sum_rows = p.block_columns;
    p.pixels = max_size(PRODUCT_BYTES / sizeof(float) / (width->vectors * width->vector), 1);
    cut_weight_bands(&p);
    size_weight_scratch(&p, width);
    *plan = p;
}
