/* The mean of each channel: [c][h][w] -> [c][1][1]. */
#include "graph.h"
#include "node_parts.h"

enum { GROUP = MEDTL_BLOCK }; /* channels in one piece of work */

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err; /* every shape is fine */
    node->shape = (medtl_shape){in[0].channels, 1, 1};
    return MEDTL_OK;
}

static size_t groups(const medtl_node_run *run)
{
    return (run->in[0].channels + GROUP - 1) / GROUP;
}

static size_t group_end(size_t first, size_t channels)
{
    return first + GROUP < channels ? first + GROUP : channels;
}

static void forward_group(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t n = item / groups(run), first = item % groups(run) * GROUP;
    const size_t plane = medtl_shape_plane(run->in[0]);
    const float *x = medtl_image_of(run->x[0], n);
    float *y = medtl_image_of(run->y, n);

    (void)worker;
    if (run->node->blocked) {
        double sums[GROUP] = {0.0};

        medtl_loops_get()->blocked.add_sums(x + first * plane, plane, sums);
        for (size_t i = 0; i < GROUP; i++)
            y[first + i] = (float)(sums[i] / (double)plane);
        return;
    }
    for (size_t c = first; c < group_end(first, run->in[0].channels); c++)
        y[c] = (float)(medtl_loops_get()->sum(x + c * plane, plane) / (double)plane);
}

static void forward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->count * groups(run), forward_group, (void *)run);
}

static void backward_block(const medtl_node_run *run, const medtl_band *band)
{
    const medtl_shape in = run->in[0];
    const float *dy = medtl_image_of(run->dy, band->image) + band->block * GROUP;
    float share[GROUP];

    for (size_t i = 0; i < GROUP; i++)
        share[i] = dy[i] / (float)medtl_shape_plane(in);
    medtl_loops_get()->blocked.give(medtl_block_of(run->dx[0], in, band->image, band->block) +
                                        band->first * in.width * GROUP,
                                    share, (band->end - band->first) * in.width, run->add[0]);
}

static void backward_group(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t n = item / groups(run), first = item % groups(run) * GROUP;
    const size_t plane = medtl_shape_plane(run->in[0]);
    const float *dy = medtl_image_of(run->dy, n);

    (void)worker;
    for (size_t c = first; c < group_end(first, run->in[0].channels); c++) {
        float *dx = medtl_image_of(run->dx[0], n) + c * plane;
        const float share = dy[c] / (float)plane;

        if (run->add[0])
            for (size_t i = 0; i < plane; i++)
                dx[i] += share;
        else
            for (size_t i = 0; i < plane; i++)
                dx[i] = share;
    }
}

static void backward(const medtl_node_run *run)
{
    if (run->dx[0].data == NULL)
        return;
    if (run->node->blocked)
        medtl_node_for_bands(run, run->in[0], backward_block);
    else
        medtl_pool_for(run->pool, run->count * groups(run), backward_group, (void *)run);
}

const medtl_node_ops medtl_node_global_avg_pool = {.kind = "global_avg_pool",
                                                   .takes_blocked = true,
                                                   .plan = plan,
                                                   .forward = forward,
                                                   .backward = backward};

size_t medtl_graph_global_avg_pool(medtl_graph *graph, size_t x)
{
    const medtl_node node = {.ops = &medtl_node_global_avg_pool, .inputs = {x}, .input_count = 1};

    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
