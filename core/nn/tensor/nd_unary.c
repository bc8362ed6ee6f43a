/* Operators that treat each element by itself: y = f(x). */
#include "nd_families.h"

#include <math.h>
#include <string.h>

enum {
    ABS,
    ACOS,
    ACOSH,
    ASIN,
    ASINH,
    ATAN,
    ATANH,
    CEIL,
    CELU,
    CLIP,
    COS,
    COSH,
    ELU,
    ERF,
    EXP,
    FLOOR,
    HARD_SIGMOID,
    HARD_SWISH,
    IS_INF,
    IS_NAN,
    LEAKY_RELU,
    LOG,
    NEG,
    NOT,
    RECIPROCAL,
    RELU,
    ROUND,
    SELU,
    SHRINK,
    SIGMOID,
    SIGN,
    SIN,
    SINH,
    SOFTPLUS,
    SOFTSIGN,
    SQRT,
    TAN,
    TANH,
    THRESHOLDED_RELU
};

/* What the attributes of each kind are called, and what they are if they are not given. */
typedef struct parameters {
    float a, b;
} parameters;

static const struct {
    int kind;
    const char *a, *b;
    parameters otherwise;
} parameter_table[] = {
    {CELU, "alpha", NULL, {1.0f, 0.0f}},
    {ELU, "alpha", NULL, {1.0f, 0.0f}},
    {HARD_SIGMOID, "alpha", "beta", {0.2f, 0.5f}},
    {LEAKY_RELU, "alpha", NULL, {0.01f, 0.0f}},
    {SELU, "alpha", "gamma", {1.67326319217681884765625f, 1.05070102214813232421875f}},
    {SHRINK, "lambd", "bias", {0.5f, 0.0f}},
    {THRESHOLDED_RELU, "alpha", NULL, {1.0f, 0.0f}},
};

static medtl_status infer(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    const int kind = c->node->op->kind;
    const bool whole = (kind == ABS || kind == NEG || kind == SIGN) && x->element == MEDTL_ND_INT;
    medtl_nd_type y = *x;
    parameters *p = medtl_nd_state(c, sizeof *p);
    medtl_status status;

    if (p == NULL)
        return MEDTL_E_MEMORY;
    if (!whole &&
        (status = medtl_nd_expect(c, 0, kind == NOT ? MEDTL_ND_BOOL : MEDTL_ND_FLOAT)) != MEDTL_OK)
        return status;
    for (size_t i = 0; i < sizeof parameter_table / sizeof parameter_table[0]; i++)
        if (parameter_table[i].kind == kind) {
            *p = parameter_table[i].otherwise;
            p->a = medtl_nd_attribute_float(c->node, parameter_table[i].a, p->a);
            if (parameter_table[i].b != NULL)
                p->b = medtl_nd_attribute_float(c->node, parameter_table[i].b, p->b);
        }
    if (kind == IS_INF) {
        p->a = medtl_nd_attribute_int(c->node, "detect_positive", 1) != 0 ? 1.0f : 0.0f;
        p->b = medtl_nd_attribute_int(c->node, "detect_negative", 1) != 0 ? 1.0f : 0.0f;
    }
    if (kind == IS_INF || kind == IS_NAN)
        y.element = MEDTL_ND_BOOL;
    return medtl_nd_out(c, 0, &y);
}

/* Bounds of Clip: attributes until opset 10, scalar inputs from 11 on; known only when it runs. */
static medtl_status infer_clip(const medtl_nd_infer *c)
{
    medtl_status status;

    for (size_t k = 0; k < c->node->input_count; k++) {
        if ((status = medtl_nd_expect(c, k, MEDTL_ND_FLOAT)) != MEDTL_OK)
            return status;
        if (k > 0 && medtl_nd_in(c, k) != NULL && medtl_nd_count(medtl_nd_in(c, k)) != 1)
            return MEDTL_ND_REFUSE(c, "a bound that is not one number");
    }
    return medtl_nd_out(c, 0, medtl_nd_in(c, 0));
}

static parameters clip_bounds(const medtl_nd_call *call)
{
    parameters p = {medtl_nd_attribute_float(call->node, "min", -HUGE_VALF),
                    medtl_nd_attribute_float(call->node, "max", HUGE_VALF)};

    if (call->node->input_count > 1 && call->in[1] != NULL)
        p.a = *(const float *)call->in[1];
    if (call->node->input_count > 2 && call->in[2] != NULL)
        p.b = *(const float *)call->in[2];
    return p;
}

static float sigmoid(float v)
{
    const float e = expf(-fabsf(v)); /* never overflows */

    return v >= 0.0f ? 1.0f / (1.0f + e) : e / (1.0f + e);
}

static float softplus(float v) { return (v > 0.0f ? v : 0.0f) + log1pf(expf(-fabsf(v))); }

static float hard_sigmoid(float v, float a, float b)
{
    const float w = a * v + b;

    return w < 0.0f ? 0.0f : w > 1.0f ? 1.0f : w;
}

static float clip(float v, float a, float b)
{
    const float w = v < a ? a : v;

    return w > b ? b : w;
}

static float shrink(float v, float lambda, float bias)
{
    return v < -lambda ? v + bias : v > lambda ? v - bias : 0.0f;
}

static bool infinite(float v, parameters p) { return isinf(v) && (v > 0.0f ? p.a : p.b) != 0.0f; }

#define EACH(expression)                                                                           \
    do {                                                                                           \
        for (size_t i = 0; i < count; i++) {                                                       \
            const float v = x[i];                                                                  \
            y[i] = (expression);                                                                   \
        }                                                                                          \
        return;                                                                                    \
    } while (0)

/* The functions that a network evaluates most, and those with parameters. */
static void common(int kind, const float *x, float *y, size_t count, float a, float b)
{
    switch (kind) {
    case RELU:
        EACH(v < 0.0f ? 0.0f : v); /* NaN stays */
    case LEAKY_RELU:
        EACH(v < 0.0f ? a * v : v);
    case CLIP:
        EACH(clip(v, a, b));
    case SIGMOID:
        EACH(sigmoid(v));
    case TANH:
        EACH(tanhf(v));
    case ERF:
        EACH(erff(v));
    case SQRT:
        EACH(sqrtf(v));
    case EXP:
        EACH(expf(v));
    case HARD_SIGMOID:
        EACH(hard_sigmoid(v, a, b));
    case HARD_SWISH:
        EACH(v * hard_sigmoid(v, 1.0f / 6.0f, 0.5f));
    case ELU:
        EACH(v < 0.0f ? a * expm1f(v) : v);
    case CELU:
        EACH(v < 0.0f ? a * expm1f(v / a) : v);
    case SELU:
        EACH(b * (v > 0.0f ? v : a * expm1f(v)));
    case SHRINK:
        EACH(shrink(v, a, b));
    case SOFTPLUS:
        EACH(softplus(v));
    case SOFTSIGN:
        EACH(v / (1.0f + fabsf(v)));
    case THRESHOLDED_RELU:
        EACH(v > a ? v : 0.0f);
    }
}

static void elementary(int kind, const float *x, float *y, size_t count)
{
    switch (kind) {
    case ABS:
        EACH(fabsf(v));
    case ACOS:
        EACH(acosf(v));
    case ACOSH:
        EACH(acoshf(v));
    case ASIN:
        EACH(asinf(v));
    case ASINH:
        EACH(asinhf(v));
    case ATAN:
        EACH(atanf(v));
    case ATANH:
        EACH(atanhf(v));
    case CEIL:
        EACH(ceilf(v));
    case COS:
        EACH(cosf(v));
    case COSH:
        EACH(coshf(v));
    case FLOOR:
        EACH(floorf(v));
    case LOG:
        EACH(logf(v));
    case NEG:
        EACH(-v);
    case RECIPROCAL:
        EACH(1.0f / v);
    case ROUND:
        EACH(rintf(v)); /* halves to even, as ONNX says */
    case SIGN:
        EACH((float)((v > 0.0f) - (v < 0.0f)));
    case SIN:
        EACH(sinf(v));
    case SINH:
        EACH(sinhf(v));
    case TAN:
        EACH(tanf(v));
    default:
        common(kind, x, y, count, 0.0f, 0.0f);
    }
}

static void whole(int kind, const int64_t *x, int64_t *y, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const int64_t negative = (int64_t)(0u - (uint64_t)x[i]);

        y[i] = kind == NEG   ? negative
               : kind == ABS ? (x[i] < 0 ? negative : x[i])
                             : (x[i] > 0) - (x[i] < 0);
    }
}

static void truth(int kind, const void *x, bool *y, size_t first, size_t end, parameters p)
{
    for (size_t i = first; i < end; i++)
        y[i] = kind == NOT      ? !((const bool *)x)[i]
               : kind == IS_NAN ? isnan(((const float *)x)[i]) != 0
                                : infinite(((const float *)x)[i], p);
}

static bool has_parameters(int kind)
{
    for (size_t i = 0; i < sizeof parameter_table / sizeof parameter_table[0]; i++)
        if (parameter_table[i].kind == kind)
            return true;
    return kind == CLIP;
}

static void run_part(void *context, size_t index, size_t worker)
{
    const medtl_nd_call *call = context;
    const medtl_nd_type *type = medtl_nd_in_type(call, 0);
    const int kind = call->node->op->kind;
    const parameters p = kind == CLIP ? clip_bounds(call) : *(const parameters *)call->node->state;
    size_t first, end;

    (void)worker;
    medtl_nd_part(medtl_nd_count(type), index, &first, &end);
    if (kind == NOT || kind == IS_NAN || kind == IS_INF)
        truth(kind, call->in[0], call->out[0], first, end, p);
    else if (type->element == MEDTL_ND_INT)
        whole(kind, (const int64_t *)call->in[0] + first, (int64_t *)call->out[0] + first,
              end - first);
    else if (has_parameters(kind))
        common(kind, (const float *)call->in[0] + first, (float *)call->out[0] + first, end - first,
               p.a, p.b);
    else
        elementary(kind, (const float *)call->in[0] + first, (float *)call->out[0] + first,
                   end - first);
}

static void run(const medtl_nd_call *call)
{
    medtl_nd_for(call, medtl_nd_parts(medtl_nd_count(medtl_nd_in_type(call, 0))), run_part,
                 (void *)call);
}

#define UNARY(NAME, KIND, ATTRIBUTES)                                                              \
    {                                                                                              \
        NAME, KIND, MEDTL_ND_IN_PLACE, 1, 1, 1, ATTRIBUTES, infer, NULL, run                       \
    }

const medtl_nd_op medtl_nd_unary_ops[] = {
    UNARY("Abs", ABS, ""),
    UNARY("Acos", ACOS, ""),
    UNARY("Acosh", ACOSH, ""),
    UNARY("Asin", ASIN, ""),
    UNARY("Asinh", ASINH, ""),
    UNARY("Atan", ATAN, ""),
    UNARY("Atanh", ATANH, ""),
    UNARY("Ceil", CEIL, ""),
    UNARY("Celu", CELU, "alpha:f "),
    {"Clip", CLIP, MEDTL_ND_IN_PLACE, 1, 3, 1, "min:f max:f ", infer_clip, NULL, run},
    UNARY("Cos", COS, ""),
    UNARY("Cosh", COSH, ""),
    UNARY("Elu", ELU, "alpha:f "),
    UNARY("Erf", ERF, ""),
    UNARY("Exp", EXP, ""),
    UNARY("Floor", FLOOR, ""),
    UNARY("HardSigmoid", HARD_SIGMOID, "alpha:f beta:f "),
    UNARY("HardSwish", HARD_SWISH, ""),
    {"IsInf", IS_INF, 0, 1, 1, 1, "detect_positive:i detect_negative:i ", infer, NULL, run},
    {"IsNaN", IS_NAN, 0, 1, 1, 1, "", infer, NULL, run},
    UNARY("LeakyRelu", LEAKY_RELU, "alpha:f "),
    UNARY("Log", LOG, ""),
    UNARY("Neg", NEG, ""),
    UNARY("Not", NOT, ""),
    UNARY("Reciprocal", RECIPROCAL, ""),
    UNARY("Relu", RELU, ""),
    UNARY("Round", ROUND, ""),
    UNARY("Selu", SELU, "alpha:f gamma:f "),
    UNARY("Shrink", SHRINK, "lambd:f bias:f "),
    UNARY("Sigmoid", SIGMOID, ""),
    UNARY("Sign", SIGN, ""),
    UNARY("Sin", SIN, ""),
    UNARY("Sinh", SINH, ""),
    UNARY("Softplus", SOFTPLUS, ""),
    UNARY("Softsign", SOFTSIGN, ""),
    UNARY("Sqrt", SQRT, ""),
    UNARY("Tan", TAN, ""),
    UNARY("Tanh", TANH, ""),
    UNARY("ThresholdedRelu", THRESHOLDED_RELU, "alpha:f "),
    {0},
};
