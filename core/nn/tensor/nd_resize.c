/* Resize and Upsample. Along each axis an output position takes some input positions with weights: one (nearest), two
 * (linear) or four (cubic); over several axes these multiply. */
#include "nd_families.h"

#include <math.h>
#include <string.h>

enum { RESIZE, UPSAMPLE, MOST_TAPS = 4, MOST_SIZE = 1 << 16 };

typedef enum mode { NEAREST, LINEAR, CUBIC } mode;

/* How the attributes ask for it. */
typedef struct manner {
    mode mode;
    const char *transform, *rounding;
    double cubic, outside;
    bool exclude_outside;
} manner;

typedef struct tap {
    size_t index; /* of the input, times the axis's stride */
    double weight;
} tap;

typedef struct axis {
    size_t in, out, taps,
        first; /* its taps begin at taps[first], `taps` for each output position */
    double scale;
} axis;

typedef struct state {
    size_t rank;
    axis axes[MEDTL_ND_RANK];
    bool outside; /* some taps lie outside the input, and give `fill` */
    double fill;
    tap taps[];
} state;

enum { OUTSIDE = -1 };

static medtl_status read_manner(const medtl_nd_infer *c, manner *m)
{
    const char *name = medtl_nd_attribute_text(c->node, "mode", "nearest");
    const bool old = c->node->op->kind == UPSAMPLE || c->graph->opset < 11;

    m->mode = strcmp(name, "nearest") == 0 ? NEAREST : strcmp(name, "cubic") == 0 ? CUBIC : LINEAR;
    if (m->mode == LINEAR && strcmp(name, "linear") != 0 && strcmp(name, "bilinear") != 0)
        return MEDTL_ND_LACK(c, "mode \"%.20s\"", name);
    m->transform = medtl_nd_attribute_text(c->node, "coordinate_transformation_mode",
                                           old ? "asymmetric" : "half_pixel");
    m->rounding =
        medtl_nd_attribute_text(c->node, "nearest_mode", old ? "floor" : "round_prefer_floor");
    m->cubic = (double)medtl_nd_attribute_float(c->node, "cubic_coeff_a", -0.75f);
    m->outside = (double)medtl_nd_attribute_float(c->node, "extrapolation_value", 0.0f);
    m->exclude_outside = medtl_nd_attribute_int(c->node, "exclude_outside", 0) != 0;
    return MEDTL_OK;
}

/* Constant input k as floats, one for each of `count`; NULL where it is left out or empty. */
static medtl_status float_list(const medtl_nd_infer *c, size_t k, size_t count, const float **list)
{
    const medtl_nd_type *type = medtl_nd_in(c, k);

    *list = NULL;
    if (type == NULL || medtl_nd_count(type) == 0)
        return MEDTL_OK;
    if (type->element != MEDTL_ND_FLOAT || medtl_nd_count(type) != count)
        return MEDTL_ND_REFUSE(c, "input %zu does not have one number for each of %zu", k, count);
    *list = medtl_nd_constant(c, k);
    if (*list == NULL)
        return MEDTL_ND_LACK(c, "input %zu decides the shape, and is not constant", k);
    return MEDTL_OK;
}

static medtl_status sizes_from_scales(const medtl_nd_infer *c, const float *scales,
                                      medtl_nd_type *y, double *scale)
{
    for (size_t d = 0; d < y->rank; d++) {
        const double size = floor((double)y->size[d] * (double)scales[d]);

        if (!(scales[d] > 0.0f) || !(size >= 1.0 && size <= (double)MEDTL_ND_MOST_ELEMENTS))
            return MEDTL_ND_REFUSE(c, "a scale of %g of a size of %zu", (double)scales[d],
                                   y->size[d]);
        y->size[d] = (size_t)size;
        scale[d] = (double)scales[d];
    }
    return MEDTL_OK;
}

static medtl_status sizes_as_given(const medtl_nd_infer *c, size_t input, medtl_nd_type *y,
                                   double *scale)
{
    const int64_t *sizes;
    size_t count;
    const medtl_status status = medtl_nd_list(c, "", input, &sizes, &count);

    if (status != MEDTL_OK)
        return status;
    if (sizes == NULL || count != y->rank)
        return MEDTL_ND_REFUSE(c, "neither scales nor %zu sizes", y->rank);
    for (size_t d = 0; d < count; d++) {
        if (sizes[d] < 1 || (uint64_t)sizes[d] > MEDTL_ND_MOST_ELEMENTS || y->size[d] == 0)
            return MEDTL_ND_REFUSE(c, "a size of %lld", (long long)sizes[d]);
        scale[d] = (double)sizes[d] / (double)y->size[d];
        y->size[d] = (size_t)sizes[d];
    }
    return MEDTL_OK;
}

/* scales is an attribute of Upsample 7, input 1 of Upsample 9 and Resize 10, input 2 of Resize 11 and later. */
static medtl_status find_sizes(const medtl_nd_infer *c, medtl_nd_type *y, double *scale)
{
    const medtl_nd_attribute *attribute = medtl_nd_attribute_find(c->node, "scales");
    const size_t at = c->node->op->kind == UPSAMPLE || c->graph->opset < 11 ? 1 : 2;
    const float *scales = NULL;
    medtl_status status;

    if (attribute != NULL && attribute->count == y->rank)
        scales = attribute->floats;
    else if ((status = float_list(c, at, y->rank, &scales)) != MEDTL_OK)
        return status;
    if (scales != NULL)
        return sizes_from_scales(c, scales, y, scale);
    return sizes_as_given(c, 3, y, scale);
}

/* Where output position `at` lies on the input's axis. */
static double original(const manner *m, const axis *a, const float *roi, size_t d, size_t rank,
                       size_t at)
{
    const double x = (double)at, in = (double)a->in, out = (double)a->out;

    if (strcmp(m->transform, "asymmetric") == 0)
        return x / a->scale;
    if (strcmp(m->transform, "align_corners") == 0)
        return a->out > 1 ? x * (in - 1.0) / (in * a->scale - 1.0)
                          : 0.0; /* ONNX does not round the length here */
    if (strcmp(m->transform, "pytorch_half_pixel") == 0 && a->out == 1)
        return 0.0;
    if (strcmp(m->transform, "tf_half_pixel_for_nn") == 0)
        return (x + 0.5) / a->scale;
    if (strcmp(m->transform, "tf_crop_and_resize") == 0) {
        const double start = (double)roi[d], end = (double)roi[rank + d];

        return a->out > 1 ? start * (in - 1.0) + x * (end - start) * (in - 1.0) / (out - 1.0)
                          : 0.5 * (start + end) * (in - 1.0);
    }
    return (x + 0.5) / a->scale - 0.5;
}

static double round_as(const char *rounding, double x)
{
    if (strcmp(rounding, "floor") == 0)
        return floor(x);
    if (strcmp(rounding, "ceil") == 0)
        return ceil(x);
    return strcmp(rounding, "round_prefer_ceil") == 0 ? floor(x + 0.5) : ceil(x - 0.5);
}

/* Keys's cubic convolution kernel (1981) at distance x. */
static double cubic_kernel(double a, double x)
{
    x = fabs(x);
    return x <= 1.0  ? ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
           : x < 2.0 ? ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a
                     : 0.0;
}

/* The taps of one output position: first their places, which may lie outside, and weights. */
static void set_taps(const manner *m, const axis *a, double x, tap *taps)
{
    const double last = (double)(a->in - 1), base = floor(x);
    double sum = 0.0;

    for (size_t t = 0; t < a->taps; t++) {
        double at = m->mode == NEAREST  ? round_as(m->rounding, x)
                    : m->mode == LINEAR ? base + (double)t
                                        : base - 1.0 + (double)t;
        double weight = m->mode == NEAREST  ? 1.0
                        : m->mode == LINEAR ? (t == 0 ? 1.0 - (x - base) : x - base)
                                            : cubic_kernel(m->cubic, x - at);

        if (m->exclude_outside && (at < 0.0 || at > last))
            weight = 0.0;
        at = at < 0.0 || isnan(at) ? 0.0 : at > last ? last : at;
        taps[t] = (tap){(size_t)at, weight};
        sum += weight;
    }
    for (size_t t = 0; t < a->taps && m->exclude_outside && sum != 0.0; t++)
        taps[t].weight /= sum;
}

static medtl_status check_names(const medtl_nd_infer *c, const manner *m, const float *roi)
{
    static const char *const known[] = {"asymmetric",           "align_corners",
                                        "half_pixel",           "pytorch_half_pixel",
                                        "tf_half_pixel_for_nn", "tf_crop_and_resize"};
    static const char *const roundings[] = {"floor", "ceil", "round_prefer_floor",
                                            "round_prefer_ceil"};
    bool found = false, found_rounding = false;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        found = found || strcmp(m->transform, known[i]) == 0;
    for (size_t i = 0; i < sizeof roundings / sizeof roundings[0]; i++)
        found_rounding = found_rounding || strcmp(m->rounding, roundings[i]) == 0;
    if (!found || !found_rounding)
        return MEDTL_ND_LACK(c, "\"%.20s\" with \"%.20s\"", m->transform, m->rounding);
    if (strcmp(m->transform, "tf_crop_and_resize") == 0 && roi == NULL)
        return MEDTL_ND_REFUSE(c, "roi is missing");
    return MEDTL_OK;
}

static size_t taps_of(const manner *m, const medtl_nd_type *x, const medtl_nd_type *y, size_t d)
{
    const bool crops = strcmp(m->transform, "tf_crop_and_resize") == 0;

    if (m->mode == NEAREST || (x->size[d] == y->size[d] && !crops))
        return 1;
    return m->mode == LINEAR ? 2 : MOST_TAPS;
}

static void fill_axis(state *s, const manner *m, const float *roi, size_t d, bool moves)
{
    const axis *a = &s->axes[d];
    const bool crops = strcmp(m->transform, "tf_crop_and_resize") == 0;

    for (size_t i = 0; i < a->out; i++) {
        tap *taps = &s->taps[a->first + i * a->taps];
        const double x = moves ? original(m, a, roi, d, s->rank, i) : (double)i;

        set_taps(m, a, x, taps);
        if (a->taps == 1 && (m->mode != NEAREST || !moves))
            taps[0] = (tap){i, 1.0};
        if (crops && (x < 0.0 || x > (double)(a->in - 1))) {
            taps[0].weight = OUTSIDE; /* no weight of one tap is negative */
            s->outside = true;
        }
    }
}

static medtl_status infer(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    medtl_nd_type y = *x;
    double scale[MEDTL_ND_RANK];
    const float *roi = NULL;
    size_t total = 0;
    manner m = {.mode = NEAREST};
    medtl_status status;
    state *s;

    if ((status = medtl_nd_expect(c, 0, MEDTL_ND_FLOAT)) != MEDTL_OK ||
        (status = read_manner(c, &m)) != MEDTL_OK ||
        (status = find_sizes(c, &y, scale)) != MEDTL_OK)
        return status;
    if (strcmp(m.transform, "tf_crop_and_resize") == 0 &&
        (status = float_list(c, 1, 2 * x->rank, &roi)) != MEDTL_OK)
        return status;
    if ((status = check_names(c, &m, roi)) != MEDTL_OK ||
        (status = medtl_nd_out(c, 0, &y)) != MEDTL_OK)
        return status;
    for (size_t d = 0; d < x->rank; d++) {
        if (y.size[d] > MOST_SIZE)
            return MEDTL_ND_LACK(c, "a size of %zu; at most %d", y.size[d], MOST_SIZE);
        total += y.size[d] * taps_of(&m, x, &y, d);
    }
    if ((s = medtl_nd_state(c, sizeof *s + total * sizeof s->taps[0])) == NULL)
        return MEDTL_E_MEMORY;
    s->rank = x->rank;
    s->fill = m.outside;
    total = 0;
    for (size_t d = 0; d < x->rank; d++) {
        s->axes[d] = (axis){x->size[d], y.size[d], taps_of(&m, x, &y, d), total, scale[d]};
        total += y.size[d] * s->axes[d].taps;
        fill_axis(s, &m, roi, d, roi != NULL || x->size[d] != y.size[d]);
    }
    return MEDTL_OK;
}

/* The sum over the taps of axes d and on; `base` is the place along those before. */
static double gather(const state *s, const float *x, const tap *const *taps, size_t d, size_t base)
{
    double sum = 0.0;

    if (d == s->rank)
        return (double)x[base];
    for (size_t t = 0; t < s->axes[d].taps; t++)
        if (taps[d][t].weight != 0.0)
            sum += taps[d][t].weight *
                   gather(s, x, taps, d + 1, base * s->axes[d].in + taps[d][t].index);
    return sum;
}

static void run_part(void *context, size_t index, size_t worker)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    size_t first, end;

    (void)worker;
    medtl_nd_part(medtl_nd_count(medtl_nd_out_type(call, 0)), index, &first, &end);
    for (size_t i = first; i < end; i++) {
        const tap *taps[MEDTL_ND_RANK];
        size_t rest = i;
        bool outside = false;

        for (size_t d = s->rank; d-- > 0; rest /= s->axes[d].out) {
            taps[d] = &s->taps[s->axes[d].first + rest % s->axes[d].out * s->axes[d].taps];
            outside = outside || (s->outside && taps[d][0].weight == (double)OUTSIDE);
        }
        ((float *)call->out[0])[i] =
            (float)(outside ? s->fill : gather(s, call->in[0], taps, 0, 0));
    }
}

static void run(const medtl_nd_call *call)
{
    medtl_nd_for(call, medtl_nd_parts(medtl_nd_count(medtl_nd_out_type(call, 0))), run_part,
                 (void *)call);
}

const medtl_nd_op medtl_nd_resize_ops[] = {
    {"Resize", RESIZE, MEDTL_ND_HEAVY, 1, 4, 1,
     "mode:t coordinate_transformation_mode:t nearest_mode:t cubic_coeff_a:f extrapolation_value:f "
     "exclude_outside:i ",
     infer, NULL, run},
    {"Upsample", UPSAMPLE, MEDTL_ND_HEAVY, 1, 2, 1, "mode:t scales:F ", infer, NULL, run},
    {0},
};
