/* How a weight gradient is cut: pure arithmetic on a shape. */
#include "conv_parts.h"
#include "gradient.h"

#include <stdint.h>

enum {
    ITEMS = 16, /* of a convolution at least: tiles are split by images and bands up to so many */
    SUM_FLOATS =
        56 << 10,      /* of a tile: they stay in a second-level cache with a band of x and dy */
    MOST_OUTPUTS = 64, /* of a tile with several taps; twice as many with one */
    BAND_PIXELS = 128, /* whose dy stays in a first-level cache */
    MOST_REGISTER_ROWS = 8,        /* of any instruction set: rows are a multiple */
    MOST_SUM_FLOATS = 40 << 20,    /* of dU */
    TRANSFORMED_FLOATS = 16 << 20, /* for images taken together, unless one has more */
    MOST_PLAIN_ROWS = 512          /* of a tile over plain input */
};

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }
static size_t max_size(size_t a, size_t b) { return a > b ? a : b; }

/* Equal tiles of at most `most` of `all`, both in units. */
static void cut(size_t all, size_t most, size_t unit, size_t *each, size_t *tiles)
{
    *tiles = medtl_divide_up(all / unit, max_size(most / unit, 1));
    *each = medtl_divide_up(all / unit, *tiles) * unit;
    *tiles = medtl_divide_up(all, *each);
}

static void cut_tiles(medtl_blocked_weight *w)
{
    const medtl_conv_shape *s = &w->shape;
    const size_t taps = s->kernel_h * s->kernel_w;
    const size_t outputs = taps == 1 ? 2 * MOST_OUTPUTS : MOST_OUTPUTS;

    cut(s->channels_out, outputs, MEDTL_BLOCK, &w->outputs, &w->output_tiles);
    if (w->plain_input)
        cut(s->channels_in, max_size(MOST_PLAIN_ROWS / taps, 1), 1, &w->inputs, &w->input_tiles);
    else
        cut(s->channels_in, min_size(SUM_FLOATS / (taps * w->outputs), outputs), MEDTL_BLOCK,
            &w->inputs, &w->input_tiles);
    w->rows = medtl_divide_up(w->inputs * taps, MOST_REGISTER_ROWS) * MOST_REGISTER_ROWS;
    w->splits = medtl_divide_up(ITEMS, w->input_tiles * w->output_tiles);
}

static void cut_bands(medtl_blocked_weight *w)
{
    const medtl_conv_shape *s = &w->shape;

    w->band = min_size(max_size(BAND_PIXELS / s->width_out, 1), s->height_out);
    w->bands = medtl_divide_up(s->height_out, w->band);
    w->band = medtl_divide_up(s->height_out, w->bands);
    w->images = w->plain_input || w->bands > 1
                    ? 1
                    : max_size(BAND_PIXELS / (s->height_out * s->width_out), 1);
    w->stage_h = (w->band - 1) * s->stride_h + (s->kernel_h - 1) * s->dilation_h + 1;
    w->stage_w = (s->width_out - 1) * s->stride_w + (s->kernel_w - 1) * s->dilation_w + 1;
}

static bool begin(const medtl_conv_shape *shape, bool plain_input, medtl_blocked_weight *weight)
{
    *weight = (medtl_blocked_weight){.shape = *shape, .plain_input = plain_input};
    return shape->groups == 1 && shape->channels_out % MEDTL_BLOCK == 0 &&
           (plain_input || shape->channels_in % MEDTL_BLOCK == 0) &&
           shape->kernel_h * shape->kernel_w <= MOST_PLAIN_ROWS;
}

/* Where forward has Winograd's tiles, if their sums are not too many. */
static bool try_winograd(medtl_blocked_weight *w)
{
    const medtl_conv_shape *s = &w->shape;
    size_t each;

    if (w->plain_input ||
        !medtl_blocked_choose_algorithm(s, false, MEDTL_BLOCKED_WINOGRAD, 0, &w->conv))
        return false;
    w->conv.order = MEDTL_WINOGRAD_POINTS;
    w->sum_floats = medtl_winograd_points(&w->conv) * w->conv.h.sources * w->conv.w.sources *
                    s->channels_in * s->channels_out;
    if (w->sum_floats > MOST_SUM_FLOATS)
        return false;
    w->winograd = true;
    cut(s->channels_in, MOST_OUTPUTS, MEDTL_BLOCK, &w->inputs, &w->input_tiles);
    cut(s->channels_out, MOST_OUTPUTS, MEDTL_BLOCK, &w->outputs, &w->output_tiles);
    each = medtl_blocked_shared_size(&w->conv, 1);
    w->chunk = max_size(TRANSFORMED_FLOATS / max_size(each, 1), 1);
    return true;
}

bool medtl_blocked_weight_choose_method(const medtl_conv_shape *shape, bool plain_input,
                                        bool winograd, medtl_blocked_weight *weight)
{
    if (!begin(shape, plain_input, weight))
        return false;
    if (winograd)
        return try_winograd(weight);
    cut_tiles(weight);
    cut_bands(weight);
    weight->chunk = SIZE_MAX;
    return true;
}

bool medtl_blocked_weight_choose(const medtl_conv_shape *shape, bool plain_input,
                                 medtl_blocked_weight *weight)
{
    return medtl_blocked_weight_choose_method(shape, plain_input, true, weight) ||
           medtl_blocked_weight_choose_method(shape, plain_input, false, weight);
}

size_t medtl_blocked_weight_shared_size(const medtl_blocked_weight *weight, size_t count)
{
    if (weight->winograd)
        return weight->sum_floats + medtl_blocked_shared_size(&weight->conv, count);
    return weight->splits * weight->input_tiles * weight->output_tiles * weight->rows *
           weight->outputs;
}

size_t medtl_blocked_weight_scratch_size(const medtl_blocked_weight *weight)
{
    return weight->plain_input ? weight->inputs * weight->stage_h * weight->stage_w : 0;
}

size_t medtl_blocked_weight_stages(const medtl_blocked_weight *weight)
{
    return weight->winograd ? 4 : 2;
}

static size_t winograd_items(const medtl_blocked_weight *w, size_t stage, size_t count)
{
    const size_t outputs = w->shape.channels_out / MEDTL_BLOCK;

    switch (stage) {
    case 0:
        return medtl_winograd_phases(&w->conv) * w->conv.steps * count;
    case 1:
        return outputs * count;
    case 2:
        return medtl_winograd_points(&w->conv) * w->input_tiles * w->output_tiles;
    default:
        return outputs * (w->shape.channels_in / MEDTL_BLOCK);
    }
}

size_t medtl_blocked_weight_items(const medtl_blocked_weight *weight, size_t stage, size_t count)
{
    const size_t tiles = weight->input_tiles * weight->output_tiles;

    if (weight->winograd)
        return winograd_items(weight, stage, count);
    return stage == 0 ? tiles * weight->splits : tiles * (weight->outputs / MEDTL_BLOCK);
}

void medtl_blocked_weight_run(const medtl_blocked_weight *weight,
                              const medtl_blocked_weight_call *call, size_t stage, size_t item)
{
    medtl_blocked_kernels_get()->weight(weight, call, stage, item);
}
