/* Maximum over a square window; padding never wins, the first of equals does, and NaN wins over
 * numbers (all as PyTorch). Remembered for backward: which tap of the window won, a byte each. */
#include "graph.h"
#include "node_parts.h"

#include <math.h>

enum { LARGEST_KERNEL = 15 }; /* so that a tap's number fits a byte */

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    const size_t kernel = node->u.pool.kernel, pad = node->u.pool.pad, stride = node->u.pool.stride;

    if (kernel == 0 || kernel > LARGEST_KERNEL || stride == 0 || pad > kernel / 2)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "max pool: kernel %zu, stride %zu, padding %zu",
                          kernel, stride, pad);
    if (in[0].height + 2 * pad < kernel || in[0].width + 2 * pad < kernel)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "max pool: a window of %zu does not fit an input of %zux%zu", kernel,
                          in[0].height, in[0].width);
    node->shape = (medtl_shape){in[0].channels, (in[0].height + 2 * pad - kernel) / stride + 1,
                                (in[0].width + 2 * pad - kernel) / stride + 1};
    return MEDTL_OK;
}

static size_t state_size(const medtl_node *node, size_t count)
{
    return (count * medtl_shape_size(node->shape) + sizeof(float) - 1) / sizeof(float);
}

/* A row of winners, as floats so that one loop handles values and winners alike. */
static size_t scratch_size(const medtl_node *node, bool training)
{
    (void)training;
    return node->shape.width;
}

/* The outputs [first, end) of a row or column whose input through `tap` exists. */
static void valid_outputs(size_t tap, size_t stride, size_t pad, size_t in, size_t out,
                          size_t *first, size_t *end)
{
    *first = tap < pad ? (pad - tap + stride - 1) / stride : 0;
    *end = in + pad > tap ? (in + pad - tap - 1) / stride + 1 : 0;
    *end = *end < out ? *end : out;
}

/* The first tap of a window that begins `pad` before `start`. */
static size_t first_inside(size_t start, size_t pad) { return start < pad ? pad - start : 0; }

/* Row `oh` of one plane: values into y, and which tap won into winner unless that is NULL. */
static void forward_row(const medtl_node_run *run, const float *x, size_t oh, float *y,
                        float *winner)
{
    const medtl_shape in = run->in[0], out = run->node->shape;
    const size_t kernel = run->node->u.pool.kernel, stride = run->node->u.pool.stride;
    const size_t pad = run->node->u.pool.pad;

    for (size_t i = 0; i < out.width; i++)
        y[i] = -INFINITY;
    for (size_t i = 0; i < out.width && winner != NULL; i++) /* first, where all are -infinity */
        winner[i] =
            (float)(first_inside(oh * stride, pad) * kernel + first_inside(i * stride, pad));
    for (size_t kh = 0; kh < kernel; kh++) {
        const size_t row = oh * stride + kh - pad;

        if (row >= in.height) /* also where it wrapped below zero */
            continue;
        for (size_t kw = 0; kw < kernel; kw++) {
            size_t first, end;

            valid_outputs(kw, stride, pad, in.width, out.width, &first, &end);
            if (first < end)
                medtl_loops_get()->take_larger(x + row * in.width + first * stride + kw - pad,
                                               stride, end - first, (float)(kh * kernel + kw),
                                               y + first, winner != NULL ? winner + first : NULL);
        }
    }
}

static void forward_plane(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_shape out = run->node->shape;
    const size_t n = item / out.channels, c = item % out.channels;
    const float *x = medtl_image_of(run->x[0], n) + c * medtl_shape_plane(run->in[0]);
    float *y = medtl_image_of(run->y, n) + c * medtl_shape_plane(out);
    float *winner = run->training ? run->scratch + worker * run->scratch_stride : NULL;

    for (size_t oh = 0; oh < out.height; oh++) {
        forward_row(run, x, oh, y + oh * out.width, winner);
        if (run->training) {
            unsigned char *kept =
                (unsigned char *)run->state + item * medtl_shape_plane(out) + oh * out.width;

            for (size_t i = 0; i < out.width; i++)
                kept[i] = (unsigned char)winner[i];
        }
    }
}

/* Winners lie as the values do. */
static unsigned char *winners_of(const medtl_node_run *run, const medtl_band *band)
{
    const medtl_shape out = run->node->shape;

    return (unsigned char *)run->state + band->image * medtl_shape_size(out) +
           band->block * MEDTL_BLOCK * medtl_shape_plane(out);
}

static void forward_band(const medtl_node_run *run, const medtl_band *band)
{
    const medtl_windows windows = medtl_node_windows(run);

    medtl_loops_get()->blocked.max_rows(
        &windows, medtl_block_of(run->x[0], run->in[0], band->image, band->block),
        medtl_block_of(run->y, run->node->shape, band->image, band->block),
        run->training ? winners_of(run, band) : NULL, band->first, band->end);
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
    const size_t kernel = run->node->u.pool.kernel, stride = run->node->u.pool.stride;
    const size_t pad = run->node->u.pool.pad;
    const float *dy = medtl_image_of(run->dy, n) + c * medtl_shape_plane(out);
    const unsigned char *winners =
        (const unsigned char *)run->state + item * medtl_shape_plane(out);
    float *dx = medtl_image_of(run->dx[0], n) + c * medtl_shape_plane(in);

    (void)worker;
    if (!run->add[0])
        memset(dx, 0, medtl_shape_plane(in) * sizeof *dx);
    for (size_t oh = 0; oh < out.height; oh++)
        for (size_t ow = 0; ow < out.width; ow++) {
            const size_t i = oh * out.width + ow;
            const size_t h = oh * stride + winners[i] / kernel - pad;

            dx[h * in.width + ow * stride + winners[i] % kernel - pad] += dy[i];
        }
}

static void backward_band(const medtl_node_run *run, const medtl_band *band)
{
    const medtl_windows windows = medtl_node_windows(run);

    medtl_loops_get()->blocked.give_max_rows(
        &windows, medtl_block_of(run->dx[0], run->in[0], band->image, band->block),
        medtl_block_of(run->dy, run->node->shape, band->image, band->block), winners_of(run, band),
        band->first, band->end, run->add[0]);
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

const medtl_node_ops medtl_node_max_pool = {.kind = "max_pool",
                                            .takes_blocked = true,
                                            .plan = plan,
                                            .state_size = state_size,
                                            .scratch_size = scratch_size,
                                            .forward = forward,
                                            .backward = backward};

size_t medtl_graph_max_pool(medtl_graph *graph, size_t x, medtl_pool_options options)
{
    medtl_node node = {.ops = &medtl_node_max_pool, .inputs = {x}, .input_count = 1};

    node.u.pool.kernel = options.kernel;
    node.u.pool.stride = options.stride;
    node.u.pool.pad = options.pad;
    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
