/* Operators that only rename the shape: the result is the input's memory. */
#include "nd_families.h"

#include <string.h>

/* The pass lets the output share the input's memory; a folded constant is copied here. */
static void run(const medtl_nd_call *call)
{
    const medtl_nd_type *x = medtl_nd_in_type(call, 0);
    const size_t bytes = medtl_nd_count(x) * medtl_nd_width(x->element);

    if (call->out[0] != call->in[0] && bytes > 0)
        memcpy(call->out[0], call->in[0], bytes);
}

static medtl_status infer_identity(const medtl_nd_infer *c)
{
    return medtl_nd_out(c, 0, medtl_nd_in(c, 0));
}

/* Inference only: nothing is dropped, and the mask is all true. */
static medtl_status infer_dropout(const medtl_nd_infer *c)
{
    const bool *training = medtl_nd_constant(c, 2);
    medtl_nd_type mask = *medtl_nd_in(c, 0);
    medtl_status status;

    if (medtl_nd_in(c, 2) != NULL &&
        (training == NULL || medtl_nd_in(c, 2)->element != MEDTL_ND_BOOL ||
         medtl_nd_count(medtl_nd_in(c, 2)) != 1 || training[0]))
        return MEDTL_ND_LACK(c, "training mode");
    if (c->graph->opset < 7 && medtl_nd_attribute_int(c->node, "is_test", 0) == 0)
        return MEDTL_ND_LACK(c, "training mode (is_test is 0)");
    if (c->graph->opset >= 10)
        mask.element = MEDTL_ND_BOOL;
    if ((status = medtl_nd_out(c, 0, medtl_nd_in(c, 0))) != MEDTL_OK)
        return status;
    return medtl_nd_out(c, 1, &mask);
}

static void run_dropout(const medtl_nd_call *call)
{
    run(call);
    if (call->node->output_count > 1) {
        const medtl_nd_type *mask = medtl_nd_out_type(call, 1);

        for (size_t i = 0; i < medtl_nd_count(mask); i++)
            if (mask->element == MEDTL_ND_BOOL)
                ((bool *)call->out[1])[i] = true;
            else if (mask->element == MEDTL_ND_FLOAT)
                ((float *)call->out[1])[i] = 1.0f;
    }
}

static medtl_status infer_reshape(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    const bool keep_zero = medtl_nd_attribute_int(c->node, "allowzero", 0) != 0;
    const int64_t *shape;
    size_t count, known = 1, free_at = SIZE_MAX;
    medtl_nd_type y = {x->element, 0, {0}};
    medtl_status status;

    if ((status = medtl_nd_list(c, "shape", 1, &shape, &count)) != MEDTL_OK)
        return status;
    if (count > MEDTL_ND_RANK || (shape == NULL && count > 0))
        return MEDTL_ND_LACK(c, "a shape of %zu dimensions", count);
    y.rank = count;
    for (size_t d = 0; d < count; d++) {
        if (shape[d] == -1 && free_at == SIZE_MAX)
            free_at = d;
        else if (shape[d] < 0 || (uint64_t)shape[d] > MEDTL_ND_MOST_ELEMENTS ||
                 (shape[d] == 0 && !keep_zero && d >= x->rank))
            return MEDTL_ND_REFUSE(c, "a shape with %lld at place %zu", (long long)shape[d], d);
        y.size[d] = shape[d] == -1                ? 1
                    : shape[d] == 0 && !keep_zero ? x->size[d]
                                                  : (size_t)shape[d];
    }
    if (!medtl_nd_fits(&y, MEDTL_ND_MOST_ELEMENTS))
        return MEDTL_ND_REFUSE(c, "a shape of more than %zu elements", MEDTL_ND_MOST_ELEMENTS);
    known = medtl_nd_count(&y);
    if (free_at != SIZE_MAX && known > 0 && medtl_nd_count(x) % known == 0)
        y.size[free_at] = medtl_nd_count(x) / known;
    if (medtl_nd_count(&y) != medtl_nd_count(x))
        return MEDTL_ND_REFUSE(c, "a shape of %zu elements for %zu", medtl_nd_count(&y),
                               medtl_nd_count(x));
    return medtl_nd_out(c, 0, &y);
}

static medtl_status infer_flatten(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    const int64_t rank = (int64_t)x->rank, given = medtl_nd_attribute_int(c->node, "axis", 1);
    const int64_t axis = given < 0 ? given + rank : given;
    medtl_nd_type y = {x->element, 2, {1, 1}};

    if (axis < 0 || axis > rank)
        return MEDTL_ND_REFUSE(c, "axis %lld of a tensor of %lld dimensions", (long long)given,
                               (long long)rank);
    for (size_t d = 0; d < x->rank; d++)
        y.size[d < (size_t)axis ? 0 : 1] *= x->size[d];
    return medtl_nd_out(c, 0, &y);
}

/* Flags of the axes listed, among `rank`. Twice the same is refused. */
static medtl_status flag_axes(const medtl_nd_infer *c, size_t rank, bool *flags, size_t *count)
{
    const int64_t *list;
    size_t axis;
    medtl_status status;

    if (rank > MEDTL_ND_RANK)
        return MEDTL_ND_LACK(c, "more than %d dimensions", MEDTL_ND_RANK);
    if ((status = medtl_nd_list(c, "axes", 1, &list, count)) != MEDTL_OK)
        return status;
    for (size_t i = 0; i < *count; i++) {
        if ((status = medtl_nd_axis(c, list[i], rank, &axis)) != MEDTL_OK)
            return status;
        if (flags[axis])
            return MEDTL_ND_REFUSE(c, "axis %zu is listed twice", axis);
        flags[axis] = true;
    }
    return MEDTL_OK;
}

static medtl_status infer_squeeze(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    medtl_nd_type y = {x->element, 0, {0}};
    bool flags[MEDTL_ND_RANK] = {false};
    size_t count;
    medtl_status status;

    if ((status = flag_axes(c, x->rank, flags, &count)) != MEDTL_OK)
        return status;
    for (size_t d = 0; d < x->rank; d++) {
        if (flags[d] && x->size[d] != 1)
            return MEDTL_ND_REFUSE(c, "axis %zu has size %zu, not 1", d, x->size[d]);
        if (!(flags[d] || (count == 0 && x->size[d] == 1)))
            y.size[y.rank++] = x->size[d];
    }
    return medtl_nd_out(c, 0, &y);
}

static medtl_status infer_unsqueeze(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    const int64_t *list;
    medtl_nd_type y = {x->element, 0, {0}};
    bool flags[MEDTL_ND_RANK] = {false};
    size_t count, from = 0;
    medtl_status status;

    if ((status = medtl_nd_list(c, "axes", 1, &list, &count)) != MEDTL_OK ||
        (count <= MEDTL_ND_RANK &&
         (status = flag_axes(c, x->rank + count, flags, &count)) != MEDTL_OK))
        return status;
    if (count == 0 || x->rank + count > MEDTL_ND_RANK)
        return MEDTL_ND_LACK(c, "%zu new axes for %zu", count, x->rank);
    y.rank = x->rank + count;
    for (size_t d = 0; d < y.rank; d++)
        y.size[d] = flags[d] ? 1 : x->size[from++];
    return medtl_nd_out(c, 0, &y);
}

const medtl_nd_op medtl_nd_view_ops[] = {
    {"Dropout", 0, MEDTL_ND_VIEW, 1, 3, 2, "ratio:f seed:i is_test:i ", infer_dropout, NULL,
     run_dropout},
    {"Flatten", 0, MEDTL_ND_VIEW, 1, 1, 1, "axis:i ", infer_flatten, NULL, run},
    {"Identity", 0, MEDTL_ND_VIEW, 1, 1, 1, "", infer_identity, NULL, run},
    {"Reshape", 0, MEDTL_ND_VIEW, 1, 2, 1, "shape:I allowzero:i ", infer_reshape, NULL, run},
    {"Squeeze", 0, MEDTL_ND_VIEW, 1, 2, 1, "axes:I ", infer_squeeze, NULL, run},
    {"Unsqueeze", 0, MEDTL_ND_VIEW, 1, 2, 1, "axes:I ", infer_unsqueeze, NULL, run},
    {0},
};
