/* Operators whose results follow from shapes or constants alone; a plan evaluates them once. */
#include "nd_families.h"

#include <math.h>
#include <string.h>

static medtl_status infer_shape(const medtl_nd_infer *c)
{
    const int64_t rank = (int64_t)medtl_nd_in(c, 0)->rank;
    int64_t start = medtl_nd_attribute_int(c->node, "start", 0),
            end = medtl_nd_attribute_int(c->node, "end", rank);
    size_t *first = medtl_nd_state(c, sizeof *first);
    medtl_nd_type y = {MEDTL_ND_INT, 1, {0}};

    if (first == NULL)
        return MEDTL_E_MEMORY;
    start = start < -rank ? 0 : start < 0 ? start + rank : start > rank ? rank : start;
    end = end < -rank ? 0 : end < 0 ? end + rank : end > rank ? rank : end;
    *first = (size_t)start;
    y.size[0] = end > start ? (size_t)(end - start) : 0;
    return medtl_nd_out(c, 0, &y);
}

static void run_shape(const medtl_nd_call *call)
{
    const size_t first = *(const size_t *)call->node->state;

    for (size_t i = 0; i < medtl_nd_out_type(call, 0)->size[0]; i++)
        ((int64_t *)call->out[0])[i] = (int64_t)medtl_nd_in_type(call, 0)->size[first + i];
}

static medtl_status infer_size(const medtl_nd_infer *c)
{
    return medtl_nd_out(c, 0, &(medtl_nd_type){MEDTL_ND_INT, 0, {0}});
}

static void run_size(const medtl_nd_call *call)
{
    *(int64_t *)call->out[0] = (int64_t)medtl_nd_count(medtl_nd_in_type(call, 0));
}

/* value: a number whose type is the result's; the readers store that of a tensor so, and bool as "truth". */
static medtl_status infer_constant_of_shape(const medtl_nd_infer *c)
{
    const medtl_nd_attribute *value = medtl_nd_attribute_find(c->node, "value");
    const int64_t *shape;
    size_t count;
    medtl_nd_type y = {MEDTL_ND_FLOAT, 0, {0}};
    medtl_status status;

    if (value != NULL)
        y.element = value->kind == MEDTL_ND_INTS ? MEDTL_ND_INT : MEDTL_ND_FLOAT;
    if (medtl_nd_attribute_find(c->node, "truth") != NULL)
        y.element = MEDTL_ND_BOOL;
    if ((status = medtl_nd_list(c, "", 0, &shape, &count)) != MEDTL_OK)
        return status;
    if (count > MEDTL_ND_RANK)
        return MEDTL_ND_LACK(c, "a shape of %zu dimensions", count);
    for (y.rank = 0; y.rank < count; y.rank++) {
        if (shape[y.rank] < 0 || (uint64_t)shape[y.rank] > MEDTL_ND_MOST_ELEMENTS)
            return MEDTL_ND_REFUSE(c, "a shape with %lld", (long long)shape[y.rank]);
        y.size[y.rank] = (size_t)shape[y.rank];
    }
    return medtl_nd_out(c, 0, &y);
}

static void run_constant_of_shape(const medtl_nd_call *call)
{
    const medtl_nd_type *y = medtl_nd_out_type(call, 0);
    const float real = medtl_nd_attribute_float(call->node, "value", 0.0f);
    const int64_t whole = medtl_nd_attribute_int(call->node, "value", 0);
    const bool truth = medtl_nd_attribute_int(call->node, "truth", 0) != 0;

    for (size_t i = 0; i < medtl_nd_count(y); i++)
        if (y->element == MEDTL_ND_FLOAT)
            ((float *)call->out[0])[i] = real;
        else if (y->element == MEDTL_ND_INT)
            ((int64_t *)call->out[0])[i] = whole;
        else
            ((bool *)call->out[0])[i] = truth;
}

/* How many numbers there are from start to limit; negative if it makes no sense. */
static double range_length(double start, double limit, double delta)
{
    const double length = delta != 0.0 ? ceil((limit - start) / delta) : -1.0;

    return length > 0.0 ? length : delta != 0.0 && !isnan(length) ? 0.0 : -1.0;
}

static medtl_status infer_range(const medtl_nd_infer *c)
{
    const medtl_nd_element element = medtl_nd_in(c, 0)->element;
    double v[3], length;
    medtl_nd_type y = {element, 1, {0}};

    for (size_t k = 0; k < 3; k++) {
        if (medtl_nd_in(c, k)->element != element || element == MEDTL_ND_BOOL ||
            medtl_nd_count(medtl_nd_in(c, k)) != 1)
            return MEDTL_ND_REFUSE(c, "inputs that are not three numbers of one type");
        if (medtl_nd_constant(c, k) == NULL)
            return MEDTL_ND_LACK(c, "input %zu decides the shape, and is not constant", k);
        v[k] = element == MEDTL_ND_FLOAT ? (double)*(const float *)medtl_nd_constant(c, k)
                                         : (double)*(const int64_t *)medtl_nd_constant(c, k);
    }
    length = range_length(v[0], v[1], v[2]);
    if (!(length >= 0.0 && length <= (double)MEDTL_ND_MOST_ELEMENTS))
        return MEDTL_ND_REFUSE(c, "a range that does not end");
    y.size[0] = (size_t)length;
    return medtl_nd_out(c, 0, &y);
}

static void run_range(const medtl_nd_call *call)
{
    const medtl_nd_type *y = medtl_nd_out_type(call, 0);

    for (size_t i = 0; i < y->size[0]; i++)
        if (y->element == MEDTL_ND_FLOAT)
            ((float *)call->out[0])[i] =
                *(const float *)call->in[0] + (float)i * *(const float *)call->in[2];
        else
            ((int64_t *)call->out[0])[i] =
                (int64_t)((uint64_t) * (const int64_t *)call->in[0] +
                          (uint64_t)i * (uint64_t) * (const int64_t *)call->in[2]);
}

const medtl_nd_op medtl_nd_constant_ops[] = {
    {"ConstantOfShape", 0, 0, 1, 1, 1, "value:f value:i truth:i ", infer_constant_of_shape, NULL,
     run_constant_of_shape},
    {"Range", 0, 0, 3, 3, 1, "", infer_range, NULL, run_range},
    {"Shape", 0, MEDTL_ND_SHAPE_ONLY, 1, 1, 1, "start:i end:i ", infer_shape, NULL, run_shape},
    {"Size", 0, MEDTL_ND_SHAPE_ONLY, 1, 1, 1, "", infer_size, NULL, run_size},
    {0},
};
