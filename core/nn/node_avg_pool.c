/* The mean over a square window. Padding counts as zeros or does not count, as u.pool.count_pad says
 * (PyTorch's count_include_pad). */
#include "graph.h"
#include "node_parts.h"

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    const size_t kernel = node->u.pool.kernel, pad = node->u.pool.pad, stride = node->u.pool.stride;

    if (kernel == 0 || stride == 0 || pad > kernel / 2)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "average pool: kernel %zu, stride %zu, padding %zu", kernel, stride, pad);
    if (in[0].height + 2 * pad < kernel || in[0].width + 2 * pad < kernel)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "average pool: a window of %zu does not fit an input of %zux%zu", kernel,
                          in[0].height, in[0].width);
    node->shape = (medtl_shape){in[0].channels, (in[0].height + 2 * pad - kernel) / stride + 1,
                                (in[0].width + 2 * pad - kernel) / stride + 1};
    return MEDTL_OK;
}

/* The inputs [first, end) of one axis that lie in window `out`. */
typedef struct span {
    size_t first, end;
} span;

static span window(const medtl_node *node, size_t out, size_t extent)
{
    const size_t start = out * node->u.pool.stride, pad = node->u.pool.pad;
    const size_t end = start + node->u.pool.kernel;

    return (span){start > pad ? start - pad : 0, end < extent + pad ? end - pad : extent};
}

static float share(const medtl_node *node, span h, span w)
{
    const size_t kernel = node->u.pool.kernel;
    const size_t inside = (h.end - h.first) * (w.end - w.first);

    return 1.0f / (float)(node->u.pool.count_pad ? kernel * kernel : inside);
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
            const span h = window(run->node, oh, in.height), w = window(run->node, ow, in.width);
            float sum = 0.0f;

            for (size_t i = h.first; i < h.end; i++)
                for (size_t k = w.first; k < w.end; k++)
                    sum += x[i * in.width + k];
            y[oh * out.width + ow] = sum * share(run->node, h, w);
        }
}

static void forward_band(const medtl_node_run *run, const medtl_band *band)
{
    const medtl_windows windows = medtl_node_windows(run);

    medtl_loops_get()->blocked.mean_rows(
        &windows, medtl_block_of(run->x[0], run->in[0], band->image, band->block),
        medtl_block_of(run->y, run->node->shape, band->image, band->block), band->first, band->end);
}

static void forward(const medtl_node_run *run)
{
    if (run->node->blocked) {
        medtl_node_for_bands(run, run->node->shape, forward_band);
        return;
    }
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
            const span h = window(run->node, oh, in.height), w = window(run->node, ow, in.width);
            const float part = dy[oh * out.width + ow] * share(run->node, h, w);

            for (size_t i = h.first; i < h.end; i++)
                for (size_t k = w.first; k < w.end; k++)
                    dx[i * in.width + k] += part;
        }
}

static void backward_band(const medtl_node_run *run, const medtl_band *band)
{
    const medtl_windows windows = medtl_node_windows(run);

    medtl_loops_get()->blocked.give_mean_rows(
        &windows, medtl_block_of(run->dx[0], run->in[0], band->image, band->block),
        medtl_block_of(run->dy, run->node->shape, band->image, band->block), band->first, band->end,
        run->add[0]);
}

static void backward(const medtl_node_run *run)
{
    if (run->dx[0].data == NULL)
        return;
    if (run->node->blocked)
        medtl_node_for_bands(run, run->in[0], backward_band);
    else
        medtl_pool_for(run->pool, run->count * run->node->shape.channels, backward_plane,
                       (void *)run);
}

const medtl_node_ops medtl_node_avg_pool = {.kind = "avg_pool",
                                            .takes_blocked = true,
                                            .plan = plan,
                                            .forward = forward,
                                            .backward = backward};

size_t medtl_graph_avg_pool(medtl_graph *graph, size_t x, medtl_pool_options options)
{
    medtl_node node = {.ops = &medtl_node_avg_pool, .inputs = {x}, .input_count = 1};

    node.u.pool.kernel = options.kernel;
    node.u.pool.stride = options.stride;
    node.u.pool.pad = options.pad;
    node.u.pool.count_pad = options.count_pad;
    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
