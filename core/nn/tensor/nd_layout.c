/* Where each value lies. Views lie in their input; an operator that works in place writes over an input that nobody
 * reads any more; of the rest, those that are never needed at the same time share memory. */
#include "nd_op.h"
#include "nd_plan.h"

#include <stdlib.h>
#include <string.h>

/* Memory that is needed during steps first..last. */
typedef struct buffer {
    size_t value, bytes, first, last, offset;
} buffer;

typedef struct work {
    medtl_nd_plan *plan;
    size_t *last_read; /* of each value by itself: the last step that reads it */
    size_t *last_use;  /* of each root: of all that lie in it */
    size_t
        *first; /* of each root: the step that writes it; MEDTL_ND_NONE: no memory in the arena */
    buffer *buffers, *placed; /* placed: by offset */
    size_t buffer_count, placed_count;
} work;

static const size_t most_arena = (size_t)1 << 33;

static void find_readers(work *w)
{
    const medtl_nd_graph *g = w->plan->graph;

    for (size_t i = 0; i < g->node_count; i++)
        for (size_t k = 0; k < g->nodes[i].input_count && !g->nodes[i].dead; k++)
            if (g->nodes[i].inputs[k] != MEDTL_ND_NONE)
                w->last_read[g->nodes[i].inputs[k]] = i;
    for (size_t i = 0; i < g->output_count; i++)
        w->last_read[g->outputs[i]] = g->node_count; /* the results outlive the pass */
}

static bool same_type(const medtl_nd_type *a, const medtl_nd_type *b)
{
    return a->element == b->element && medtl_nd_same_shape(a, b);
}

/* May the node at `step` write over input 0? */
static bool may_overwrite(const work *w, const medtl_nd_node *node, size_t step)
{
    const medtl_nd_value *values = w->plan->graph->values;
    const size_t root = w->plan->root[node->inputs[0]];

    if ((node->op->flags & MEDTL_ND_IN_PLACE) == 0 || w->first[root] == MEDTL_ND_NONE ||
        w->last_use[root] > step ||
        !same_type(&values[node->inputs[0]].type, &values[node->outputs[0]].type))
        return false;
    for (size_t k = 1; k < node->input_count; k++)
        if (node->inputs[k] != MEDTL_ND_NONE && w->plan->root[node->inputs[k]] == root)
            return false;
    return true;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static void find_roots(work *w)
{
    const medtl_nd_graph *g = w->plan->graph;
    size_t *root = w->plan->root;

    for (size_t i = 0; i < g->node_count; i++) {
        const medtl_nd_node *node = &g->nodes[i];

        for (size_t k = 0; k < node->output_count && !node->dead; k++) {
            const size_t value = node->outputs[k];

            if (value == MEDTL_ND_NONE)
                continue;
            if (k == 0 && ((node->op->flags & MEDTL_ND_VIEW) != 0 || may_overwrite(w, node, i)))
                root[value] = root[node->inputs[0]];
            else
                w->first[value] = i;
            w->last_use[root[value]] =
                larger(w->last_use[root[value]], larger(i, w->last_read[value]));
        }
    }
}

static int by_size(const void *a, const void *b)
{
    const buffer *x = a, *y = b;

    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

/* The lowest place where `b` meets nothing that is alive with it, among those placed, which are in order. */
static size_t lowest_offset(const work *w, const buffer *b)
{
    size_t offset = 0;

    for (size_t i = 0; i < w->placed_count; i++) {
        const buffer *p = &w->placed[i];

        if (p->first > b->last || b->first > p->last)
            continue;
        if (p->offset >= offset + b->bytes)
            break;
        offset = larger(offset, p->offset + p->bytes);
    }
    return offset;
}

/* Largest first: the usual good greedy answer to dynamic storage allocation. */
static void place_all(work *w)
{
    qsort(w->buffers, w->buffer_count, sizeof *w->buffers, by_size);
    for (size_t i = 0; i < w->buffer_count; i++) {
        buffer *b = &w->buffers[i];
        size_t at = w->placed_count++;

        b->offset = lowest_offset(w, b);
        for (; at > 0 && w->placed[at - 1].offset > b->offset; at--)
            w->placed[at] = w->placed[at - 1];
        w->placed[at] = *b;
        w->plan->offset[b->value] = b->offset;
        w->plan->arena = larger(w->plan->arena, b->offset + b->bytes);
    }
}

static void list_buffers(work *w)
{
    const medtl_nd_graph *g = w->plan->graph;

    for (size_t v = 0; v < g->value_count; v++)
        if (w->first[v] != MEDTL_ND_NONE) {
            const size_t bytes =
                medtl_nd_count(&g->values[v].type) * medtl_nd_width(g->values[v].type.element);

            w->buffers[w->buffer_count++] =
                (buffer){v, (bytes + 64) / 64 * 64, w->first[v], w->last_use[v], 0};
        }
}

medtl_status medtl_nd_layout(medtl_nd_plan *plan, medtl_error *err)
{
    const size_t count = plan->graph->value_count + 1;
    work w = {.plan = plan,
              .last_read = calloc(count, sizeof *w.last_read),
              .last_use = calloc(count, sizeof *w.last_use),
              .first = calloc(count, sizeof *w.first),
              .buffers = calloc(count, sizeof *w.buffers),
              .placed = calloc(count, sizeof *w.placed)};
    medtl_status status = MEDTL_OK;

    plan->root = calloc(count, sizeof *plan->root);
    plan->offset = calloc(count, sizeof *plan->offset);
    if (w.last_read == NULL || w.last_use == NULL || w.first == NULL || w.buffers == NULL ||
        w.placed == NULL || plan->root == NULL || plan->offset == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", plan->graph->path);
        goto done;
    }
    for (size_t v = 0; v < count; v++) {
        plan->root[v] = v;
        plan->offset[v] = w.first[v] = MEDTL_ND_NONE;
    }
    find_readers(&w);
    find_roots(&w);
    list_buffers(&w);
    place_all(&w);
    if (plan->arena > most_arena)
        status = medtl_fail(err, MEDTL_E_UNSUPPORTED,
                            "%s: would need %zu MiB for its activations; the limit is %zu",
                            plan->graph->path, plan->arena >> 20, most_arena >> 20);
done:
    free(w.last_read);
    free(w.last_use);
    free(w.first);
    free(w.buffers);
    free(w.placed);
    return status;
}
