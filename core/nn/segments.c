#include "segments.h"

#include <stdlib.h>
#include <string.h>

medtl_status medtl_segments_create_one(medtl_segments *segments, medtl_error *err)
{
    segments->starts = calloc(1, sizeof *segments->starts);
    segments->count = 1;
    return segments->starts != NULL
               ? MEDTL_OK
               : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a network's plan");
}

/* How many activations made before node `start` are read by it or later ones. The network's input is the caller's and
 * does not count. */
static size_t crossing(const size_t *last_readers, size_t start)
{
    size_t count = 0;

    for (size_t i = 1; i < start; i++)
        count += last_readers[i] >= start;
    return count;
}

static void cut(const medtl_graph *graph, const size_t *last_readers, size_t wanted,
                medtl_segments *segments)
{
    size_t total = 0, since = 0;

    for (size_t i = 1; i < graph->node_count; i++)
        total += medtl_shape_size(graph->nodes[i].shape);
    for (size_t i = 1; i + 1 < graph->node_count; i++) {
        since += medtl_shape_size(graph->nodes[i].shape);
        if (since >= total / (wanted > 0 ? wanted : 1) && crossing(last_readers, i + 1) == 1) {
            segments->starts[segments->count++] = i + 1;
            since = 0;
        }
    }
}

medtl_status medtl_segments_create(const medtl_graph *graph, size_t wanted,
                                   medtl_segments *segments, medtl_error *err)
{
    size_t *last_readers = calloc(graph->node_count, sizeof *last_readers);

    segments->starts = calloc(graph->node_count, sizeof *segments->starts);
    segments->count = 1;
    if (segments->starts == NULL || last_readers == NULL) {
        free(last_readers);
        medtl_segments_clear(segments);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a network's plan");
    }
    for (size_t i = 1; i < graph->node_count; i++)
        last_readers[i] = medtl_graph_last_reader(graph, i);
    cut(graph, last_readers, wanted, segments);
    free(last_readers);
    return MEDTL_OK;
}

void medtl_segments_clear(medtl_segments *segments)
{
    free(segments->starts);
    memset(segments, 0, sizeof *segments);
}

size_t medtl_segment_of(const medtl_segments *segments, size_t index)
{
    size_t segment = 0;

    while (segment + 1 < segments->count && segments->starts[segment + 1] <= index)
        segment++;
    return segment;
}

size_t medtl_segment_end(const medtl_segments *segments, const medtl_graph *graph, size_t segment)
{
    return segment + 1 < segments->count ? segments->starts[segment + 1] : graph->node_count;
}
