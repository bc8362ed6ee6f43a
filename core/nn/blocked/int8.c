/* Convolutions in whole numbers: packing, and the items of their stages. */
#include "int8.h"

#include <math.h>
#include <string.h>
#if defined(MEDTL_KERNELS_X86)
#include <cpuid.h>
#include <stdatomic.h>
#endif

#if defined(MEDTL_KERNELS_X86)
/* Leaf 7, subleaf 1, EAX bit 4; that the system keeps the registers is AVX2's to say. Asked once: a virtual machine
 * takes long to answer. */
static bool supports_avx_vnni(void)
{
    enum { UNKNOWN, NO, YES };
    static atomic_int known = UNKNOWN;
    unsigned a = 0, b, c, d;
    int answer = atomic_load(&known);

    if (answer == UNKNOWN) {
        answer = __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 1, &a, &b, &c, &d) &&
                         (a >> 4 & 1) != 0
                     ? YES
                     : NO;
        atomic_store(&known, answer);
    }
    return answer == YES;
}
#endif

const medtl_int8_kernels *medtl_int8_supported(size_t index)
{
    const medtl_int8_kernels *sets[5];
    size_t count = 0;

#if defined(MEDTL_KERNELS_X86)
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");

    if (avx512 && __builtin_cpu_supports("avx512vnni"))
        sets[count++] = &medtl_int8_avx512_vnni;
    if (avx512)
        sets[count++] = &medtl_int8_avx512;
    if (supports_avx_vnni())
        sets[count++] = &medtl_int8_avx_vnni;
    if (__builtin_cpu_supports("avx2"))
        sets[count++] = &medtl_int8_avx2;
#endif
    sets[count++] = &medtl_int8_portable;
    return index < count ? sets[index] : NULL;
}

static const medtl_int8_kernels *forced;

void medtl_int8_force(const medtl_int8_kernels *kernels) { forced = kernels; }

/* The best that packs weights as the float kernels in use have cut them. */
static const medtl_int8_kernels *kernels_get(void)
{
    const char *floats = medtl_blocked_kernels_get()->name;
    const medtl_int8_kernels *kernels;

    if (forced != NULL)
        return forced;
    for (size_t i = 0; (kernels = medtl_int8_supported(i)) != NULL; i++)
        if (strcmp(kernels->floats, floats) == 0)
            return kernels;
    return &medtl_int8_portable;
}

/* Packed: starts [channels_out], factors [channels_out], weights by groups. */
static size_t row_bytes(const medtl_blocked_conv *c)
{
    return c->shape.kernel_h * c->shape.kernel_w * c->shape.channels_in;
}

size_t medtl_int8_packed_size(const medtl_blocked_conv *conv)
{
    return 2 * conv->shape.channels_out +
           conv->shape.channels_out * row_bytes(conv) / sizeof(float);
}

static const int8_t *packed_weights(const medtl_blocked_conv *c, const float *packed)
{
    return (const int8_t *)(packed + 2 * c->shape.channels_out);
}

static float weight_at(const medtl_blocked_conv *c, const medtl_blocked_view *view, size_t k,
                       size_t in, size_t tap)
{
    const ptrdiff_t i = (ptrdiff_t)(tap / c->shape.kernel_w),
                    j = (ptrdiff_t)(tap % c->shape.kernel_w);

    return view->data[(ptrdiff_t)((k - view->first) * view->out + in * view->in) + i * view->row +
                      j * view->column];
}

static float largest_weight(const medtl_blocked_conv *c, const medtl_blocked_view *view, size_t k)
{
    float largest = 0.0f;

    for (size_t in = 0; in < c->shape.channels_in; in++)
        for (size_t tap = 0; tap < c->shape.kernel_h * c->shape.kernel_w; tap++)
            largest = fmaxf(largest, fabsf(weight_at(c, view, k, in, tap)));
    return largest;
}

/* What is no number, from weights that overflow, becomes one. */
static int whole_weight(double value)
{
    if (!(value > -INT8_LARGEST_WEIGHT))
        return -INT8_LARGEST_WEIGHT;
    return value < INT8_LARGEST_WEIGHT ? (int)rint(value) : INT8_LARGEST_WEIGHT;
}

/* Output channel k, which is number `lane` of a group of `channels` whose weights begin at `to`. */
static void pack_channel(const medtl_blocked_conv *c, const medtl_blocked_view *view, size_t k,
                         size_t lane, size_t channels, float *packed, int8_t *to)
{
    const size_t taps = c->shape.kernel_h * c->shape.kernel_w;
    const float largest = largest_weight(c, view, k);
    const double scale = largest > 0.0f ? (double)largest / INT8_LARGEST_WEIGHT : 1.0;
    const float factor = (float)((double)c->input_scale * scale);
    int32_t sum = 0;

    for (size_t in = 0; in < c->shape.channels_in; in++)
        for (size_t tap = 0; tap < taps; tap++) {
            const size_t step = in / MEDTL_BLOCK, quad = in % MEDTL_BLOCK / INT8_QUAD;
            const int value = whole_weight((double)weight_at(c, view, k, in, tap) / scale);

            to[(((step * taps + tap) * (MEDTL_BLOCK / INT8_QUAD) + quad) * channels + lane) *
                   INT8_QUAD +
               in % INT8_QUAD] = (int8_t)value;
            sum += value;
        }
    sum *= -c->input_zero;
    memcpy(packed + k, &sum, sizeof sum);
    packed[c->shape.channels_out + k] = factor;
}

void medtl_int8_pack_item(const medtl_blocked_conv *conv, const medtl_blocked_view *view,
                          float *packed, size_t item)
{
    const medtl_blocked_group g = medtl_blocked_group_at(conv, item);
    int8_t *to = (int8_t *)(packed + 2 * conv->shape.channels_out) + g.first * row_bytes(conv);

    for (size_t lane = 0; lane < g.channels; lane++)
        pack_channel(conv, view, g.first + lane, lane, g.channels, packed, to);
}

/* Stage 0: the input in bytes, padded ---------------------------------------------------------------- */

/* One row: elements first + i * stride of the input's row, the zero where there are none. */
static void quantise_row(const medtl_int8_kernels *kernels, const medtl_int8_pixels *how,
                         const float *row, size_t in, ptrdiff_t first, size_t stride, uint8_t *to,
                         size_t count)
{
    const ptrdiff_t step = (ptrdiff_t)stride;
    size_t low = first < 0 ? (size_t)((-first + step - 1) / step) : 0;
    size_t high = first < (ptrdiff_t)in ? (size_t)(((ptrdiff_t)in - first + step - 1) / step) : 0;

    high = high < count ? high : count;
    low = low < high ? low : high;
    memset(to, how->zero, low * MEDTL_BLOCK);
    if (high > low)
        kernels->quantise(how, row + (first + (ptrdiff_t)low * step) * MEDTL_BLOCK,
                          stride * MEDTL_BLOCK, high - low, to + low * MEDTL_BLOCK);
    memset(to + high * MEDTL_BLOCK, how->zero, (count - high) * MEDTL_BLOCK);
}

static void run_stage(const medtl_blocked_conv *c, const medtl_blocked_call *call, size_t item)
{
    const medtl_int8_kernels *kernels = kernels_get();
    const medtl_conv_shape *s = &c->shape;
    const size_t n = item / c->steps, step = item % c->steps;
    const size_t row_step = s->kernel_h == 1 ? s->stride_h : 1, row = s->width_in * MEDTL_BLOCK;
    const float *plane = call->x + n * call->x_stride + step * s->height_in * row;
    const float *factors = c->input_norm ? call->input_factors + step * MEDTL_BLOCK : NULL;
    const medtl_int8_pixels how = {.inverse = 1.0f / c->input_scale,
                                   .zero = c->input_zero,
                                   .scale = factors,
                                   .shift = c->input_norm ? factors + s->channels_in : NULL,
                                   .relu = c->input_relu};
    uint8_t *to = (uint8_t *)call->shared + item * c->stage_plane;

    for (size_t phase = 0; phase < medtl_blocked_phases(c); phase++)
        for (size_t r = 0; r < c->stage_h; r++, to += c->stage_w * MEDTL_BLOCK) {
            const size_t from = r * row_step - s->pad_top; /* wraps below zero: is then too large */

            if (from < s->height_in)
                quantise_row(kernels, &how, plane + from * row, s->width_in,
                             (ptrdiff_t)phase - (ptrdiff_t)s->pad_left, s->stride_w, to,
                             c->stage_w);
            else
                memset(to, how.zero, c->stage_w * MEDTL_BLOCK);
        }
}

/* Stage 1: a band of rows (flat: of pixels) of one image and a chunk of output channels ---------------- */

static void tap_sources(const medtl_blocked_conv *c, size_t *source)
{
    const medtl_conv_shape *s = &c->shape;
    const size_t row = c->stage_w * MEDTL_BLOCK;

    for (size_t i = 0; i < s->kernel_h; i++)
        for (size_t j = 0; j < s->kernel_w; j++) {
            const size_t column = j * s->dilation_w;

            source[i * s->kernel_w + j] =
                (column % s->stride_w * c->stage_h + i * s->dilation_h) * row +
                column / s->stride_w * MEDTL_BLOCK;
        }
}

static void run_band(const medtl_blocked_conv *c, const medtl_blocked_call *call, size_t item)
{
    const medtl_int8_kernels *kernels = kernels_get();
    const medtl_conv_shape *s = &c->shape;
    const size_t pixels = s->height_out * s->width_out, out_row = s->width_out * MEDTL_BLOCK;
    const size_t all = c->flat ? pixels : s->height_out, first = item % c->bands * c->band;
    const size_t count = first + c->band < all ? c->band : all - first;
    const size_t n = item / c->bands % call->count,
                 channel = item / c->bands / call->count * c->chunk;
    const size_t row = c->stage_w * MEDTL_BLOCK * (s->kernel_h > 1 ? s->stride_h : 1);
    size_t source[MEDTL_BLOCKED_MOST_TAPS];
    medtl_int8_rows rows = {.x = (const uint8_t *)call->shared + n * c->steps * c->stage_plane +
                                 first * (c->flat ? MEDTL_BLOCK : row),
                            .source = source,
                            .sources = s->kernel_h * s->kernel_w,
                            .steps = c->steps,
                            .step_pitch = c->stage_plane,
                            .x_row = row,
                            .relu = call->relu,
                            .y_block = pixels * MEDTL_BLOCK,
                            .y_row = out_row,
                            .rows = c->flat ? 1 : count,
                            .count = c->flat ? count : s->width_out};

    tap_sources(c, source);
    for (size_t k = channel; k < channel + c->chunk && k < s->channels_out; k += c->group) {
        const size_t to = k * pixels + first * (c->flat ? MEDTL_BLOCK : out_row);

        rows.channels = s->channels_out - k < c->group ? s->channels_out - k : c->group;
        rows.w = packed_weights(c, call->packed) + k * row_bytes(c);
        rows.start = (const int32_t *)(const void *)(call->packed + k);
        rows.factor = call->packed + s->channels_out + k;
        rows.bias = call->bias != NULL ? call->bias + k : NULL;
        rows.scale = call->scale != NULL ? call->scale + k : NULL;
        rows.shift = call->scale != NULL ? call->shift + k : NULL;
        rows.y = call->y + n * call->y_stride + to;
        rows.residual =
            call->residual != NULL ? call->residual + n * call->residual_stride + to : NULL;
        kernels->multiply(&rows);
    }
}

void medtl_int8_run(const medtl_blocked_conv *conv, const medtl_blocked_call *call, size_t stage,
                    size_t item)
{
    if (stage == 0)
        run_stage(conv, call, item);
    else
        run_band(conv, call, item);
}
