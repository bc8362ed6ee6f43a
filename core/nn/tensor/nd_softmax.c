/* Softmax, LogSoftmax and Hardmax along one axis; until opset 12 along all axes from one on. */
#include "nd_families.h"

#include <math.h>

enum { SOFTMAX, LOG_SOFTMAX, HARDMAX };

typedef struct state {
    size_t outer, length, inner; /* [outer][length][inner] */
} state;

static medtl_status infer(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    const bool old = c->graph->opset < 13;
    size_t axis;
    medtl_status status;
    state *s = medtl_nd_state(c, sizeof *s);

    if (s == NULL)
        return MEDTL_E_MEMORY;
    if ((status = medtl_nd_expect(c, 0, MEDTL_ND_FLOAT)) != MEDTL_OK ||
        (status = medtl_nd_axis(c, medtl_nd_attribute_int(c->node, "axis", old ? 1 : -1), x->rank,
                                &axis)) != MEDTL_OK)
        return status;
    s->outer = s->length = s->inner = 1;
    for (size_t d = 0; d < x->rank; d++)
        *(d < axis ? &s->outer : d == axis || old ? &s->length : &s->inner) *= x->size[d];
    return medtl_nd_out(c, 0, x);
}

static void line(const medtl_nd_call *call, const float *x, float *y)
{
    const state *s = call->node->state;
    const size_t step = s->inner;
    size_t winner = 0;
    double sum = 0.0, largest;

    for (size_t i = 1; i < s->length; i++)
        winner = x[i * step] > x[winner * step] ? i : winner;
    largest = (double)x[winner * step]; /* taken away, so that nothing overflows */
    if (call->node->op->kind == HARDMAX) {
        for (size_t i = 0; i < s->length; i++)
            y[i * step] = i == winner ? 1.0f : 0.0f;
        return;
    }
    for (size_t i = 0; i < s->length; i++)
        sum += exp((double)x[i * step] - largest);
    for (size_t i = 0; i < s->length; i++)
        y[i * step] =
            (float)(call->node->op->kind == SOFTMAX ? exp((double)x[i * step] - largest) / sum
                                                    : (double)x[i * step] - largest - log(sum));
}

static void outer_item(void *context, size_t index, size_t worker)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;

    (void)worker;
    for (size_t i = 0; i < s->inner; i++)
        line(call, (const float *)call->in[0] + index * s->length * s->inner + i,
             (float *)call->out[0] + index * s->length * s->inner + i);
}

static void run(const medtl_nd_call *call)
{
    const state *s = call->node->state;

    medtl_nd_for(call, s->length > 0 ? s->outer : 0, outer_item, (void *)call);
}

const medtl_nd_op medtl_nd_softmax_ops[] = {
    {"Hardmax", HARDMAX, 0, 1, 1, 1, "axis:i ", infer, NULL, run},
    {"LogSoftmax", LOG_SOFTMAX, 0, 1, 1, 1, "axis:i ", infer, NULL, run},
    {"Softmax", SOFTMAX, 0, 1, 1, 1, "axis:i ", infer, NULL, run},
    {0},
};
