/* The maximum of each channel: [c][h][w] -> [c][1][1]. The first of equals wins, and NaN wins over numbers (as
 * PyTorch). Backward finds the winner again by its value. */
#include "graph.h"
#include "node_parts.h"

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err; /* every shape is fine */
    node->shape = (medtl_shape){in[0].channels, 1, 1};
    return MEDTL_OK;
}

static size_t winner(const float *x, size_t count)
{
    size_t best = 0;

    for (size_t i = 1; i < count && x[best] == x[best]; i++) /* NaN is not equal to itself */
        if (!(x[i] <= x[best]))
            best = i;
    return best;
}

static void forward_image(void *context, size_t n, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t plane = medtl_shape_plane(run->in[0]);
    float *y = medtl_image_of(run->y, n);

    (void)worker;
    for (size_t c = 0; c < run->in[0].channels; c++) {
        const float *x = medtl_image_of(run->x[0], n) + c * plane;

        y[c] = x[winner(x, plane)];
    }
}

static size_t blocks(const medtl_node_run *run) { return run->in[0].channels / MEDTL_BLOCK; }

static void forward_block(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t n = item / blocks(run), b = item % blocks(run);
    int32_t winners[MEDTL_BLOCK];

    (void)worker;
    medtl_loops_get()->blocked.largest(medtl_block_of(run->x[0], run->in[0], n, b),
                                       medtl_shape_plane(run->in[0]),
                                       medtl_image_of(run->y, n) + b * MEDTL_BLOCK, winners);
}

static void forward(const medtl_node_run *run)
{
    if (run->node->blocked)
        medtl_pool_for(run->pool, run->count * blocks(run), forward_block, (void *)run);
    else
        medtl_pool_for(run->pool, run->count, forward_image, (void *)run);
}

static void backward_image(void *context, size_t n, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t plane = medtl_shape_plane(run->in[0]);

    (void)worker;
    for (size_t c = 0; c < run->in[0].channels; c++) {
        float *dx = medtl_image_of(run->dx[0], n) + c * plane;

        if (!run->add[0])
            memset(dx, 0, plane * sizeof *dx);
        dx[winner(medtl_image_of(run->x[0], n) + c * plane, plane)] +=
            medtl_image_of(run->dy, n)[c];
    }
}

static void backward_block(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t n = item / blocks(run), b = item % blocks(run);
    const size_t plane = medtl_shape_plane(run->in[0]);
    float *dx = medtl_block_of(run->dx[0], run->in[0], n, b);
    float best[MEDTL_BLOCK];
    int32_t winners[MEDTL_BLOCK];

    (void)worker;
    medtl_loops_get()->blocked.largest(medtl_block_of(run->x[0], run->in[0], n, b), plane, best,
                                       winners);
    if (!run->add[0])
        memset(dx, 0, MEDTL_BLOCK * plane * sizeof *dx);
    for (size_t c = 0; c < MEDTL_BLOCK; c++)
        dx[(size_t)winners[c] * MEDTL_BLOCK + c] += medtl_image_of(run->dy, n)[b * MEDTL_BLOCK + c];
}

static void backward(const medtl_node_run *run)
{
    if (run->dx[0].data == NULL)
        return;
    if (run->node->blocked)
        medtl_pool_for(run->pool, run->count * blocks(run), backward_block, (void *)run);
    else
        medtl_pool_for(run->pool, run->count, backward_image, (void *)run);
}

const medtl_node_ops medtl_node_global_max_pool = {.kind = "global_max_pool",
                                                   .takes_blocked = true,
                                                   .plan = plan,
                                                   .forward = forward,
                                                   .backward = backward};

size_t medtl_graph_global_max_pool(medtl_graph *graph, size_t x)
{
    const medtl_node node = {.ops = &medtl_node_global_max_pool, .inputs = {x}, .input_count = 1};

    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
