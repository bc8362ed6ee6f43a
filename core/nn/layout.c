#include "layout.h"

#include <stdlib.h>
#include <string.h>

/* An array that has memory of its own, alive during steps first..last. */
typedef struct buffer {
    size_t size, first, last, offset;
    bool placed;
} buffer;

/* Node i lies `inner` floats into the array of node `host` (a later node), or is its own host. */
typedef struct guest {
    size_t host, inner;
} guest;

typedef struct work {
    const medtl_graph *graph;
    medtl_layout_kind kind;
    guest *guests;
    buffer *buffers; /* of each node; size 0 for guests */
} work;

static void lodge(work *w, size_t index, size_t host, size_t inner)
{
    w->guests[index] = (guest){host, inner};
}

/* Follow the guests to the array that has memory of its own. */
static guest resolve(const work *w, size_t index)
{
    guest g = {index, 0};

    while (w->guests[g.host].host != g.host) {
        g.inner += w->guests[g.host].inner;
        g.host = w->guests[g.host].host;
    }
    return g;
}

/* May `reader` overwrite the array of its input `index`? Only if nobody reads it, nor any node that
 * lies within it, later. */
static bool may_overwrite(const work *w, size_t index, size_t reader)
{
    for (size_t i = 1; i < reader; i++)
        if (resolve(w, i).host == index && medtl_graph_last_reader(w->graph, i) > reader)
            return false;
    return true;
}

/* May node `index` live inside node `reader`'s array? An activation may, unless the reader changes
 * values that somebody else still wants. A gradient is written by the last reader first and added to by
 * the earlier ones, so `reader` must be the last. */
static bool may_lodge(const work *w, size_t index, size_t reader, bool changes)
{
    if (index == 0 || w->guests[index].host != index)
        return false; /* the caller's memory, or lodged elsewhere already */
    if (w->kind == MEDTL_LAYOUT_GRADIENTS)
        return medtl_graph_last_reader(w->graph, index) == reader;
    return !changes || may_overwrite(w, index, reader);
}

static void find_guests(work *w)
{
    const medtl_graph *g = w->graph;

    for (size_t i = 0; i < g->node_count; i++)
        lodge(w, i, i, 0);
    for (size_t i = 1; i < g->node_count; i++) {
        const medtl_node *node = &g->nodes[i];
        size_t inner = 0;

        if (node->ops == &medtl_node_concat) {
            for (size_t k = 0; k < node->input_count; k++) {
                if (may_lodge(w, node->inputs[k], i, false))
                    lodge(w, node->inputs[k], i, inner);
                inner += medtl_shape_size(g->nodes[node->inputs[k]].shape);
            }
        } else if (node->ops->elementwise && w->kind != MEDTL_LAYOUT_KEEP) {
            for (size_t k = 0; k < node->input_count; k++)
                if (may_lodge(w, node->inputs[k], i, true)) {
                    lodge(w, node->inputs[k], i, 0);
                    break; /* one array holds one of them */
                }
        }
    }
}

static size_t round_up(size_t floats) { return (floats + 15) / 16 * 16; } /* 64 bytes */

static void find_lifetimes(work *w)
{
    const size_t count = w->graph->node_count;

    for (size_t i = 0; i < count; i++) {
        buffer *b = &w->buffers[resolve(w, i).host];
        const size_t last_reader = medtl_graph_last_reader(w->graph, i);
        size_t first = i, last = last_reader;

        if (w->kind == MEDTL_LAYOUT_KEEP) {
            first = 0;
            last = count;
        } else if (w->kind == MEDTL_LAYOUT_GRADIENTS) { /* steps count down */
            first = count - last_reader;
            last = count - i;
        } else if (i == count - 1) {
            last = count; /* the result outlives the pass */
        }
        if (i > 0 && w->guests[i].host == i)
            b->size = round_up(medtl_shape_size(w->graph->nodes[i].shape));
        b->first = first < b->first ? first : b->first;
        b->last = last > b->last ? last : b->last;
    }
}

static bool meet(const buffer *a, const buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset at which `b` overlaps no placed buffer that is alive with it. */
static size_t lowest_offset(const work *w, const buffer *b)
{
    size_t offset = 0;
    bool moved = true;

    while (moved) {
        moved = false;
        for (size_t i = 0; i < w->graph->node_count; i++) {
            const buffer *other = &w->buffers[i];

            if (other->placed && meet(b, other) && offset < other->offset + other->size &&
                other->offset < offset + b->size) {
                offset = other->offset + other->size;
                moved = true;
            }
        }
    }
    return offset;
}

/* Largest first: the usual good greedy answer to dynamic storage allocation. */
static void place(work *w, size_t *total)
{
    *total = 0;
    for (;;) {
        buffer *largest = NULL;

        for (size_t i = 0; i < w->graph->node_count; i++) {
            buffer *b = &w->buffers[i];

            if (!b->placed && b->size > 0 && (largest == NULL || b->size > largest->size))
                largest = b;
        }
        if (largest == NULL)
            return;
        largest->offset = lowest_offset(w, largest);
        largest->placed = true;
        if (largest->offset + largest->size > *total)
            *total = largest->offset + largest->size;
    }
}

medtl_status medtl_layout_create(const medtl_graph *graph, medtl_layout_kind kind,
                                 medtl_layout *layout, medtl_error *err)
{
    const size_t count = graph->node_count;
    work w = {graph, kind, NULL, NULL};
    medtl_status status = MEDTL_OK;

    layout->places = calloc(count, sizeof *layout->places);
    w.guests = calloc(count, sizeof *w.guests);
    w.buffers = calloc(count, sizeof *w.buffers);
    if (layout->places == NULL || w.guests == NULL || w.buffers == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a network's plan");
        goto done;
    }
    for (size_t i = 0; i < count; i++)
        w.buffers[i].first = SIZE_MAX;
    find_guests(&w);
    find_lifetimes(&w);
    place(&w, &layout->total);
    for (size_t i = 0; i < count; i++) {
        const guest g = resolve(&w, i);

        layout->places[i] =
            (medtl_place){w.buffers[g.host].offset, w.buffers[g.host].size, g.inner};
    }
done:
    free(w.buffers);
    free(w.guests);
    if (status != MEDTL_OK)
        medtl_layout_clear(layout);
    return status;
}

void medtl_layout_clear(medtl_layout *layout)
{
    free(layout->places);
    memset(layout, 0, sizeof *layout);
}

medtl_tensor medtl_layout_tensor(const medtl_layout *layout, float *arena, size_t batch,
                                 size_t index)
{
    const medtl_place p = layout->places[index];

    return (medtl_tensor){arena + batch * p.offset + p.inner, p.stride};
}
