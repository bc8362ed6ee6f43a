/* Where and Cast: choosing, and changing the element type. */
#include "nd_families.h"
#include "nd_walk.h"

#include <math.h>
#include <string.h>

static medtl_status infer_where(const medtl_nd_infer *c)
{
    const medtl_nd_type *types[] = {medtl_nd_in(c, 0), medtl_nd_in(c, 1), medtl_nd_in(c, 2)};
    medtl_nd_walk *walk = medtl_nd_state(c, sizeof *walk);
    medtl_nd_type y;
    medtl_status status;

    if (walk == NULL)
        return MEDTL_E_MEMORY;
    if (types[0]->element != MEDTL_ND_BOOL || types[1]->element != types[2]->element)
        return MEDTL_ND_REFUSE(c, "inputs are of the wrong types");
    if (!medtl_nd_broadcast(types, 3, &y))
        return MEDTL_ND_REFUSE(c, "shapes do not broadcast");
    y.element = types[1]->element;
    if ((status = medtl_nd_out(c, 0, &y)) == MEDTL_OK)
        medtl_nd_walk_broadcast(walk, &y, types, 3);
    return status;
}

static void where_row(void *context, size_t at, size_t count, const ptrdiff_t *offset,
                      const ptrdiff_t *stride)
{
    const medtl_nd_call *call = context;
    const bool *which = call->in[0];
    const size_t width = medtl_nd_width(medtl_nd_out_type(call, 0)->element);

    for (size_t i = 0; i < count; i++) {
        const size_t k = which[offset[0] + (ptrdiff_t)i * stride[0]] ? 1 : 2;
        const size_t from = (size_t)(offset[k] + (ptrdiff_t)i * stride[k]);

        memcpy((char *)call->out[0] + (at + i) * width, (const char *)call->in[k] + from * width,
               width);
    }
}

static void where_part(void *context, size_t index, size_t worker)
{
    const medtl_nd_call *call = context;
    const medtl_nd_walk *walk = call->node->state;
    size_t first, end;

    (void)worker;
    medtl_nd_part(walk->count, index, &first, &end);
    medtl_nd_walk_range(walk, first, end, where_row, (void *)call);
}

static void run_where(const medtl_nd_call *call)
{
    medtl_nd_for(call, medtl_nd_parts(((const medtl_nd_walk *)call->node->state)->count),
                 where_part, (void *)call);
}

static medtl_status infer_cast(const medtl_nd_infer *c)
{
    /* TensorProto.DataType of onnx.proto. */
    static const struct {
        int64_t to;
        medtl_nd_element element;
    } table[] = {{1, MEDTL_ND_FLOAT}, {6, MEDTL_ND_INT}, {7, MEDTL_ND_INT}, {9, MEDTL_ND_BOOL}};
    const int64_t to = medtl_nd_attribute_int(c->node, "to", -1);
    medtl_nd_type y = *medtl_nd_in(c, 0);

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].to == to) {
            y.element = table[i].element;
            return medtl_nd_out(c, 0, &y);
        }
    return MEDTL_ND_LACK(
        c, "a cast to data type %lld; float32, int32, int64 and bool are supported", (long long)to);
}

/* Towards zero, as ONNX says; what int64 cannot hold becomes its nearest end, NaN zero. */
static int64_t whole_of(float v)
{
    if (isnan(v))
        return 0;
    return v >= 0x1p63f ? INT64_MAX : v <= -0x1p63f ? INT64_MIN : (int64_t)v;
}

static void cast_part(void *context, size_t index, size_t worker)
{
    const medtl_nd_call *call = context;
    const medtl_nd_type *x = medtl_nd_in_type(call, 0);
    const medtl_nd_element to = medtl_nd_out_type(call, 0)->element;
    size_t first, end;

    (void)worker;
    medtl_nd_part(medtl_nd_count(x), index, &first, &end);
    if (x->element == to) {
        const size_t width = medtl_nd_width(to);

        memcpy((char *)call->out[0] + first * width, (const char *)call->in[0] + first * width,
               (end - first) * width);
        return;
    }
    for (size_t i = first; i < end; i++) {
        const float f = x->element == MEDTL_ND_FLOAT ? ((const float *)call->in[0])[i] : 0.0f;
        const int64_t n = x->element == MEDTL_ND_FLOAT ? whole_of(f)
                          : x->element == MEDTL_ND_INT ? ((const int64_t *)call->in[0])[i]
                                                       : ((const bool *)call->in[0])[i];

        if (to == MEDTL_ND_FLOAT)
            ((float *)call->out[0])[i] = (float)n;
        else if (to == MEDTL_ND_INT)
            ((int64_t *)call->out[0])[i] = n;
        else
            ((bool *)call->out[0])[i] = x->element == MEDTL_ND_FLOAT ? f != 0.0f : n != 0;
    }
}

static void run_cast(const medtl_nd_call *call)
{
    medtl_nd_for(call, medtl_nd_parts(medtl_nd_count(medtl_nd_in_type(call, 0))), cast_part,
                 (void *)call);
}

const medtl_nd_op medtl_nd_select_ops[] = {
    {"Cast", 0, 0, 1, 1, 1, "to:i ", infer_cast, NULL, run_cast},
    {"Where", 0, 0, 3, 3, 1, "", infer_where, NULL, run_where},
    {0},
};
