/* The k nearest neighbours: how many of the k stored vectors that lie nearest are of each class, as logits whose softmax is
 * (count + 1 / classes) / (k + 1). The part that every class is given keeps the logarithm finite. Of vectors that are
 * equally far the earlier ones count, so that there is one answer. */
#include "node_distance.h"

#include <math.h>
#include <string.h>

enum { STANDARD, VECTORS, VOTES }; /* parameters */

/* The nearest so far, in rising order of distance. */
typedef struct nearest {
    double distances[MEDTL_MOST_NEIGHBOURS];
    size_t indices[MEDTL_MOST_NEIGHBOURS];
    size_t count, most;
} nearest;

static size_t scratch_size(const medtl_node *node, bool training)
{
    (void)training;
    return node->u.classifier.size; /* z */
}

static void offer(nearest *n, double distance, size_t index)
{
    size_t at;

    if (n->count == n->most && !(distance < n->distances[n->most - 1]))
        return;
    if (n->count < n->most)
        n->count++;
    for (at = n->count - 1; at > 0 && distance < n->distances[at - 1]; at--) {
        n->distances[at] = n->distances[at - 1];
        n->indices[at] = n->indices[at - 1];
    }
    n->distances[at] = distance;
    n->indices[at] = index;
}

static void forward_image(void *context, size_t image, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_node *node = run->node;
    const size_t classes = node->shape.channels;
    float *z = run->scratch + worker * run->scratch_stride;
    float *y = medtl_image_of(run->y, image);
    nearest n = {.most = node->u.classifier.neighbours};

    medtl_distance_standardise(run, medtl_image_of(run->x[0], image), z);
    for (size_t i = 0; i < node->u.classifier.vectors; i++)
        offer(&n, medtl_distance_squared(run, z, i), i);
    for (size_t k = 0; k < classes; k++) {
        double votes = 1.0 / (double)classes;

        for (size_t i = 0; i < n.count; i++)
            votes += (double)run->parameters[VOTES][n.indices[i] * classes + k];
        y[k] = (float)log(fmax(votes, 1e-30) / (double)(n.count + 1)); /* a file may say anything */
    }
}

static void forward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->count, forward_image, (void *)run);
}

/* Votes are constant almost everywhere. */
static void backward(const medtl_node_run *run)
{
    for (size_t n = 0; n < run->count && run->dx[0].data != NULL && !run->add[0]; n++)
        memset(medtl_image_of(run->dx[0], n), 0, run->node->u.classifier.size * sizeof(float));
}

const medtl_node_ops medtl_node_neighbours = {.kind = "neighbours",
                                              .plan = medtl_distance_plan,
                                              .scratch_size = scratch_size,
                                              .forward = forward,
                                              .backward = backward};

size_t medtl_graph_neighbours(medtl_graph *graph, size_t x, size_t outputs, size_t vectors,
                              size_t neighbours, const char *name)
{
    if (!medtl_graph_distance(graph, &medtl_node_neighbours, x, outputs, vectors, neighbours, name))
        return 0;
    medtl_graph_declare(graph, "votes", MEDTL_PARAMETER_WEIGHT, MEDTL_INIT_ZERO,
                        (const size_t[]){vectors, outputs}, 2);
    return graph->node_count - 1;
}
