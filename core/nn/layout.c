#include "layout.h"

#include <stdlib.h>
#include <string.h>

/* Steps first..last; none where first > last. */
typedef struct span {
    size_t first, last;
} span;

static const span no_span = {SIZE_MAX, 0};

/* An array that has memory of its own, alive during two spans of steps: an activation that is computed again has one
 * in forward and one in backward, all others have one only. */
typedef struct buffer {
    size_t size, offset;
    span alive[2];
    bool placed;
} buffer;

/* Node i lies `inner` floats into the array of node `host` (a later node), or is its own host. */
typedef struct guest {
    size_t host, inner;
} guest;

typedef struct work {
    const medtl_graph *graph;
    medtl_layout_kind kind;
    const medtl_segments *segments;
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

/* Is an activation wanted after the whole pass? */
static bool outlives_the_pass(const work *w, size_t index)
{
    return index + 1 == w->graph->node_count || medtl_graph_is_output(w->graph, index);
}

/* May `reader` overwrite the array of its input `index`? Only if nobody reads it, nor any node that
 * lies within it, later. */
static bool may_overwrite(const work *w, size_t index, size_t reader)
{
    for (size_t i = 1; i < reader; i++)
        if (resolve(w, i).host == index &&
            (medtl_graph_last_reader(w->graph, i) > reader || outlives_the_pass(w, i)))
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
        } else if (node->ops->elementwise && w->kind != MEDTL_LAYOUT_TRAIN) {
            for (size_t k = 0; k < node->input_count; k++)
                if (may_lodge(w, node->inputs[k], i, true)) {
                    lodge(w, node->inputs[k], i, 0);
                    break; /* one array holds one of them */
                }
        }
    }
}

static size_t round_up(size_t floats) { return (floats + 15) / 16 * 16; } /* 64 bytes */

static span join(span a, span b)
{
    return (span){a.first < b.first ? a.first : b.first, a.last > b.last ? a.last : b.last};
}

static bool is_empty(span s) { return s.first > s.last; }

/* Steps of training: forward of node i is step i. Then the segments, last one first: their nodes again in order (the
 * last one's are still there), and backward of their nodes in reverse. */
typedef struct training_steps {
    size_t again, back;
} training_steps;

static training_steps steps_of(const work *w, size_t index)
{
    const size_t nodes = w->graph->node_count, own = medtl_segment_of(w->segments, index);
    const size_t end = medtl_segment_end(w->segments, w->graph, own);
    const bool is_last = own + 1 == w->segments->count;
    size_t base = nodes;

    for (size_t s = w->segments->count; s-- > own + 1;) {
        const size_t length = medtl_segment_end(w->segments, w->graph, s) - w->segments->starts[s];

        base += s + 1 == w->segments->count ? length : 2 * length;
    }
    if (is_last)
        return (training_steps){index, base + (end - 1 - index)};
    return (training_steps){base + (index - w->segments->starts[own]),
                            base + (end - w->segments->starts[own]) + (end - 1 - index)};
}

/* Is nobody's backward interested in it? */
static bool is_forward_only(const work *w, size_t index)
{
    return index < w->segments->first &&
           medtl_graph_last_reader(w->graph, index) < w->segments->first &&
           !outlives_the_pass(w, index);
}

/* What a later segment reads, and all of the last one, stays; the rest is made again. Whoever lies in an array that
 * stays, stays. */
static void find_training_spans(work *w, bool *again)
{
    const size_t count = w->graph->node_count;

    for (size_t i = 1; i < count; i++) {
        const size_t segment = medtl_segment_of(w->segments, i);

        again[i] = segment + 1 < w->segments->count && !outlives_the_pass(w, i) &&
                   i >= w->segments->first &&
                   medtl_graph_last_reader(w->graph, i) <
                       medtl_segment_end(w->segments, w->graph, segment);
    }
    for (size_t i = 1; i < count; i++)
        again[resolve(w, i).host] = again[resolve(w, i).host] && again[i];
    for (size_t i = 1; i < count; i++)
        again[i] = again[resolve(w, i).host];
    for (size_t i = 1; i < count; i++) {
        buffer *b = &w->buffers[resolve(w, i).host];
        const training_steps steps = steps_of(w, i);

        if (is_forward_only(w, i)) {
            b->alive[0] = join(b->alive[0], (span){i, medtl_graph_last_reader(w->graph, i)});
        } else if (again[i]) {
            b->alive[0] = join(b->alive[0], (span){i, medtl_graph_last_reader(w->graph, i)});
            b->alive[1] = join(b->alive[1], (span){steps.again, steps.back});
        } else {
            b->alive[0] = join(b->alive[0], (span){i, steps.back});
        }
    }
}

static void find_spans(work *w)
{
    const size_t count = w->graph->node_count;

    for (size_t i = 1; i < count; i++) {
        buffer *b = &w->buffers[resolve(w, i).host];
        const size_t last_reader = medtl_graph_last_reader(w->graph, i);

        if (w->kind == MEDTL_LAYOUT_GRADIENTS) /* steps count down */
            b->alive[0] = join(b->alive[0], (span){count - last_reader, count - i});
        else
            b->alive[0] =
                join(b->alive[0], (span){i, outlives_the_pass(w, i) ? count : last_reader});
    }
}

static void find_lifetimes(work *w, bool *again)
{
    for (size_t i = 0; i < w->graph->node_count; i++) {
        w->buffers[i].alive[0] = w->buffers[i].alive[1] = no_span;
        if (i > 0 && w->guests[i].host == i)
            w->buffers[i].size = round_up(medtl_shape_size(w->graph->nodes[i].shape));
    }
    if (w->kind == MEDTL_LAYOUT_TRAIN)
        find_training_spans(w, again);
    else
        find_spans(w);
}

static bool meet(const buffer *a, const buffer *b)
{
    for (size_t i = 0; i < 4; i++) {
        const span s = a->alive[i / 2], t = b->alive[i % 2];

        if (!is_empty(s) && !is_empty(t) && s.first <= t.last && t.first <= s.last)
            return true;
    }
    return false;
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
                                 const medtl_segments *segments, medtl_layout *layout,
                                 medtl_error *err)
{
    const size_t count = graph->node_count;
    work w = {graph, kind, segments, NULL, NULL};
    medtl_status status = MEDTL_OK;

    layout->places = calloc(count, sizeof *layout->places);
    layout->again = calloc(count, sizeof *layout->again);
    w.guests = calloc(count, sizeof *w.guests);
    w.buffers = calloc(count, sizeof *w.buffers);
    if (layout->places == NULL || layout->again == NULL || w.guests == NULL || w.buffers == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a network's plan");
        goto done;
    }
    find_guests(&w);
    find_lifetimes(&w, layout->again);
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
    free(layout->again);
    memset(layout, 0, sizeof *layout);
}

medtl_tensor medtl_layout_tensor(const medtl_layout *layout, float *arena, size_t batch,
                                 size_t index)
{
    const medtl_place p = layout->places[index];

    return (medtl_tensor){arena + batch * p.offset + p.inner, p.stride};
}
