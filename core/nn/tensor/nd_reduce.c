/* Reductions over some axes: sums and the like in double, each result by one thread in one order. */
#include "nd_families.h"
#include "nd_walk.h"

#include <math.h>
#include <string.h>

enum { L1, L2, LOG_SUM, LOG_SUM_EXP, MAX, MEAN, MIN, PROD, SUM, SUM_SQUARE, ARG_MAX, ARG_MIN };

typedef struct state {
    medtl_nd_walk kept,
        gone;  /* where a result begins; what it takes in. One array each, of the input */
    bool last; /* ArgMax, ArgMin: of equals the last */
} state;

/* The axes to reduce, as flags. */
static medtl_status find_axes(const medtl_nd_infer *c, bool *reduced, bool *nothing)
{
    const size_t rank = medtl_nd_in(c, 0)->rank;
    const bool as_input =
        c->graph->opset >= 18 || (c->graph->opset >= 13 && c->node->op->kind == SUM);
    const int64_t *list;
    size_t count, axis;
    medtl_status status;

    if (as_input == (medtl_nd_attribute_find(c->node, "axes") != NULL) && as_input)
        return MEDTL_ND_REFUSE(c, "axes are an input in this opset");
    if ((status = medtl_nd_list(c, "axes", 1, &list, &count)) != MEDTL_OK)
        return status;
    *nothing = count == 0 && medtl_nd_attribute_int(c->node, "noop_with_empty_axes", 0) != 0;
    for (size_t d = 0; d < rank; d++)
        reduced[d] = count == 0 && !*nothing;
    for (size_t i = 0; i < count; i++) {
        if ((status = medtl_nd_axis(c, list[i], rank, &axis)) != MEDTL_OK)
            return status;
        reduced[axis] = true;
    }
    return MEDTL_OK;
}

static void add_dimension(medtl_nd_walk *walk, size_t size, size_t stride)
{
    walk->size[walk->rank] = size;
    walk->stride[0][walk->rank++] = (ptrdiff_t)stride;
}

static medtl_status lay_out(const medtl_nd_infer *c, const bool *reduced, medtl_nd_element element)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    const bool keep = medtl_nd_attribute_int(c->node, "keepdims", 1) != 0;
    state *s = medtl_nd_state(c, sizeof *s);
    medtl_nd_type y = {element, 0, {0}};
    size_t stride = medtl_nd_count(x);

    if (s == NULL)
        return MEDTL_E_MEMORY;
    s->kept.arrays = s->gone.arrays = 1;
    s->last = medtl_nd_attribute_int(c->node, "select_last_index", 0) != 0;
    for (size_t d = 0; d < x->rank; d++) {
        stride = x->size[d] > 0 ? stride / x->size[d] : 0;
        add_dimension(reduced[d] ? &s->gone : &s->kept, x->size[d], stride);
        if (!reduced[d])
            y.size[y.rank++] = x->size[d];
        else if (keep)
            y.size[y.rank++] = 1;
    }
    medtl_nd_walk_finish(&s->kept);
    medtl_nd_walk_finish(&s->gone);
    if (s->gone.count == 0)
        return MEDTL_ND_LACK(c, "reduces no elements at all");
    return medtl_nd_out(c, 0, &y);
}

static medtl_status infer(const medtl_nd_infer *c)
{
    const int kind = c->node->op->kind;
    const medtl_nd_element element = medtl_nd_in(c, 0)->element;
    bool reduced[MEDTL_ND_RANK], nothing;
    medtl_status status;

    if (element == MEDTL_ND_BOOL ||
        (element == MEDTL_ND_INT && kind != SUM && kind != MAX && kind != MIN && kind != PROD))
        return MEDTL_ND_LACK(c, "elements of type %s", medtl_nd_element_name(element));
    if ((status = find_axes(c, reduced, &nothing)) != MEDTL_OK)
        return status;
    return lay_out(c, reduced, element);
}

static medtl_status infer_arg(const medtl_nd_infer *c)
{
    bool reduced[MEDTL_ND_RANK] = {false};
    size_t axis;
    medtl_status status;

    if ((status = medtl_nd_expect(c, 0, MEDTL_ND_FLOAT)) != MEDTL_OK ||
        (status = medtl_nd_axis(c, medtl_nd_attribute_int(c->node, "axis", 0),
                                medtl_nd_in(c, 0)->rank, &axis)) != MEDTL_OK)
        return status;
    reduced[axis] = true;
    return lay_out(c, reduced, MEDTL_ND_INT);
}

/* What has been taken in so far. */
typedef struct gathered {
    int kind;
    const float *x;
    const int64_t *n;
    bool last;
    double sum, largest;
    int64_t whole, winner;
} gathered;

/* Relative to a running maximum, so that nothing overflows. Two infinities of one sign are equal, but their difference
 * is not a number; a NaN is larger than and equal to nothing, and stays in the sum. */
static void take_exponential(gathered *g, double v, size_t index)
{
    if (index == 0)
        g->largest = -INFINITY;
    if (v > g->largest) {
        g->sum = g->sum * exp(g->largest - v) + 1.0;
        g->largest = v;
    } else {
        g->sum += v == g->largest ? 1.0 : exp(v - g->largest);
    }
}

static void take(gathered *g, double v, size_t index)
{
    switch (g->kind) {
    case L1:
        g->sum += fabs(v);
        break;
    case L2:
    case SUM_SQUARE:
        g->sum += v * v;
        break;
    case PROD:
        g->sum *= v;
        break;
    case MAX:
        g->largest = index == 0 || v > g->largest || isnan(v) ? v : g->largest;
        break;
    case MIN:
        g->largest = index == 0 || v < g->largest || isnan(v) ? v : g->largest;
        break;
    case ARG_MAX:
    case ARG_MIN:
        v = g->kind == ARG_MIN ? -v : v;
        if (index == 0 || v > g->largest || (g->last && v == g->largest)) {
            g->largest = v;
            g->winner = (int64_t)index;
        }
        break;
    case LOG_SUM_EXP:
        take_exponential(g, v, index);
        break;
    default:
        g->sum += v;
    }
}

static void take_whole(gathered *g, int64_t v, size_t index)
{
    switch (g->kind) {
    case MAX:
        g->whole = index == 0 || v > g->whole ? v : g->whole;
        break;
    case MIN:
        g->whole = index == 0 || v < g->whole ? v : g->whole;
        break;
    case PROD:
        g->whole = index == 0 ? v : (int64_t)((uint64_t)g->whole * (uint64_t)v);
        break;
    default:
        g->whole = index == 0 ? v : (int64_t)((uint64_t)g->whole + (uint64_t)v);
    }
}

static void gather_row(void *context, size_t at, size_t count, const ptrdiff_t *offset,
                       const ptrdiff_t *stride)
{
    gathered *g = context;

    for (size_t i = 0; i < count; i++) {
        const ptrdiff_t from = offset[0] + (ptrdiff_t)i * stride[0];

        if (g->n != NULL)
            take_whole(g, g->n[from], at + i);
        else
            take(g, (double)g->x[from], at + i);
    }
}

static float result(const gathered *g, size_t count)
{
    switch (g->kind) {
    case L2:
        return (float)sqrt(g->sum);
    case LOG_SUM:
        return (float)log(g->sum);
    case LOG_SUM_EXP:
        return (float)(g->largest + log(g->sum));
    case MEAN:
        return (float)(g->sum / (double)count);
    case MAX:
    case MIN:
        return (float)g->largest;
    default:
        return (float)g->sum;
    }
}

/* One row of results: each walks what it takes in. */
static void result_row(void *context, size_t at, size_t count, const ptrdiff_t *offset,
                       const ptrdiff_t *stride)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    const bool whole = medtl_nd_in_type(call, 0)->element == MEDTL_ND_INT;

    for (size_t i = 0; i < count; i++) {
        const ptrdiff_t from = offset[0] + (ptrdiff_t)i * stride[0];
        gathered g = {.kind = call->node->op->kind,
                      .last = s->last,
                      .sum = call->node->op->kind == PROD ? 1.0 : 0.0};

        if (whole)
            g.n = (const int64_t *)call->in[0] + from;
        else
            g.x = (const float *)call->in[0] + from;
        medtl_nd_walk_range(&s->gone, 0, s->gone.count, gather_row, &g);
        if (g.kind == ARG_MAX || g.kind == ARG_MIN)
            ((int64_t *)call->out[0])[at + i] = g.winner;
        else if (whole)
            ((int64_t *)call->out[0])[at + i] = g.whole;
        else
            ((float *)call->out[0])[at + i] = result(&g, s->gone.count);
    }
}

/* Pieces such that each takes in about the same, and their number follows from the shapes alone. */
static size_t results_of_a_piece(const state *s) { return MEDTL_ND_PART / s->gone.count + 1; }

static void run_piece(void *context, size_t index, size_t worker)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    const size_t step = results_of_a_piece(s), first = index * step;

    (void)worker;
    medtl_nd_walk_range(&s->kept, first,
                        first + step < s->kept.count ? first + step : s->kept.count, result_row,
                        (void *)call);
}

static void run(const medtl_nd_call *call)
{
    const state *s = call->node->state;

    medtl_nd_for(call, (s->kept.count + results_of_a_piece(s) - 1) / results_of_a_piece(s),
                 run_piece, (void *)call);
}

#define REDUCE(NAME, KIND)                                                                         \
    {                                                                                              \
        NAME, KIND, 0, 1, 2, 1, "axes:I keepdims:i noop_with_empty_axes:i ", infer, NULL, run      \
    }

const medtl_nd_op medtl_nd_reduce_ops[] = {
    {"ArgMax", ARG_MAX, 0, 1, 1, 1, "axis:i keepdims:i select_last_index:i ", infer_arg, NULL, run},
    {"ArgMin", ARG_MIN, 0, 1, 1, 1, "axis:i keepdims:i select_last_index:i ", infer_arg, NULL, run},
    REDUCE("ReduceL1", L1),
    REDUCE("ReduceL2", L2),
    REDUCE("ReduceLogSum", LOG_SUM),
    REDUCE("ReduceLogSumExp", LOG_SUM_EXP),
    REDUCE("ReduceMax", MAX),
    REDUCE("ReduceMean", MEAN),
    REDUCE("ReduceMin", MIN),
    REDUCE("ReduceProd", PROD),
    REDUCE("ReduceSum", SUM),
    REDUCE("ReduceSumSquare", SUM_SQUARE),
    {0},
};
