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

/* Where the 16 channels of block `block` of the output lie within a blocked input, or none for zeros: the
 * channels before x may be any number, so that a block may take from two. */
enum { NONE = -1 };

static void lanes_of(const medtl_node_run *run, size_t block, ptrdiff_t *places)
{
    const medtl_shape in = run->in[0];

    for (size_t i = 0; i < MEDTL_BLOCK; i++) {
        const size_t from = block * MEDTL_BLOCK + i - run->node->u.subsample.before;

        places[i] = from < in.channels
                        ? (ptrdiff_t)(from / MEDTL_BLOCK * MEDTL_BLOCK * medtl_shape_plane(in) +
                                      from % MEDTL_BLOCK)
                        : NONE;
    }
}

static void forward_band(const medtl_node_run *run, const medtl_band *band)
{
    const medtl_shape in = run->in[0], out = run->node->shape;
    const size_t stride = run->node->u.subsample.stride;
    const float *x = medtl_image_of(run->x[0], band->image);
    float *y = medtl_block_of(run->y, out, band->image, band->block);
    ptrdiff_t places[MEDTL_BLOCK];

    lanes_of(run, band->block, places);
    for (size_t h = band->first; h < band->end; h++)
        for (size_t w = 0; w < out.width; w++)
            for (size_t i = 0; i < MEDTL_BLOCK; i++) {
                const size_t pixel = (h * in.width + w) * stride * MEDTL_BLOCK;

                y[(h * out.width + w) * MEDTL_BLOCK + i] =
                    places[i] == NONE ? 0.0f : x[pixel + (size_t)places[i]];
            }
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

/* One image: two blocks of the output may give to one of the input. */
static void backward_image(void *context, size_t n, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_shape in = run->in[0], out = run->node->shape;
    const size_t stride = run->node->u.subsample.stride;
    float *dx = medtl_image_of(run->dx[0], n);
    ptrdiff_t places[MEDTL_BLOCK];

    (void)worker;
    if (!run->add[0])
        memset(dx, 0, medtl_shape_size(in) * sizeof *dx);
    for (size_t block = 0; block < out.channels / MEDTL_BLOCK; block++) {
        const float *dy = medtl_block_of(run->dy, out, n, block);

        lanes_of(run, block, places);
        for (size_t h = 0; h < out.height; h++)
            for (size_t w = 0; w < out.width; w++, dy += MEDTL_BLOCK)
                for (size_t i = 0; i < MEDTL_BLOCK; i++)
                    if (places[i] != NONE)
                        dx[(h * in.width + w) * stride * MEDTL_BLOCK + (size_t)places[i]] += dy[i];
    }
}

static void backward(const medtl_node_run *run)
{
    if (run->dx[0].data == NULL)
        return;
    if (run->node->blocked)
        medtl_pool_for(run->pool, run->count, backward_image, (void *)run);
    else
        medtl_pool_for(run->pool, run->count * run->in[0].channels, backward_plane, (void *)run);
}

const medtl_node_ops medtl_node_subsample = {.kind = "subsample",
                                             .takes_blocked = true,
                                             .plan = plan,
                                             .forward = forward,
                                             .backward = backward};

size_t medtl_graph_subsample(medtl_graph *graph, size_t x, medtl_subsample_options options)
{
    medtl_node node = {.ops = &medtl_node_subsample, .inputs = {x}, .input_count = 1};

    node.shape.channels = options.channels;
    node.u.subsample.stride = options.stride;
    node.u.subsample.before = options.before;
    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
