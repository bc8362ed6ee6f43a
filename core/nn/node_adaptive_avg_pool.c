/* The means of a given number of windows that cover the input, as PyTorch cuts it: window i of n begins at
 * floor(i * size / n) and ends at ceil((i + 1) * size / n), so that neighbours may overlap. */
#include "graph.h"
#include "node_parts.h"

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err; /* every shape is fine; a window has one value at least */
    node->shape.channels = in[0].channels;
    return MEDTL_OK;
}

typedef struct span {
    size_t first, end;
} span;

static span window(size_t index, size_t windows, size_t extent)
{
    return (span){index * extent / windows, ((index + 1) * extent + windows - 1) / windows};
}

static void forward_plane(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_shape in = run->in[0], out = run->node->shape;
    const size_t n = item / out.channels, c = item % out.channels;
    const float *x = medtl_image_of(run->x[0], n) + c * medtl_shape_plane(in);
    float *y = medtl_image_of(run->y, n) + c * medtl_shape_plane(out);

    (void)worker;
    for (size_t oh = 0; oh < out.height; oh++)
        for (size_t ow = 0; ow < out.width; ow++) {
            const span h = window(oh, out.height, in.height), w = window(ow, out.width, in.width);
            double sum = 0.0;

            for (size_t i = h.first; i < h.end; i++)
                for (size_t k = w.first; k < w.end; k++)
                    sum += (double)x[i * in.width + k];
            y[oh * out.width + ow] = (float)(sum / (double)((h.end - h.first) * (w.end - w.first)));
        }
}

static void forward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->count * run->node->shape.channels, forward_plane, (void *)run);
}

static void backward_plane(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_shape in = run->in[0], out = run->node->shape;
    const size_t n = item / out.channels, c = item % out.channels;
    const float *dy = medtl_image_of(run->dy, n) + c * medtl_shape_plane(out);
    float *dx = medtl_image_of(run->dx[0], n) + c * medtl_shape_plane(in);

    (void)worker;
    if (!run->add[0])
        memset(dx, 0, medtl_shape_plane(in) * sizeof *dx);
    for (size_t oh = 0; oh < out.height; oh++)
        for (size_t ow = 0; ow < out.width; ow++) {
            const span h = window(oh, out.height, in.height), w = window(ow, out.width, in.width);
            const float share =
                dy[oh * out.width + ow] / (float)((h.end - h.first) * (w.end - w.first));

            for (size_t i = h.first; i < h.end; i++)
                for (size_t k = w.first; k < w.end; k++)
                    dx[i * in.width + k] += share;
        }
}

static void backward(const medtl_node_run *run)
{
    if (run->dx[0].data != NULL)
        medtl_pool_for(run->pool, run->count * run->node->shape.channels, backward_plane,
                       (void *)run);
}

const medtl_node_ops medtl_node_adaptive_avg_pool = {
    .kind = "adaptive_avg_pool", .plan = plan, .forward = forward, .backward = backward};

size_t medtl_graph_adaptive_avg_pool(medtl_graph *graph, size_t x, size_t height, size_t width)
{
    const medtl_node node = {.ops = &medtl_node_adaptive_avg_pool,
                             .inputs = {x},
                             .input_count = 1,
                             .shape = {0, height, width}};

    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
