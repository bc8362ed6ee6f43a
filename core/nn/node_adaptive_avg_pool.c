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

static void forward_band(const medtl_node_run *run, const medtl_band *band)
{
    const medtl_shape in = run->in[0], out = run->node->shape;
    const float *x = medtl_block_of(run->x[0], in, band->image, band->block);
    float *y = medtl_block_of(run->y, out, band->image, band->block);

    for (size_t oh = band->first; oh < band->end; oh++)
        for (size_t ow = 0; ow < out.width; ow++) {
            const span h = window(oh, out.height, in.height), w = window(ow, out.width, in.width);
            double sums[MEDTL_BLOCK] = {0.0};

            for (size_t i = h.first; i < h.end; i++)
                medtl_loops_get()->blocked.add_sums(x + (i * in.width + w.first) * MEDTL_BLOCK,
                                                    w.end - w.first, sums);
            for (size_t c = 0; c < MEDTL_BLOCK; c++)
                y[(oh * out.width + ow) * MEDTL_BLOCK + c] =
                    (float)(sums[c] / (double)((h.end - h.first) * (w.end - w.first)));
        }
}

static void forward(const medtl_node_run *run)
{
    if (run->node->blocked)
        medtl_node_for_bands(run, run->node->shape, forward_band);
    else
        medtl_pool_for(run->pool, run->count * run->node->shape.channels, forward_plane,
                       (void *)run);
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

/* One block of channels of one image: windows may overlap, so its rows are not shared out. */
static void backward_block(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_shape in = run->in[0], out = run->node->shape;
    const size_t blocks = out.channels / MEDTL_BLOCK;
    const float *dy = medtl_block_of(run->dy, out, item / blocks, item % blocks);
    float *dx = medtl_block_of(run->dx[0], in, item / blocks, item % blocks);

    (void)worker;
    if (!run->add[0])
        memset(dx, 0, MEDTL_BLOCK * medtl_shape_plane(in) * sizeof *dx);
    for (size_t oh = 0; oh < out.height; oh++)
        for (size_t ow = 0; ow < out.width; ow++, dy += MEDTL_BLOCK) {
            const span h = window(oh, out.height, in.height), w = window(ow, out.width, in.width);
            float share[MEDTL_BLOCK];

            for (size_t c = 0; c < MEDTL_BLOCK; c++)
                share[c] = dy[c] / (float)((h.end - h.first) * (w.end - w.first));
            for (size_t i = h.first; i < h.end; i++)
                medtl_loops_get()->blocked.give(dx + (i * in.width + w.first) * MEDTL_BLOCK, share,
                                                w.end - w.first, true);
        }
}

static void backward(const medtl_node_run *run)
{
    if (run->dx[0].data == NULL)
        return;
    if (run->node->blocked)
        medtl_pool_for(run->pool, run->count * run->node->shape.channels / MEDTL_BLOCK,
                       backward_block, (void *)run);
    else
        medtl_pool_for(run->pool, run->count * run->node->shape.channels, backward_plane,
                       (void *)run);
}

const medtl_node_ops medtl_node_adaptive_avg_pool = {.kind = "adaptive_avg_pool",
                                                     .takes_blocked = true,
                                                     .plan = plan,
                                                     .forward = forward,
                                                     .backward = backward};

size_t medtl_graph_adaptive_avg_pool(medtl_graph *graph, size_t x, size_t height, size_t width)
{
    const medtl_node node = {.ops = &medtl_node_adaptive_avg_pool,
                             .inputs = {x},
                             .input_count = 1,
                             .shape = {0, height, width}};

    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
