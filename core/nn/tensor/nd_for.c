/* Handing out pieces of work. */
#include "nd_op.h"

#include <stdlib.h>

void medtl_nd_for(const medtl_nd_call *call, size_t count, medtl_pool_task task, void *context)
{
    if (call->pool != NULL && count > 1) {
        medtl_pool_for(call->pool, count, task, context);
        return;
    }
    for (size_t i = 0; i < count; i++)
        task(context, i, 0);
}

size_t medtl_nd_parts(size_t elements) { return (elements + MEDTL_ND_PART - 1) / MEDTL_ND_PART; }

void medtl_nd_part(size_t elements, size_t index, size_t *first, size_t *end)
{
    *first = index * MEDTL_ND_PART;
    *end = *first + MEDTL_ND_PART < elements ? *first + MEDTL_ND_PART : elements;
}

void *medtl_nd_state(const medtl_nd_infer *c, size_t size)
{
    free(c->node->state);
    c->node->state = calloc(1, size);
    if (c->node->state == NULL)
        (void)medtl_nd_refuse(c->graph, c->node, c->err, MEDTL_E_MEMORY, "out of memory");
    return c->node->state;
}
