#include "blocked_conv_run.h"

#include "core/base/pool.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

const char *const conv_set_names[CONV_SETS] = {"avx512", "avx2", "portable"};

enum { ZONE = 64 }; /* floats; the first ones before an array hold its size */

static const uint32_t canary = 0x7fc5a5a5u; /* a NaN that no sum yields */

static bool is_canary(const float *value) { return memcmp(value, &canary, sizeof canary) == 0; }

static void fill_canary(float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memcpy(values + i, &canary, sizeof canary);
}

float *guarded_floats(size_t count)
{
    const size_t whole = (ZONE + count + ZONE + 15) / 16 * 16;
    float *base = aligned_alloc(64, whole * sizeof *base);

    cr_assert_not_null(base);
    fill_canary(base, whole);
    memcpy(base, &count, sizeof count);
    ASAN_POISON_MEMORY_REGION(base, ZONE * sizeof *base);
    ASAN_POISON_MEMORY_REGION(base + ZONE + count, ZONE * sizeof *base);
    return base + ZONE;
}

void guarded_free(float *data)
{
    size_t count, used = sizeof count / sizeof *data;
    float *base;

    if (data == NULL)
        return;
    base = data - ZONE;
    ASAN_UNPOISON_MEMORY_REGION(base, ZONE * sizeof *base);
    memcpy(&count, base, sizeof count);
    ASAN_UNPOISON_MEMORY_REGION(data + count, ZONE * sizeof *base);
    for (size_t i = used; i < ZONE; i++)
        cr_assert(is_canary(base + i), "written %zu floats before an array", ZONE - i);
    for (size_t i = 0; i < ZONE; i++)
        cr_assert(is_canary(data + count + i), "written %zu floats behind an array", i);
    free(base);
}

void fill_noise(float *values, size_t count, uint32_t seed)
{
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
}

static float *noise(size_t count, uint32_t seed)
{
    float *values = guarded_floats(count);

    fill_noise(values, count, seed);
    return values;
}

medtl_conv_shape conv_part_shape(const conv_data *data, size_t index)
{
    const medtl_blocked_part *part = &data->parts[index];
    medtl_conv_shape s = data->shape;
    const size_t h = (s.kernel_h - part->kernel_h) / 2, w = (s.kernel_w - part->kernel_w) / 2;

    s.channels_out = part->channels;
    s.kernel_h = part->kernel_h;
    s.kernel_w = part->kernel_w;
    s.pad_top -= h;
    s.pad_bottom -= h;
    s.pad_left -= w;
    s.pad_right -= w;
    return s;
}

/* Images and residuals, of which the last is kept in plain order, too. */
static void fill_images(conv_data *d)
{
    const medtl_conv_shape *s = &d->shape;
    const size_t pixels = s->height_in * s->width_in, size = s->channels_in * pixels;

    d->x = guarded_floats(CONV_IMAGES * d->x_stride);
    d->residual = noise(CONV_IMAGES * d->y_stride, 8);
    d->last = guarded_floats(size);
    for (size_t n = 0; n < CONV_IMAGES; n++) {
        fill_noise(d->last, size, 1 + (uint32_t)n);
        for (size_t c = 0; c < s->channels_in; c++)
            for (size_t i = 0; i < pixels; i++)
                d->x[n * d->x_stride +
                     (d->plain_input ? c * pixels + i : in_blocks(c, i, pixels))] =
                    d->last[c * pixels + i];
    }
}

void conv_data_create(conv_data *data, const medtl_conv_shape *shape,
                      const medtl_blocked_part *parts, size_t part_count, bool plain_input)
{
    medtl_conv_shape *s = &data->shape;
    size_t first = 0;

    *data = (conv_data){.shape = *shape, .part_count = part_count, .plain_input = plain_input};
    cr_assert(medtl_conv_shape_complete(s));
    if (parts != NULL) {
        memcpy(data->parts, parts, part_count * sizeof *parts);
    } else {
        data->part_count = 1;
        data->parts[0] = (medtl_blocked_part){s->channels_out, s->kernel_h, s->kernel_w};
    }
    data->x_stride = s->channels_in * s->height_in * s->width_in / 16 * 16 + 48;
    data->y_stride = s->channels_out * s->height_out * s->width_out + 16;
    data->bias = noise(s->channels_out, 5);
    data->scale = noise(s->channels_out, 6);
    data->shift = noise(s->channels_out, 7);
    data->sums = guarded_floats(s->channels_out * s->height_out * s->width_out);
    fill_images(data);
    for (size_t i = 0; i < data->part_count; i++) {
        const medtl_conv_shape part = conv_part_shape(data, i);

        data->weight[i] = noise(part.channels_out * (part.channels_in / part.groups) *
                                    part.kernel_h * part.kernel_w,
                                20 + (uint32_t)i);
        medtl_conv_forward_reference(&part, data->weight[i], NULL, data->last,
                                     data->sums + first * s->height_out * s->width_out);
        first += part.channels_out;
    }
    cr_assert_eq(first, s->channels_out);
}

void conv_data_destroy(conv_data *data)
{
    guarded_free(data->x);
    guarded_free(data->residual);
    guarded_free(data->bias);
    guarded_free(data->scale);
    guarded_free(data->shift);
    guarded_free(data->last);
    guarded_free(data->sums);
    for (size_t i = 0; i < data->part_count; i++)
        guarded_free(data->weight[i]);
}

float *conv_pack(const medtl_blocked_conv *conv, const conv_data *data)
{
    const size_t size = medtl_blocked_packed_size(conv);
    float *packed = guarded_floats(size);

    medtl_blocked_pack(conv, (const float *const *)data->weight, packed);
    for (size_t i = 0; i < size; i++)
        cr_assert(!is_canary(packed + i), "packed weight %zu is left out", i);
    return packed;
}

typedef struct stage_run {
    const medtl_blocked_conv *conv;
    medtl_blocked_call call;
    size_t stage;
    float *scratch[2];
} stage_run;

static void run_item(void *context, size_t item, size_t worker)
{
    const stage_run *run = context;
    const size_t size = medtl_blocked_scratch_size(run->conv);
    medtl_blocked_call call = run->call;

    call.scratch = run->scratch[worker];
    fill_canary(call.scratch, size);
    medtl_blocked_run(run->conv, &call, run->stage, item);
}

static void run_stage(stage_run *run, conv_order order, medtl_pool *pool)
{
    const size_t items = medtl_blocked_items(run->conv, run->stage, run->call.count);

    if (order == TWO_THREADS)
        medtl_pool_for(pool, items, run_item, run);
    for (size_t i = 0; i < items && order != TWO_THREADS; i++)
        run_item(run, order == FIRST_TO_LAST ? i : items - 1 - i, 0);
}

static void run_call(const medtl_blocked_conv *conv, const medtl_blocked_call *call,
                     conv_order order, medtl_pool *pool)
{
    stage_run run = {.conv = conv, .call = *call};

    run.call.shared = guarded_floats(medtl_blocked_shared_size(conv, call->count));
    for (size_t i = 0; i < 2; i++)
        run.scratch[i] = guarded_floats(medtl_blocked_scratch_size(conv));
    for (run.stage = 0; run.stage < medtl_blocked_stages(conv); run.stage++)
        run_stage(&run, order, pool);
    guarded_free(run.call.shared);
    for (size_t i = 0; i < 2; i++)
        guarded_free(run.scratch[i]);
}

float *conv_run(const medtl_blocked_conv *conv, const conv_data *data, const float *packed,
                int with, size_t first, size_t count, size_t at_once, conv_order order)
{
    const size_t size = data->y_stride - 16;
    float *y = guarded_floats(count * data->y_stride);
    medtl_pool *pool = NULL;

    for (size_t n = 0; n < count && (with & IN_PLACE) != 0; n++)
        memcpy(y + n * data->y_stride, data->residual + (first + n) * data->y_stride,
               size * sizeof *y);
    at_once = at_once < conv->images ? at_once : conv->images;
    cr_assert_gt(at_once, 0);
    if (order == TWO_THREADS)
        cr_assert_eq(medtl_pool_create(2, &pool, NULL), MEDTL_OK);
    for (size_t n = 0; n < count; n += at_once) {
        medtl_blocked_call call = {
            .packed = packed,
            .bias = with & WITH_BIAS ? data->bias : NULL,
            .scale = with & WITH_SCALE ? data->scale : NULL,
            .shift = with & WITH_SCALE ? data->shift : NULL,
            .residual = with & WITH_RESIDUAL ? data->residual + (first + n) * data->y_stride : NULL,
            .relu = (with & WITH_RELU) != 0,
            .input_factors = data->factors,
            .count = count - n < at_once ? count - n : at_once,
            .x = data->x + (first + n) * data->x_stride,
            .y = y + n * data->y_stride,
            .x_stride = data->x_stride,
            .y_stride = data->y_stride,
            .residual_stride = data->y_stride};

        if (with & IN_PLACE)
            call.residual = call.y;
        run_call(conv, &call, order, pool);
    }
    medtl_pool_destroy(pool);
    for (size_t n = 0; n < count; n++)
        for (size_t i = size; i < data->y_stride; i++)
            cr_assert(is_canary(y + n * data->y_stride + i), "written behind image %zu", n);
    return y;
}

double conv_error(const conv_data *data, const float *y, int with)
{
    const medtl_conv_shape *s = &data->shape;
    const size_t pixels = s->height_out * s->width_out;
    const float *residual = data->residual + (CONV_IMAGES - 1) * data->y_stride;
    double error = 0.0, power = 0.0;

    for (size_t k = 0; k < s->channels_out; k++)
        for (size_t i = 0; i < pixels; i++) {
            const size_t at = in_blocks(k, i, pixels);
            double value = data->sums[k * pixels + i];

            value += with & WITH_BIAS ? (double)data->bias[k] : 0.0;
            value += with & WITH_RESIDUAL ? (double)residual[at] : 0.0;
            if (with & WITH_RELU)
                value = value > 0.0 ? value : 0.0;
            if (with & WITH_SCALE)
                value = value * data->scale[k] + data->shift[k];
            error += (y[at] - value) * (y[at] - value);
            power += value * value;
        }
    return sqrt(error) / (power > 0.0 ? sqrt(power) : 1.0);
}
