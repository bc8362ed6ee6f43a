/* Every stride-th row and column of x, between channels of zeros: the parameter-free shortcut of the first
 * residual networks (He et al. 2015, option A). */
#include "graph.h"
#include "node_parts.h"

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    const size_t stride = node->u.subsample.stride, before = node->u.subsample.before;

    if (stride == 0 || before > node->shape.channels ||
        node->shape.channels - before < in[0].channels)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "subsample: stride %zu, %zu channels after %zu of %zu", stride,
                          in[0].channels, before, node->shape.channels);
    node->shape.height = (in[0].height - 1) / stride + 1;
    node->shape.width = (in[0].width - 1) / stride + 1;
    return MEDTL_OK;
}

static void forward_plane(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_shape in = run->in[0], out = run->node->shape;
    const size_t n = item / out.channels, c = item % out.channels;
    const size_t from = c - run->node->u.subsample.before, stride = run->node->u.subsample.stride;
    const float *x = medtl_image_of(run->x[0], n);
    float *y = medtl_image_of(run->y, n) + c * medtl_shape_plane(out);

    (void)worker;
    if (from >= in.channels) { /* also where it wrapped below zero */
        memset(y, 0, medtl_shape_plane(out) * sizeof *y);
        return;
    }
    x += from * medtl_shape_plane(in);
    for (size_t h = 0; h < out.height; h++)
        for (size_t w = 0; w < out.width; w++)
            y[h * out.width + w] = x[h * stride * in.width + w * stride];
}

static void forward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->count * run->node->shape.channels, forward_plane, (void *)run);
}

static void backward_plane(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_shape in = run->in[0], out = run->node->shape;
    const size_t n = item / in.channels, c = item % in.channels;
    const size_t stride = run->node->u.subsample.stride;
    const float *dy =
        medtl_image_of(run->dy, n) + (c + run->node->u.subsample.before) * medtl_shape_plane(out);
    float *dx = medtl_image_of(run->dx[0], n) + c * medtl_shape_plane(in);

    (void)worker;
    if (!run->add[0])
        memset(dx, 0, medtl_shape_plane(in) * sizeof *dx);
    for (size_t h = 0; h < out.height; h++)
        for (size_t w = 0; w < out.width; w++)
            dx[h * stride * in.width + w * stride] += dy[h * out.width + w];
}

static void backward(const medtl_node_run *run)
{
    if (run->dx[0].data != NULL)
        medtl_pool_for(run->pool, run->count * run->in[0].channels, backward_plane, (void *)run);
}

const medtl_node_ops medtl_node_subsample = {
    .kind = "subsample", .plan = plan, .forward = forward, .backward = backward};

size_t medtl_graph_subsample(medtl_graph *graph, size_t x, medtl_subsample_options options)
{
    medtl_node node = {.ops = &medtl_node_subsample, .inputs = {x}, .input_count = 1};

    node.shape.channels = options.channels;
    node.u.subsample.stride = options.stride;
    node.u.subsample.before = options.before;
    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
