/* The gradient by the input, as convolutions of dy: see gradient.h. */
#include "conv_parts.h"

#include <stdint.h>
#include <string.h>

enum {
    ASIDE_FLOATS = 4 << 20, /* of the phases of images that are taken together */
    ROWS_PIECE = 64         /* rows of one block that are put together as one item */
};

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }
static size_t max_size(size_t a, size_t b) { return a > b ? a : b; }

/* One axis of a phase. Element stride * q + remainder - pad of dx gets dy[q - u] times tap stride * u + remainder,
 * for every u: a convolution of dy by these taps in reverse, whose output 0 is the first q. */
typedef struct phase_axis {
    size_t first, count; /* elements of dx: the first, and how many, `stride` apart */
    size_t taps, last_tap;
    size_t pad_before, pad_after;
    bool fits;
} phase_axis;

static phase_axis phase_of(size_t in, size_t out, size_t taps, size_t stride, size_t dilation,
                           size_t pad, size_t remainder)
{
    const size_t q = pad > remainder ? (pad - remainder + stride - 1) / stride : 0;
    phase_axis a = {.first = q * stride + remainder - pad, .fits = true};
    ptrdiff_t before, after;

    a.count = a.first < in ? (in - a.first + stride - 1) / stride : 0;
    a.taps = taps > remainder ? (taps - remainder + stride - 1) / stride : 0;
    if (a.count == 0 || a.taps == 0)
        return a;
    a.last_tap = (a.taps - 1) * stride + remainder;
    before = (ptrdiff_t)((a.taps - 1) * dilation) - (ptrdiff_t)q;
    after = (ptrdiff_t)(a.count + (a.taps - 1) * dilation) - (ptrdiff_t)out - before;
    a.fits = before >= 0 && after >= 0;
    a.pad_before = (size_t)before;
    a.pad_after = (size_t)after;
    return a;
}

/* Add the phase of two axes, unless no tap reaches it. @return false if blocks cannot do it */
static bool add_phase(medtl_blocked_data *d, const phase_axis *h, const phase_axis *w)
{
    const medtl_conv_shape *s = &d->shape;
    medtl_conv_shape back = {.channels_in = s->channels_out,
                             .height_in = s->height_out,
                             .width_in = s->width_out,
                             .channels_out = s->channels_in,
                             .kernel_h = h->taps,
                             .kernel_w = w->taps,
                             .stride_h = 1,
                             .stride_w = 1,
                             .dilation_h = s->dilation_h,
                             .dilation_w = s->dilation_w,
                             .pad_top = h->pad_before,
                             .pad_left = w->pad_before,
                             .pad_bottom = h->pad_after,
                             .pad_right = w->pad_after,
                             .groups = 1};
    medtl_blocked_phase *p = &d->phase[d->phase_count];

    if (h->count == 0 || w->count == 0 || h->taps == 0 || w->taps == 0)
        return true;
    if (!h->fits || !w->fits || !medtl_conv_shape_complete(&back) || back.height_out != h->count ||
        back.width_out != w->count || !medtl_blocked_choose(&back, NULL, 0, false, &p->conv))
        return false;
    p->row = h->first;
    p->column = w->first;
    p->first_tap = h->last_tap * s->kernel_w + w->last_tap;
    p->row_taps = -(ptrdiff_t)(s->stride_h * s->kernel_w);
    p->column_taps = -(ptrdiff_t)s->stride_w;
    p->packed = medtl_blocked_data_packed_size(d);
    p->aside = d->aside;
    d->aside += s->channels_in * h->count * w->count;
    d->images = min_size(d->images, p->conv.images);
    d->phase_count++;
    return true;
}

bool medtl_blocked_data_choose(const medtl_conv_shape *shape, medtl_blocked_data *data)
{
    const medtl_conv_shape *s = shape;

    memset(data, 0, sizeof *data);
    data->shape = *shape;
    data->images = SIZE_MAX;
    if (s->groups != 1 || s->stride_h > 2 || s->stride_w > 2 ||
        (s->stride_h > 1 && s->dilation_h > 1) || (s->stride_w > 1 && s->dilation_w > 1))
        return false;
    for (size_t i = 0; i < s->stride_h; i++)
        for (size_t j = 0; j < s->stride_w; j++) {
            const phase_axis h = phase_of(s->height_in, s->height_out, s->kernel_h, s->stride_h,
                                          s->dilation_h, s->pad_top, i);
            const phase_axis w = phase_of(s->width_in, s->width_out, s->kernel_w, s->stride_w,
                                          s->dilation_w, s->pad_left, j);

            if (!add_phase(data, &h, &w))
                return false;
        }
    if (s->stride_h * s->stride_w == 1)
        data->aside = 0;
    else
        data->images = min_size(data->images, max_size(ASIDE_FLOATS / max_size(data->aside, 1), 1));
    return data->phase_count > 0;
}

size_t medtl_blocked_data_packed_size(const medtl_blocked_data *data)
{
    size_t sum = 0;

    for (size_t i = 0; i < data->phase_count; i++)
        sum += (medtl_blocked_packed_size(&data->phase[i].conv) + 15) / 16 * 16; /* 64 bytes */
    return sum;
}

size_t medtl_blocked_data_pack_items(const medtl_blocked_data *data)
{
    size_t sum = 0;

    for (size_t i = 0; i < data->phase_count; i++)
        sum += medtl_blocked_pack_items(&data->phase[i].conv);
    return sum;
}

void medtl_blocked_data_pack_item(const medtl_blocked_data *data, const float *weight,
                                  float *packed, size_t item)
{
    const medtl_conv_shape *s = &data->shape;
    const size_t taps = s->kernel_h * s->kernel_w;
    const medtl_blocked_phase *p = data->phase;

    for (; item >= medtl_blocked_pack_items(&p->conv); p++)
        item -= medtl_blocked_pack_items(&p->conv);
    medtl_blocked_pack_item(&p->conv,
                            &(medtl_blocked_view){weight + p->first_tap, taps,
                                                  s->channels_in * taps, p->row_taps,
                                                  p->column_taps, 0},
                            packed + p->packed, item);
}

/* Behind the results of the phases. */
size_t medtl_blocked_data_shared_size(const medtl_blocked_data *data, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < data->phase_count; i++)
        size = max_size(size, medtl_blocked_shared_size(&data->phase[i].conv, count));
    return size + count * data->aside;
}

size_t medtl_blocked_data_scratch_size(const medtl_blocked_data *data)
{
    size_t size = 0;

    for (size_t i = 0; i < data->phase_count; i++)
        size = max_size(size, medtl_blocked_scratch_size(&data->phase[i].conv));
    return size;
}

/* The stages of the phases one after another, and where they lie aside one more to put them together. */
size_t medtl_blocked_data_stages(const medtl_blocked_data *data)
{
    size_t stages = data->aside > 0 ? 1 : 0;

    for (size_t i = 0; i < data->phase_count; i++)
        stages += medtl_blocked_stages(&data->phase[i].conv);
    return stages;
}

/* The phase that a stage belongs to, and which of its stages it is; NULL: the last. */
static const medtl_blocked_phase *phase_at(const medtl_blocked_data *data, size_t *stage)
{
    for (size_t i = 0; i < data->phase_count; i++) {
        const size_t stages = medtl_blocked_stages(&data->phase[i].conv);

        if (*stage < stages)
            return &data->phase[i];
        *stage -= stages;
    }
    return NULL;
}

static size_t row_pieces(const medtl_blocked_data *data)
{
    return medtl_divide_up(data->shape.height_in, ROWS_PIECE);
}

size_t medtl_blocked_data_items(const medtl_blocked_data *data, size_t stage, size_t count)
{
    const medtl_blocked_phase *p = phase_at(data, &stage);

    return p != NULL ? medtl_blocked_items(&p->conv, stage, count)
                     : count * (data->shape.channels_in / MEDTL_BLOCK) * row_pieces(data);
}

static void give_pixel(float *to, const float *from, bool add)
{
    for (size_t i = 0; i < MEDTL_BLOCK; i++)
        to[i] = add ? to[i] + from[i] : from[i];
}

/* The phases of one row of one block of dx. */
static void gather_row(const medtl_blocked_data *d, const medtl_blocked_data_call *call, size_t n,
                       size_t block, size_t row)
{
    const medtl_conv_shape *s = &d->shape;
    float *to =
        call->dx + n * call->dx_stride + (block * s->height_in + row) * s->width_in * MEDTL_BLOCK;

    if (!call->add && d->phase_count < s->stride_h * s->stride_w) /* some pixels have no tap */
        memset(to, 0, s->width_in * MEDTL_BLOCK * sizeof *to);
    for (size_t i = 0; i < d->phase_count; i++) {
        const medtl_blocked_phase *p = &d->phase[i];
        const size_t height = p->conv.shape.height_out, width = p->conv.shape.width_out;
        const float *from;

        if (row < p->row || (row - p->row) % s->stride_h != 0)
            continue;
        from =
            call->shared + call->count * p->aside +
            ((n * (s->channels_in / MEDTL_BLOCK) + block) * height + (row - p->row) / s->stride_h) *
                width * MEDTL_BLOCK;
        for (size_t j = 0; j < width; j++)
            give_pixel(to + (p->column + j * s->stride_w) * MEDTL_BLOCK, from + j * MEDTL_BLOCK,
                       call->add);
    }
}

static void gather(const medtl_blocked_data *d, const medtl_blocked_data_call *call, size_t item)
{
    const size_t pieces = row_pieces(d), blocks = d->shape.channels_in / MEDTL_BLOCK;
    const size_t first = item % pieces * ROWS_PIECE;
    const size_t end = min_size(first + ROWS_PIECE, d->shape.height_in);

    for (size_t row = first; row < end; row++)
        gather_row(d, call, item / pieces / blocks, item / pieces % blocks, row);
}

void medtl_blocked_data_run(const medtl_blocked_data *data, const medtl_blocked_data_call *call,
                            size_t stage, size_t item)
{
    const medtl_blocked_phase *p = phase_at(data, &stage);
    medtl_blocked_call c = {.count = call->count,
                            .x = call->dy,
                            .x_stride = call->dy_stride,
                            .y = call->dx,
                            .y_stride = call->dx_stride,
                            .residual = call->add ? call->dx : NULL,
                            .residual_stride = call->dx_stride,
                            .shared = call->shared + call->count * data->aside,
                            .scratch = call->scratch};

    if (p == NULL) {
        gather(data, call, item);
        return;
    }
    c.packed = call->packed + p->packed;
    if (data->aside > 0) {
        c.y = call->shared + call->count * p->aside;
        c.y_stride = data->shape.channels_in * p->conv.shape.height_out * p->conv.shape.width_out;
        c.residual = NULL;
    }
    medtl_blocked_run(&p->conv, &c, stage, item);
}
