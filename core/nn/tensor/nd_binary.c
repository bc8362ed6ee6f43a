/* Operators of two tensors that broadcast over one another, and of any number of them (Max, Min, Sum, Mean), which
 * are taken in one by one from the left. */
#include "nd_families.h"
#include "nd_walk.h"

#include <math.h>
#include <string.h>

enum {
    ADD,
    AND,
    DIV,
    EQUAL,
    GREATER,
    GREATER_EQUAL,
    LESS,
    LESS_EQUAL,
    MAX,
    MEAN,
    MIN,
    MOD,
    MUL,
    OR,
    POW,
    PRELU,
    SUB,
    SUM,
    XOR
};

static bool compares(int kind) { return kind >= EQUAL && kind <= LESS_EQUAL; }
static bool logical(int kind) { return kind == AND || kind == OR || kind == XOR; }

typedef struct state {
    medtl_nd_walk walk;  /* of the first two inputs */
    bool fractional;     /* Mod: as C's fmod, with the sign of the dividend */
    bool power_is_whole; /* Pow: the exponent is int64 */
} state;

/* Before opset 7 the second input was placed at `axis`, and only if it asked for it; the slope of PRelu is per
 * channel. Sizes of one behind it say the same in numpy's rules. */
static medtl_status old_broadcast(const medtl_nd_infer *c, medtl_nd_type *b)
{
    const medtl_nd_type *a = medtl_nd_in(c, 0);
    const bool slope = c->node->op->kind == PRELU;
    const int64_t axis = medtl_nd_attribute_int(c->node, "axis", slope && b->rank == 1 ? 1 : -1);

    if (c->graph->opset >= 7) {
        if (medtl_nd_attribute_find(c->node, "broadcast") != NULL ||
            medtl_nd_attribute_find(c->node, "axis") != NULL)
            return MEDTL_ND_REFUSE(c, "broadcast and axis ended with opset 6");
        return MEDTL_OK;
    }
    if (!slope && medtl_nd_attribute_int(c->node, "broadcast", 0) == 0 &&
        !medtl_nd_same_shape(a, b))
        return MEDTL_ND_REFUSE(c, "shapes differ");
    if (axis < 0)
        return MEDTL_OK;
    if (b->rank > a->rank || (size_t)axis > a->rank - b->rank)
        return MEDTL_ND_REFUSE(c, "the second input does not lie at axis %lld of the first",
                               (long long)axis);
    while (b->rank < a->rank - (size_t)axis)
        b->size[b->rank++] = 1;
    return MEDTL_OK;
}

static medtl_status check_elements(const medtl_nd_infer *c)
{
    const int kind = c->node->op->kind;
    const medtl_nd_element first = medtl_nd_in(c, 0)->element;

    for (size_t k = 1; k < c->node->input_count; k++)
        if (medtl_nd_in(c, k)->element != first &&
            !(kind == POW && medtl_nd_in(c, k)->element != MEDTL_ND_BOOL))
            return MEDTL_ND_REFUSE(c, "inputs are of different types");
    if (logical(kind) || (first == MEDTL_ND_BOOL && kind != EQUAL))
        return logical(kind) ? medtl_nd_expect(c, 0, MEDTL_ND_BOOL)
                             : medtl_nd_expect(c, 0, MEDTL_ND_FLOAT);
    if (kind == PRELU || kind == MEAN)
        return medtl_nd_expect(c, 0, MEDTL_ND_FLOAT);
    return MEDTL_OK;
}

static medtl_status infer(const medtl_nd_infer *c)
{
    const int kind = c->node->op->kind;
    medtl_nd_type second = *medtl_nd_in(c, 1), y;
    const medtl_nd_type *types[] = {medtl_nd_in(c, 0), &second};
    medtl_status status;
    state *s = medtl_nd_state(c, sizeof *s);

    if (s == NULL)
        return MEDTL_E_MEMORY;
    if ((status = check_elements(c)) != MEDTL_OK ||
        (status = old_broadcast(c, &second)) != MEDTL_OK)
        return status;
    if (!medtl_nd_broadcast(types, 2, &y))
        return MEDTL_ND_REFUSE(c, "shapes do not broadcast");
    if (kind == PRELU && !medtl_nd_same_shape(&y, types[0]))
        return MEDTL_ND_REFUSE(c, "the slope does not broadcast to the input");
    y.element = compares(kind) || logical(kind) ? MEDTL_ND_BOOL : types[0]->element;
    s->power_is_whole = kind == POW && second.element == MEDTL_ND_INT;
    s->fractional = medtl_nd_attribute_int(c->node, "fmod", 0) != 0;
    if (kind == MOD && !s->fractional && types[0]->element == MEDTL_ND_FLOAT)
        return MEDTL_ND_REFUSE(c, "Mod of float32 needs fmod = 1");
    if ((status = medtl_nd_out(c, 0, &y)) == MEDTL_OK)
        medtl_nd_walk_broadcast(&s->walk, &y, types, 2);
    return status;
}

static medtl_status infer_any(const medtl_nd_infer *c)
{
    medtl_nd_type y = *medtl_nd_in(c, 0);
    medtl_status status = check_elements(c);

    for (size_t k = 1; k < c->node->input_count && status == MEDTL_OK; k++) {
        medtl_nd_type joined = y;
        const medtl_nd_type *types[] = {&y, medtl_nd_in(c, k)};

        if (!medtl_nd_broadcast(types, 2, &joined))
            status = MEDTL_ND_REFUSE(c, "shapes do not broadcast");
        y = joined;
    }
    return status == MEDTL_OK ? medtl_nd_out(c, 0, &y) : status;
}

/* One row of two arrays. */
typedef struct pair {
    int kind;
    const state *state;
    const void *a, *b;
    void *y;
} pair;

#define EACH(TYPE, RESULT, expression)                                                             \
    do {                                                                                           \
        const TYPE *a = (const TYPE *)p->a + offset[0];                                            \
        const TYPE *b = (const TYPE *)p->b + offset[1];                                            \
        RESULT *y = (RESULT *)p->y + at;                                                           \
        if (stride[0] == 1 && stride[1] == 1)                                                      \
            for (size_t i = 0; i < count; i++) {                                                   \
                const TYPE u = a[i], v = b[i];                                                     \
                y[i] = (RESULT)(expression);                                                       \
            }                                                                                      \
        else                                                                                       \
            for (size_t i = 0; i < count; i++) {                                                   \
                const TYPE u = a[(ptrdiff_t)i * stride[0]];                                        \
                const TYPE v = b[(ptrdiff_t)i * stride[1]];                                        \
                y[i] = (RESULT)(expression);                                                       \
            }                                                                                      \
        return;                                                                                    \
    } while (0)

static void float_row(void *context, size_t at, size_t count, const ptrdiff_t *offset,
                      const ptrdiff_t *stride)
{
    const pair *p = context;

    switch (p->kind) {
    case ADD:
        EACH(float, float, u + v);
    case SUM:
        EACH(float, float, u + v);
    case MEAN:
        EACH(float, float, u + v); /* divided at the end */
    case SUB:
        EACH(float, float, u - v);
    case MUL:
        EACH(float, float, u *v);
    case DIV:
        EACH(float, float, u / v);
    case MAX:
        EACH(float, float, u > v || isnan(u) ? u : v);
    case MIN:
        EACH(float, float, u < v || isnan(u) ? u : v);
    case POW:
        EACH(float, float, v == 2.0f ? u * u : powf(u, v));
    case MOD:
        EACH(float, float, fmodf(u, v));
    case PRELU:
        EACH(float, float, u < 0.0f ? v * u : u);
    case EQUAL:
        EACH(float, bool, u == v);
    case GREATER:
        EACH(float, bool, u > v);
    case GREATER_EQUAL:
        EACH(float, bool, u >= v);
    case LESS:
        EACH(float, bool, u < v);
    case LESS_EQUAL:
        EACH(float, bool, u <= v);
    }
}

/* Whole numbers wrap around, and dividing by zero gives zero: what a file holds must not stop the process. */
static int64_t divide(int64_t u, int64_t v)
{
    return v == 0 ? 0 : v == -1 ? (int64_t)(0u - (uint64_t)u) : u / v;
}

static int64_t remainder_of(int64_t u, int64_t v, bool fractional)
{
    const int64_t r = v == 0 || v == -1 ? 0 : u % v;

    return !fractional && r != 0 && (r < 0) != (v < 0) ? r + v : r;
}

static int64_t power(int64_t u, int64_t v)
{
    uint64_t result = 1, base = (uint64_t)u;

    if (v < 0)
        return u == 1 ? 1 : u == -1 ? (v % 2 != 0 ? -1 : 1) : 0;
    for (; v > 0; v /= 2, base *= base)
        if (v % 2 != 0)
            result *= base;
    return (int64_t)result;
}

static void whole_row(void *context, size_t at, size_t count, const ptrdiff_t *offset,
                      const ptrdiff_t *stride)
{
    const pair *p = context;

    switch (p->kind) {
    case ADD:
        EACH(int64_t, int64_t, (uint64_t)u + (uint64_t)v);
    case SUM:
        EACH(int64_t, int64_t, (uint64_t)u + (uint64_t)v);
    case SUB:
        EACH(int64_t, int64_t, (uint64_t)u - (uint64_t)v);
    case MUL:
        EACH(int64_t, int64_t, (uint64_t)u * (uint64_t)v);
    case DIV:
        EACH(int64_t, int64_t, divide(u, v));
    case MOD:
        EACH(int64_t, int64_t, remainder_of(u, v, p->state->fractional));
    case POW:
        EACH(int64_t, int64_t, power(u, v));
    case MAX:
        EACH(int64_t, int64_t, u > v ? u : v);
    case MIN:
        EACH(int64_t, int64_t, u < v ? u : v);
    case EQUAL:
        EACH(int64_t, bool, u == v);
    case GREATER:
        EACH(int64_t, bool, u > v);
    case GREATER_EQUAL:
        EACH(int64_t, bool, u >= v);
    case LESS:
        EACH(int64_t, bool, u < v);
    case LESS_EQUAL:
        EACH(int64_t, bool, u <= v);
    }
}

static void truth_row(void *context, size_t at, size_t count, const ptrdiff_t *offset,
                      const ptrdiff_t *stride)
{
    const pair *p = context;

    switch (p->kind) {
    case AND:
        EACH(bool, bool, u &&v);
    case OR:
        EACH(bool, bool, u || v);
    case XOR:
        EACH(bool, bool, u != v);
    case EQUAL:
        EACH(bool, bool, u == v);
    }
}

/* Pow of two types: the result has that of the base. */
static double as_number(const void *data, ptrdiff_t index, medtl_nd_element element)
{
    return element == MEDTL_ND_FLOAT ? (double)((const float *)data)[index]
                                     : (double)((const int64_t *)data)[index];
}

static void mixed_row(void *context, size_t at, size_t count, const ptrdiff_t *offset,
                      const ptrdiff_t *stride)
{
    const pair *p = context;
    const medtl_nd_element exponent = p->state->power_is_whole ? MEDTL_ND_INT : MEDTL_ND_FLOAT;
    const medtl_nd_element base = p->state->power_is_whole ? MEDTL_ND_FLOAT : MEDTL_ND_INT;

    for (size_t i = 0; i < count; i++) {
        const double v = pow(as_number(p->a, offset[0] + (ptrdiff_t)i * stride[0], base),
                             as_number(p->b, offset[1] + (ptrdiff_t)i * stride[1], exponent));

        if (base == MEDTL_ND_FLOAT)
            ((float *)p->y)[at + i] = (float)v;
        else /* beyond int64 there is no right answer; zero is one that stops nobody */
            ((int64_t *)p->y)[at + i] = v > -0x1p62 && v < 0x1p62 ? (int64_t)v : 0;
    }
}

static medtl_nd_row row_of(const medtl_nd_type *a, const medtl_nd_type *b)
{
    if (a->element != b->element)
        return mixed_row;
    return a->element == MEDTL_ND_FLOAT ? float_row
           : a->element == MEDTL_ND_INT ? whole_row
                                        : truth_row;
}

static void run_part(void *context, size_t index, size_t worker)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    pair p = {call->node->op->kind, s, call->in[0], call->in[1], call->out[0]};
    size_t first, end;

    (void)worker;
    medtl_nd_part(s->walk.count, index, &first, &end);
    medtl_nd_walk_range(&s->walk, first, end,
                        row_of(medtl_nd_in_type(call, 0), medtl_nd_in_type(call, 1)), &p);
    if (call->node->relu)
        for (float *y = (float *)call->out[0] + first; y < (float *)call->out[0] + end; y++)
            *y = *y < 0.0f ? 0.0f : *y;
}

static void run(const medtl_nd_call *call)
{
    medtl_nd_for(call, medtl_nd_parts(((const state *)call->node->state)->walk.count), run_part,
                 (void *)call);
}

/* y = in[0] broadcast; then y = f(y, in[k]). The first step is y = max(in[0], in[0]). */
static void any_part(void *context, size_t index, size_t worker)
{
    const medtl_nd_call *call = context;
    const medtl_nd_type *y = medtl_nd_out_type(call, 0);
    const size_t inputs = call->node->input_count;
    size_t first, end;

    (void)worker;
    medtl_nd_part(medtl_nd_count(y), index, &first, &end);
    for (size_t k = 0; k < inputs; k++) {
        const medtl_nd_type *types[] = {k == 0 ? medtl_nd_in_type(call, 0) : y,
                                        medtl_nd_in_type(call, k)};
        pair p = {k == 0 ? MAX : call->node->op->kind, NULL, k == 0 ? call->in[0] : call->out[0],
                  call->in[k], call->out[0]};
        medtl_nd_walk walk;

        medtl_nd_walk_broadcast(&walk, y, types, 2);
        medtl_nd_walk_range(&walk, first, end, row_of(y, y), &p);
    }
    if (call->node->op->kind == MEAN)
        for (float *v = (float *)call->out[0] + first; v < (float *)call->out[0] + end; v++)
            *v /= (float)inputs;
}

static void run_any(const medtl_nd_call *call)
{
    medtl_nd_for(call, medtl_nd_parts(medtl_nd_count(medtl_nd_out_type(call, 0))), any_part,
                 (void *)call);
}

#define BINARY(NAME, KIND, FLAGS)                                                                  \
    {                                                                                              \
        NAME, KIND, FLAGS, 2, 2, 1, "broadcast:i axis:i ", infer, NULL, run                        \
    }

const medtl_nd_op medtl_nd_binary_ops[] = {
    BINARY("Add", ADD, MEDTL_ND_IN_PLACE | MEDTL_ND_RELU),
    BINARY("And", AND, 0),
    BINARY("Div", DIV, MEDTL_ND_IN_PLACE),
    BINARY("Equal", EQUAL, 0),
    BINARY("Greater", GREATER, 0),
    BINARY("GreaterOrEqual", GREATER_EQUAL, 0),
    BINARY("Less", LESS, 0),
    BINARY("LessOrEqual", LESS_EQUAL, 0),
    {"Max", MAX, 0, 1, 0, 1, "", infer_any, NULL, run_any},
    {"Mean", MEAN, 0, 1, 0, 1, "", infer_any, NULL, run_any},
    {"Min", MIN, 0, 1, 0, 1, "", infer_any, NULL, run_any},
    {"Mod", MOD, 0, 2, 2, 1, "fmod:i ", infer, NULL, run},
    BINARY("Mul", MUL, MEDTL_ND_IN_PLACE),
    BINARY("Or", OR, 0),
    BINARY("Pow", POW, 0),
    {"PRelu", PRELU, MEDTL_ND_IN_PLACE, 2, 2, 1, "", infer, NULL, run},
    BINARY("Sub", SUB, MEDTL_ND_IN_PLACE),
    {"Sum", SUM, 0, 1, 0, 1, "", infer_any, NULL, run_any},
    BINARY("Xor", XOR, 0),
    {0},
};
