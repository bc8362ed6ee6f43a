/* Operators that gather, join or pad blocks of elements. */
#include "nd_families.h"

#include <string.h>

enum { CONCAT, GATHER, PAD };

/* Sizes before and behind an axis: [outer][axis][inner]. */
static void around(const medtl_nd_type *type, size_t axis, size_t *outer, size_t *inner)
{
    *outer = *inner = 1;
    for (size_t d = 0; d < type->rank; d++)
        if (d != axis)
            *(d < axis ? outer : inner) *= type->size[d];
}

static medtl_status infer_concat(const medtl_nd_infer *c)
{
    medtl_nd_type y = *medtl_nd_in(c, 0);
    size_t *axis = medtl_nd_state(c, sizeof *axis);
    medtl_status status;

    if (axis == NULL)
        return MEDTL_E_MEMORY;
    if ((status = medtl_nd_axis(c, medtl_nd_attribute_int(c->node, "axis", 1), y.rank, axis)) !=
        MEDTL_OK)
        return status;
    for (size_t k = 1; k < c->node->input_count; k++) {
        const medtl_nd_type *x = medtl_nd_in(c, k);
        bool same = x->rank == y.rank && x->element == y.element;

        for (size_t d = 0; d < y.rank && same; d++)
            same = d == *axis || x->size[d] == y.size[d];
        if (!same)
            return MEDTL_ND_REFUSE(c, "input %zu does not fit the first", k);
        y.size[*axis] += x->size[*axis];
        if (!medtl_nd_fits(&y, MEDTL_ND_MOST_ELEMENTS))
            break; /* refused below; and so no sum can overflow */
    }
    return medtl_nd_out(c, 0, &y);
}

/* One input. */
static void concat_input(void *context, size_t k, size_t worker)
{
    const medtl_nd_call *call = context;
    const medtl_nd_type *x = medtl_nd_in_type(call, k), *y = medtl_nd_out_type(call, 0);
    const size_t axis = *(const size_t *)call->node->state;
    size_t outer, inner, before = 0;

    (void)worker;
    for (size_t i = 0; i < k; i++)
        before += medtl_nd_in_type(call, i)->size[axis];
    around(y, axis, &outer, &inner);
    inner *= medtl_nd_width(x->element);
    for (size_t i = 0; i < outer && x->size[axis] > 0; i++)
        memcpy((char *)call->out[0] + (i * y->size[axis] + before) * inner,
               (const char *)call->in[k] + i * x->size[axis] * inner, x->size[axis] * inner);
}

static void run_concat(const medtl_nd_call *call)
{
    medtl_nd_for(call, call->node->input_count, concat_input, (void *)call);
}

static medtl_status check_indices(const medtl_nd_infer *c, size_t size)
{
    const int64_t *indices = medtl_nd_constant(c, 1);
    const int64_t n = (int64_t)size;

    for (size_t i = 0; indices != NULL && i < medtl_nd_count(medtl_nd_in(c, 1)); i++)
        if (indices[i] < -n || indices[i] >= n)
            return MEDTL_ND_REFUSE(c, "index %lld of %zu", (long long)indices[i], size);
    return MEDTL_OK;
}

static medtl_status infer_gather(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0), *indices = medtl_nd_in(c, 1);
    size_t *axis = medtl_nd_state(c, sizeof *axis);
    medtl_nd_type y = {x->element, 0, {0}};
    medtl_status status;

    if (axis == NULL)
        return MEDTL_E_MEMORY;
    if ((status = medtl_nd_expect(c, 1, MEDTL_ND_INT)) != MEDTL_OK ||
        (status = medtl_nd_axis(c, medtl_nd_attribute_int(c->node, "axis", 0), x->rank, axis)) !=
            MEDTL_OK ||
        (status = check_indices(c, x->size[*axis])) != MEDTL_OK)
        return status;
    if (x->size[*axis] == 0)
        return MEDTL_ND_REFUSE(c, "an axis of size 0");
    if (x->rank + indices->rank - 1 > MEDTL_ND_RANK)
        return MEDTL_ND_LACK(c, "a result of more than %d dimensions", MEDTL_ND_RANK);
    for (size_t d = 0; d < *axis; d++)
        y.size[y.rank++] = x->size[d];
    for (size_t d = 0; d < indices->rank; d++)
        y.size[y.rank++] = indices->size[d];
    for (size_t d = *axis + 1; d < x->rank; d++)
        y.size[y.rank++] = x->size[d];
    return medtl_nd_out(c, 0, &y);
}

/* An index that only turns up when the network runs cannot be refused any more: it is brought into range. */
static size_t place_of(int64_t index, size_t size)
{
    const int64_t n = (int64_t)size, from_front = index < 0 && index >= -n ? index + n : index;

    return (size_t)(from_front < 0 ? 0 : from_front >= n ? n - 1 : from_front);
}

static void run_gather(const medtl_nd_call *call)
{
    const medtl_nd_type *x = medtl_nd_in_type(call, 0);
    const size_t axis = *(const size_t *)call->node->state,
                 count = medtl_nd_count(medtl_nd_in_type(call, 1));
    const int64_t *indices = call->in[1];
    size_t outer, inner;

    around(x, axis, &outer, &inner);
    inner *= medtl_nd_width(x->element);
    for (size_t i = 0; i < outer && inner > 0; i++)
        for (size_t k = 0; k < count; k++)
            memcpy((char *)call->out[0] + (i * count + k) * inner,
                   (const char *)call->in[0] +
                       (i * x->size[axis] + place_of(indices[k], x->size[axis])) * inner,
                   inner);
}

typedef struct padding {
    enum { CONSTANT, REFLECT, EDGE } mode;
    ptrdiff_t before[MEDTL_ND_RANK];
} padding;

static medtl_status read_mode(const medtl_nd_infer *c, padding *p)
{
    static const char *const modes[] = {"constant", "reflect", "edge"};
    const char *mode = medtl_nd_attribute_text(c->node, "mode", "constant");

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(mode, modes[i]) == 0) {
            p->mode = i == 0 ? CONSTANT : i == 1 ? REFLECT : EDGE;
            return MEDTL_OK;
        }
    return MEDTL_ND_LACK(c, "mode \"%.20s\"", mode);
}

static medtl_status infer_pad(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0), *fill = medtl_nd_in(c, 2);
    const int64_t *pads;
    const int64_t most = (int64_t)MEDTL_ND_MOST_ELEMENTS;
    size_t count;
    medtl_nd_type y = *x;
    medtl_status status;
    padding *p = medtl_nd_state(c, sizeof *p);

    if (p == NULL)
        return MEDTL_E_MEMORY;
    if ((status = read_mode(c, p)) != MEDTL_OK ||
        (status = medtl_nd_list(c, "pads", 1, &pads, &count)) != MEDTL_OK)
        return status;
    if (count != 2 * x->rank || (pads == NULL && count > 0))
        return MEDTL_ND_REFUSE(c, "%zu pads for %zu dimensions", count, x->rank);
    if (fill != NULL && (medtl_nd_count(fill) != 1 || fill->element != x->element))
        return MEDTL_ND_REFUSE(c, "the value to pad with is not one of the input's type");
    for (size_t d = 0; d < x->rank; d++) {
        const int64_t before = pads[d], after = pads[d + x->rank], size = (int64_t)x->size[d];

        if (before < -most || after < -most || before > most || after > most ||
            size + before + after < 0 || (before < 0 && -before > size) ||
            (after < 0 && -after > size))
            return MEDTL_ND_REFUSE(c, "pads %lld and %lld of a size of %zu", (long long)before,
                                   (long long)after, x->size[d]);
        if (p->mode != CONSTANT &&
            (size == 0 || (p->mode == REFLECT && (before >= size || after >= size))))
            return MEDTL_ND_REFUSE(c, "pads %lld and %lld are more than a size of %zu can give",
                                   (long long)before, (long long)after, x->size[d]);
        y.size[d] = (size_t)(size + before + after);
        p->before[d] = (ptrdiff_t)before;
    }
    return medtl_nd_out(c, 0, &y);
}

/* Where the element at `at` of the padded axis comes from; -1: it is filled. */
static ptrdiff_t origin(const padding *p, size_t d, size_t at, size_t size)
{
    const ptrdiff_t from = (ptrdiff_t)at - p->before[d], n = (ptrdiff_t)size;

    if (from >= 0 && from < n)
        return from;
    if (p->mode == CONSTANT)
        return -1;
    if (p->mode == EDGE)
        return from < 0 ? 0 : n - 1;
    return from < 0 ? -from : 2 * (n - 1) - from;
}

/* One row of the last axis. */
static void pad_row(void *context, size_t row, size_t worker)
{
    const medtl_nd_call *call = context;
    const padding *p = call->node->state;
    const medtl_nd_type *x = medtl_nd_in_type(call, 0), *y = medtl_nd_out_type(call, 0);
    const size_t last = y->rank - 1, length = y->size[last], width = medtl_nd_width(y->element);
    const char zeros[8] = {0};
    const float legacy = medtl_nd_attribute_float(call->node, "value", 0.0f);
    const char *fill = call->node->input_count > 2 && call->in[2] != NULL ? call->in[2]
                       : y->element == MEDTL_ND_FLOAT                     ? (const char *)&legacy
                                                                          : zeros;
    char *to = (char *)call->out[0] + row * length * width;
    ptrdiff_t from = 0, scale = 1;
    bool filled = false;

    (void)worker;
    for (size_t d = last; d-- > 0; row /= y->size[d]) {
        const ptrdiff_t at = origin(p, d, row % y->size[d], x->size[d]);

        filled = filled || at < 0;
        from += at * scale;
        scale *= (ptrdiff_t)x->size[d];
    }
    for (size_t i = 0; i < length; i++) {
        const ptrdiff_t at = filled ? -1 : origin(p, last, i, x->size[last]);

        memcpy(to + i * width,
               at < 0 ? fill
                      : (const char *)call->in[0] +
                            (size_t)(from * (ptrdiff_t)x->size[last] + at) * width,
               width);
    }
}

static void run_pad(const medtl_nd_call *call)
{
    const medtl_nd_type *y = medtl_nd_out_type(call, 0);
    const size_t count = medtl_nd_count(y);

    if (y->rank == 0)
        memcpy(call->out[0], call->in[0], medtl_nd_width(y->element));
    else if (count > 0)
        medtl_nd_for(call, count / y->size[y->rank - 1], pad_row, (void *)call);
}

const medtl_nd_op medtl_nd_move_ops[] = {
    {"Concat", CONCAT, 0, 1, 0, 1, "axis:i ", infer_concat, NULL, run_concat},
    {"Gather", GATHER, 0, 2, 2, 1, "axis:i ", infer_gather, NULL, run_gather},
    {"Pad", PAD, 0, 1, 3, 1, "pads:I mode:t value:f ", infer_pad, NULL, run_pad},
    {0},
};
