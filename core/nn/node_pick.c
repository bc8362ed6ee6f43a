/* One pixel of each channel, counted row by row: [c][h][w] -> [c][1][1]. With tokens as pixels, one token. */
#include "graph.h"
#include "node_parts.h"

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    if (node->u.pick.pixel >= medtl_shape_plane(in[0]))
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "pick: there is no pixel %zu of %zu",
                          node->u.pick.pixel, medtl_shape_plane(in[0]));
    node->shape = (medtl_shape){in[0].channels, 1, 1};
    return MEDTL_OK;
}

static void forward_image(void *context, size_t n, size_t worker)
{
    const medtl_node_run *run = context;
    const float *x = medtl_image_of(run->x[0], n) + run->node->u.pick.pixel;
    float *y = medtl_image_of(run->y, n);

    (void)worker;
    for (size_t c = 0; c < run->in[0].channels; c++)
        y[c] = x[c * medtl_shape_plane(run->in[0])];
}

static void forward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->count, forward_image, (void *)run);
}

static void backward_image(void *context, size_t n, size_t worker)
{
    const medtl_node_run *run = context;
    const float *dy = medtl_image_of(run->dy, n);
    float *dx = medtl_image_of(run->dx[0], n);

    (void)worker;
    if (!run->add[0])
        memset(dx, 0, medtl_shape_size(run->in[0]) * sizeof *dx);
    for (size_t c = 0; c < run->in[0].channels; c++)
        dx[c * medtl_shape_plane(run->in[0]) + run->node->u.pick.pixel] += dy[c];
}

static void backward(const medtl_node_run *run)
{
    if (run->dx[0].data != NULL)
        medtl_pool_for(run->pool, run->count, backward_image, (void *)run);
}

const medtl_node_ops medtl_node_pick = {
    .kind = "pick", .plan = plan, .forward = forward, .backward = backward};

size_t medtl_graph_pick(medtl_graph *graph, size_t x, size_t pixel)
{
    medtl_node node = {.ops = &medtl_node_pick, .inputs = {x}, .input_count = 1};

    node.u.pick.pixel = pixel;
    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
