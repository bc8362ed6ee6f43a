/* Which algorithm a convolution gets, and how it is cut into items. */
#include "conv_choose.h"

#include "int8.h"

#include <math.h>
#include <string.h>

enum {
    ITEMS = 16,                    /* of a stage at least, where there is work enough to share */
    PANEL_FLOATS = 128 << 10,      /* weights used together: they stay in a second-level cache */
    BAND_FLOATS = 64 << 10,        /* input that is used together with small weights */
    WEIGHTS_FLOATS = 128 << 10,    /* weights above this are worth reading once only */
    LARGE_BAND_FLOATS = 256 << 10, /* input that is used together with large weights */
    TILE_FLOATS = 224 << 10,       /* transformed tiles of one thread */
    TILE_BLOCK = 14,               /* tiles of a block at least: what a register tile has */
    MOST_TILE_BLOCK = 56,
    TILE_BLOCKS = 8,          /* at least */
    NORM_ITEMS = 8,           /* of a convolution that normalises its input */
    LEAST_NORM_PIXELS = 24,   /* of each */
    SHARED_FLOATS = 16 << 20, /* for images taken together */
    MOST_IMAGES = 1024
};
#define LEAST_SCALE 1e-30f /* of inputs in whole numbers: neither it nor its inverse may overflow */

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }
static size_t max_size(size_t a, size_t b) { return a > b ? a : b; }
static size_t round_up(size_t a, size_t b) { return medtl_divide_up(a, b) * b; }

static bool is_depthwise(const medtl_conv_shape *s)
{
    return s->groups == s->channels_in && s->channels_out == s->channels_in && s->groups > 1;
}

static bool is_square(const medtl_conv_shape *s)
{
    return s->kernel_h == s->kernel_w && s->stride_h == s->stride_w;
}

/* Winograd ------------------------------------------------------------------------------------------ */

static ptrdiff_t floor_half(ptrdiff_t a, size_t stride)
{
    return stride == 1 ? a : (a >= 0 ? a / 2 : -((1 - a) / 2));
}

/* Stride 1, or each phase of stride 2: tap t reads element o + floor((t - pad) / stride) of phase (t - pad) mod
 * stride for output o. */
static bool fill_sources(medtl_winograd_axis *axis, size_t taps, size_t pad)
{
    ptrdiff_t last = 0;

    axis->base = floor_half(-(ptrdiff_t)pad, axis->stride);
    last = floor_half((ptrdiff_t)taps - 1 - (ptrdiff_t)pad, axis->stride);
    axis->window = (size_t)(last - axis->base) + 1;
    if (axis->window > MEDTL_WINOGRAD_WINDOW)
        return false;
    axis->sources = axis->stride;
    for (size_t f = 0; f < axis->stride; f++)
        axis->source[f] = (medtl_winograd_source){f, 0, {-1, -1, -1, -1, -1}};
    for (size_t t = 0; t < taps; t++) {
        const ptrdiff_t reach = (ptrdiff_t)t - (ptrdiff_t)pad;
        const ptrdiff_t element = floor_half(reach, axis->stride);

        axis->source[reach - element * (ptrdiff_t)axis->stride].tap[element - axis->base] = (int)t;
    }
    return true;
}

/* Six to eight taps at stride 1: two windows of four, a tile apart. The second one needs exactly what the next tile's
 * first one does, if a tile has four outputs. */
static void fill_split_sources(medtl_winograd_axis *axis, size_t taps, size_t pad)
{
    axis->base = -(ptrdiff_t)pad;
    axis->window = 4;
    axis->sources = 2;
    axis->ahead = 1;
    for (int f = 0; f < 2; f++) {
        axis->source[f] = (medtl_winograd_source){0, (size_t)f, {-1, -1, -1, -1, -1}};
        for (int j = 0; j < 4; j++)
            if (4 * f + j < (int)taps)
                axis->source[f].tap[j] = 4 * f + j;
    }
}

static bool fill_axis(size_t taps, size_t stride, size_t pad, size_t out, size_t outputs,
                      medtl_winograd_axis *axis)
{
    *axis = (medtl_winograd_axis){.outputs = outputs, .stride = stride};
    if (taps == 1 && stride == 1) { /* the other axis is worth it */
        axis->outputs = axis->points = axis->window = axis->sources = 1;
        axis->source[0] = (medtl_winograd_source){0, 0, {0, -1, -1, -1, -1}};
        axis->base = -(ptrdiff_t)pad;
    } else {
        if (stride > 2 || taps < 2 || taps > 8)
            return false;
        if (stride == 1 && taps > MEDTL_WINOGRAD_WINDOW) {
            if (outputs != 4)
                return false;
            fill_split_sources(axis, taps, pad);
        } else if (!fill_sources(axis, taps, pad)) {
            return false;
        }
        axis->points = outputs + axis->window - 1;
        if (axis->points < 4 || axis->points > MEDTL_WINOGRAD_MOST_POINTS || outputs < 2 ||
            outputs > 4)
            return false;
    }
    axis->tiles = medtl_divide_up(out, axis->outputs);
    axis->grid = axis->tiles + axis->ahead;
    return true;
}

static size_t transformed_weights(const medtl_blocked_conv *conv)
{
    size_t sum = 0;

    for (size_t i = 0; i < conv->part_count; i++)
        sum += conv->parts[i].channels * medtl_winograd_products(conv, &conv->parts[i]);
    return sum * conv->shape.channels_in;
}

/* Tiles of one thread with all their input channels fit its cache, and there are enough of them: tile by tile.
 * Otherwise point by point. */
static void order_winograd(medtl_blocked_conv *conv)
{
    const size_t points = medtl_winograd_points(conv), tiles = medtl_winograd_tiles(conv, 1);
    const size_t each = points * MEDTL_BLOCK *
                        (conv->steps * medtl_winograd_phases(conv) + conv->group / MEDTL_BLOCK);
    const size_t fitting = min_size(TILE_FLOATS / each, MOST_TILE_BLOCK);

    conv->order = MEDTL_WINOGRAD_POINTS;
    conv->images = MOST_IMAGES;
    if (fitting >= TILE_BLOCK && tiles >= TILE_BLOCKS * TILE_BLOCK &&
        transformed_weights(conv) <= 2 * (size_t)WEIGHTS_FLOATS) {
        size_t blocks = max_size(medtl_divide_up(tiles, fitting), TILE_BLOCKS);

        blocks = round_up(blocks, 2); /* for two threads */
        conv->order = MEDTL_WINOGRAD_TILES;
        conv->tile_block = medtl_divide_up(tiles, blocks);
        if (conv->h.ahead + conv->w.ahead > 0) /* whole rows */
            conv->tile_block = max_size(fitting / conv->w.grid, 1) * conv->w.grid;
        return;
    }
    conv->tile_block = max_size(tiles, 1);
    conv->images =
        max_size(min_size(SHARED_FLOATS / max_size(medtl_blocked_shared_size(conv, 1), 1), 16), 1);
}

static bool try_winograd(medtl_blocked_conv *conv, const medtl_blocked_width *width, size_t outputs)
{
    const medtl_conv_shape *s = &conv->shape;

    if (conv->plain_input || s->groups != 1 || s->dilation_h != 1 || s->dilation_w != 1 ||
        s->stride_h != s->stride_w || (s->kernel_h == 1 && s->kernel_w == 1))
        return false;
    if (!fill_axis(s->kernel_h, s->stride_h, s->pad_top, s->height_out, outputs, &conv->h) ||
        !fill_axis(s->kernel_w, s->stride_w, s->pad_left, s->width_out, outputs, &conv->w))
        return false;
    conv->algorithm = MEDTL_BLOCKED_WINOGRAD;
    conv->group = width->narrow_group;
    medtl_winograd_fill_points(conv);
    order_winograd(conv);
    return true;
}

/* The outputs of a tile that pay, or 0: measured on AVX-512, see docs/KERNELS.md. Small images have few tiles,
 * and then the transformed weights are more to read than the products are to compute. */
static size_t usual_outputs(const medtl_conv_shape *s)
{
    const size_t taps = max_size(s->kernel_h, s->kernel_w), stride = s->stride_h;
    const size_t out = min_size(s->kernel_h > 1 ? s->height_out : s->width_out,
                                s->kernel_w > 1 ? s->width_out : s->height_out);

    if (stride == 2) {
        if (taps < 3 || !is_square(s))
            return 0;
        if (taps == 3)
            return out >= 20 ? 4 : 0;
        return out >= 20 ? 4 : out >= 10 ? 2 : 0;
    }
    if (taps >= 6)
        return out >= 8 ? 4 : 0;
    if (taps == 5 || taps == 4)
        return out >= 8 ? 4 : 0;
    if (taps == 3)
        return out >= 20 ? 4 : out >= 10 ? 2 : 0;
    return 0;
}

/* Direct -------------------------------------------------------------------------------------------- */

static void plan_stage(medtl_blocked_conv *conv)
{
    const medtl_conv_shape *s = &conv->shape;
    const bool padded = s->pad_top + s->pad_left + s->pad_bottom + s->pad_right > 0;

    conv->flat = !padded && s->kernel_h == 1 && s->kernel_w == 1;
    conv->staged = padded || s->stride_h > 1 || s->stride_w > 1;
    conv->stage_h = s->height_in;
    conv->stage_w = s->width_in;
    if (conv->staged) {
        conv->stage_h = s->kernel_h == 1 ? s->height_out
                                         : (s->height_out - 1) * s->stride_h +
                                               (s->kernel_h - 1) * s->dilation_h + 1;
        conv->stage_w = s->width_out + (s->kernel_w - 1) * s->dilation_w / s->stride_w;
    }
    conv->stage_plane = medtl_blocked_phases(conv) * conv->stage_h * conv->stage_w * conv->depth;
}

/* The same for an input that is copied in any case. */
static void plan_copied_input(medtl_blocked_conv *conv)
{
    conv->staged = true;
    conv->stage_plane = medtl_blocked_phases(conv) * conv->stage_h * conv->stage_w * conv->depth;
}

static void cut_direct(medtl_blocked_conv *conv)
{
    const medtl_conv_shape *s = &conv->shape;
    const size_t taps = s->kernel_h * s->kernel_w,
                 weights = taps * s->channels_in * s->channels_out;
    const size_t rows = conv->flat ? s->height_out * s->width_out : s->height_out;
    const size_t row = (conv->flat ? 1 : s->width_out) * conv->steps * conv->depth;
    const size_t fitting = (weights > WEIGHTS_FLOATS ? LARGE_BAND_FLOATS : BAND_FLOATS) / row;
    const size_t least = conv->flat ? 56 : 1;

    conv->block_steps =
        min_size(max_size(PANEL_FLOATS / (taps * conv->depth * conv->group), 1), conv->steps);
    conv->block_steps =
        medtl_divide_up(conv->steps, medtl_divide_up(conv->steps, conv->block_steps));
    conv->bands = medtl_divide_up(rows, min_size(max_size(fitting, least), rows));
    conv->chunks = min_size(medtl_divide_up(ITEMS, conv->bands),
                            medtl_divide_up(s->channels_out, conv->group));
    conv->bands = max_size(
        conv->bands, min_size(medtl_divide_up(ITEMS, conv->chunks), medtl_divide_up(rows, least)));
    conv->band = medtl_divide_up(rows, conv->bands);
    conv->bands = medtl_divide_up(rows, conv->band);
    conv->chunk = round_up(medtl_divide_up(s->channels_out, conv->chunks), conv->group);
    conv->chunks = medtl_divide_up(s->channels_out, conv->chunk);
}

static bool try_direct(medtl_blocked_conv *conv, const medtl_blocked_width *width)
{
    const medtl_conv_shape *s = &conv->shape;
    const size_t pixels = s->height_out * s->width_out;

    if (s->groups != 1 || conv->part_count != 1 ||
        s->kernel_h * s->kernel_w > MEDTL_BLOCKED_MOST_TAPS)
        return false;
    conv->algorithm = MEDTL_BLOCKED_DIRECT;
    conv->group = s->channels_out % width->wide_group == 0 && pixels >= 64 && !conv->plain_input
                      ? width->wide_group
                      : width->narrow_group;
    plan_stage(conv);
    cut_direct(conv);
    conv->images =
        conv->staged
            ? max_size(min_size(SHARED_FLOATS / max_size(conv->steps * conv->stage_plane, 1),
                                MOST_IMAGES),
                       1)
            : MOST_IMAGES;
    return true;
}

static bool try_depthwise(medtl_blocked_conv *conv)
{
    if (!is_depthwise(&conv->shape) || conv->plain_input || conv->part_count != 1)
        return false;
    conv->algorithm = MEDTL_BLOCKED_DEPTHWISE;
    conv->group = MEDTL_BLOCK;
    conv->images = MOST_IMAGES;
    return true;
}

/* All output channels of a band at once, since each item normalises its band. */
bool medtl_blocked_take_norm(medtl_blocked_conv *conv, bool relu)
{
    const size_t pixels = conv->shape.height_out * conv->shape.width_out;

    if (conv->algorithm != MEDTL_BLOCKED_DIRECT || !conv->flat || conv->staged ||
        conv->plain_input || pixels < NORM_ITEMS * LEAST_NORM_PIXELS)
        return false;
    conv->input_norm = true;
    conv->input_relu = relu;
    conv->chunk = conv->shape.channels_out;
    conv->chunks = 1;
    conv->band = min_size(conv->band, medtl_divide_up(pixels, NORM_ITEMS));
    conv->bands = medtl_divide_up(pixels, conv->band);
    return true;
}

/* In whole numbers --------------------------------------------------------------------------------------- */

bool medtl_blocked_force_int8(medtl_blocked_conv *conv, float low, float high)
{
    const medtl_conv_shape *s = &conv->shape;
    const medtl_blocked_width *width = &medtl_blocked_kernels_get()->width;
    const size_t taps = s->kernel_h * s->kernel_w;
    medtl_blocked_conv taken = *conv;
    float scale;

    if (!isfinite(low) || !isfinite(high))
        return false;
    low = low < 0.0f ? low : 0.0f;
    high = high > 0.0f ? high : 0.0f;
    scale = (float)(((double)high - (double)low) / INT8_LARGEST_INPUT);
    if (conv->plain_input || !(scale >= LEAST_SCALE && scale <= 1.0f / LEAST_SCALE) ||
        taps > MEDTL_BLOCKED_MOST_TAPS || taps * s->channels_in > INT8_MOST_PRODUCTS ||
        !try_direct(&taken, width))
        return false;
    taken.algorithm = MEDTL_BLOCKED_INT8;
    taken.input_scale = scale;
    taken.input_zero = (int)(-(double)low / (double)scale + 0.5);
    taken.input_norm = conv->input_norm;
    taken.input_relu = conv->input_relu;
    plan_copied_input(&taken);
    cut_direct(&taken);
    taken.images = max_size(
        min_size(4 * SHARED_FLOATS / max_size(taken.steps * taken.stage_plane, 1), MOST_IMAGES), 1);
    *conv = taken;
    return true;
}

/* Measured on AVX-512 with VNNI: everything but 1x1 kernels with so few outputs that making whole numbers of the input
 * takes as long as they do. */
static bool int8_pays(const medtl_blocked_conv *conv)
{
    const medtl_conv_shape *s = &conv->shape;

    return s->kernel_h * s->kernel_w * s->channels_out >= 2 * MEDTL_BLOCK;
}

bool medtl_blocked_take_int8(medtl_blocked_conv *conv, float low, float high)
{
    return int8_pays(conv) && medtl_blocked_force_int8(conv, low, high);
}

/* ---------------------------------------------------------------------------------------------------- */

static bool begin(const medtl_conv_shape *shape, const medtl_blocked_part *parts, size_t part_count,
                  bool plain_input, medtl_blocked_conv *conv)
{
    *conv =
        (medtl_blocked_conv){.shape = *shape, .plain_input = plain_input, .part_count = part_count};
    if (part_count > MEDTL_CONV_MOST_PARTS || shape->channels_out % MEDTL_BLOCK != 0 ||
        (!plain_input && shape->channels_in % MEDTL_BLOCK != 0))
        return false;
    if (parts != NULL)
        memcpy(conv->parts, parts, part_count * sizeof *parts);
    else
        conv->parts[0] =
            (medtl_blocked_part){shape->channels_out, shape->kernel_h, shape->kernel_w};
    conv->depth = plain_input ? 1 : MEDTL_BLOCK;
    conv->steps = shape->channels_in / conv->depth;
    return true;
}

/* Among few tiles the transformed weights of a 3x3 kernel are more to read than they save. */
static bool parts_pay(const medtl_blocked_conv *conv)
{
    const medtl_conv_shape *s = &conv->shape;
    bool small = false;

    for (size_t i = 0; i < conv->part_count; i++)
        small = small || conv->parts[i].kernel_h <= 3;
    return !small || min_size(s->height_out, s->width_out) >= 20;
}

bool medtl_blocked_choose_for(const medtl_conv_shape *shape, const medtl_blocked_part *parts,
                              size_t part_count, bool plain_input, const medtl_blocked_width *width,
                              medtl_blocked_conv *conv)
{
    if (!begin(shape, parts, parts != NULL ? part_count : 1, plain_input, conv))
        return false;
    if (conv->part_count > 1 && !parts_pay(conv))
        return false;
    if (is_depthwise(shape))
        return try_depthwise(conv);
    if (usual_outputs(shape) > 0 && try_winograd(conv, width, usual_outputs(shape)))
        return true;
    return try_direct(conv, width);
}

bool medtl_blocked_choose_algorithm_for(const medtl_conv_shape *shape, bool plain_input,
                                        medtl_blocked_algorithm algorithm, size_t outputs,
                                        const medtl_blocked_width *width, medtl_blocked_conv *conv)
{
    if (!begin(shape, NULL, 1, plain_input, conv))
        return false;
    if (outputs == 0)
        outputs = usual_outputs(shape);
    switch (algorithm) {
    case MEDTL_BLOCKED_DIRECT:
        return try_direct(conv, width);
    case MEDTL_BLOCKED_DEPTHWISE:
        return try_depthwise(conv);
    case MEDTL_BLOCKED_WINOGRAD:
        return outputs > 0 && try_winograd(conv, width, outputs);
    case MEDTL_BLOCKED_INT8: /* needs a range: medtl_blocked_force_int8() */
        return false;
    }
    return false;
}
