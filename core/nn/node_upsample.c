/* An image made larger by a whole factor: each pixel repeated, or bilinear between pixel centres as PyTorch's
 * Upsample with align_corners false. */
#include "graph.h"
#include "node_parts.h"

enum { MOST_SCALE = 64 };

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    const size_t scale = node->u.upsample.scale;

    if (scale == 0 || scale > MOST_SCALE)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "upsample: a factor of %zu", scale);
    node->shape = (medtl_shape){in[0].channels, in[0].height * scale, in[0].width * scale};
    return MEDTL_OK;
}

/* An output along one axis reads pixel `low` with weight 1 - share, and `high` with share. */
typedef struct tap {
    size_t low, high;
    float share;
} tap;

static tap tap_of(const medtl_node *node, size_t out, size_t extent)
{
    const float scale = (float)node->u.upsample.scale;
    tap t = {out / node->u.upsample.scale, 0, 0.0f};
    float centre;

    t.high = t.low;
    if (!node->u.upsample.bilinear)
        return t;
    centre = ((float)out + 0.5f) / scale - 0.5f;
    centre = centre < 0.0f ? 0.0f : centre;
    t.low = (size_t)centre;
    t.share = centre - (float)t.low;
    t.high = t.low + 1 < extent ? t.low + 1 : t.low;
    return t;
}

static void forward_plane(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_shape in = run->in[0], out = run->node->shape;
    const size_t n = item / out.channels, c = item % out.channels;
    const float *x = medtl_image_of(run->x[0], n) + c * medtl_shape_plane(in);
    float *y = medtl_image_of(run->y, n) + c * medtl_shape_plane(out);

    (void)worker;
    for (size_t oh = 0; oh < out.height; oh++) {
        const tap h = tap_of(run->node, oh, in.height);
        const float *above = x + h.low * in.width, *below = x + h.high * in.width;

        for (size_t ow = 0; ow < out.width; ow++) {
            const tap w = tap_of(run->node, ow, in.width);
            const float top = above[w.low] + w.share * (above[w.high] - above[w.low]);
            const float bottom = below[w.low] + w.share * (below[w.high] - below[w.low]);

            y[oh * out.width + ow] = top + h.share * (bottom - top);
        }
    }
}

/* The same for 16 channels side by side. */
static void forward_band(const medtl_node_run *run, const medtl_band *band)
{
    const medtl_shape in = run->in[0], out = run->node->shape;
    const float *x = medtl_block_of(run->x[0], in, band->image, band->block);
    float *y = medtl_block_of(run->y, out, band->image, band->block);

    for (size_t oh = band->first; oh < band->end; oh++) {
        const tap h = tap_of(run->node, oh, in.height);
        const float *above = x + h.low * in.width * MEDTL_BLOCK;
        const float *below = x + h.high * in.width * MEDTL_BLOCK;

        for (size_t ow = 0; ow < out.width; ow++) {
            const tap w = tap_of(run->node, ow, in.width);
            const size_t low = w.low * MEDTL_BLOCK, high = w.high * MEDTL_BLOCK;
            float *target = y + (oh * out.width + ow) * MEDTL_BLOCK;

            MEDTL_INDEPENDENT
            for (size_t i = 0; i < MEDTL_BLOCK; i++) {
                const float top = above[low + i] + w.share * (above[high + i] - above[low + i]);
                const float bottom = below[low + i] + w.share * (below[high + i] - below[low + i]);

                target[i] = top + h.share * (bottom - top);
            }
        }
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
    const size_t n = item / out.channels, c = item % out.channels;
    const float *dy = medtl_image_of(run->dy, n) + c * medtl_shape_plane(out);
    float *dx = medtl_image_of(run->dx[0], n) + c * medtl_shape_plane(in);

    (void)worker;
    if (!run->add[0])
        memset(dx, 0, medtl_shape_plane(in) * sizeof *dx);
    for (size_t oh = 0; oh < out.height; oh++) {
        const tap h = tap_of(run->node, oh, in.height);
        float *above = dx + h.low * in.width, *below = dx + h.high * in.width;

        for (size_t ow = 0; ow < out.width; ow++) {
            const tap w = tap_of(run->node, ow, in.width);
            const float bottom = h.share * dy[oh * out.width + ow];
            const float top = dy[oh * out.width + ow] - bottom;

            above[w.low] += (1.0f - w.share) * top;
            above[w.high] += w.share * top;
            below[w.low] += (1.0f - w.share) * bottom;
            below[w.high] += w.share * bottom;
        }
    }
}

/* One pixel of 16 channels gives to the four that it was made of, which may be one and the same. */
static void give_pixel(const float *dy, tap h, tap w, float *above, float *below)
{
    for (size_t i = 0; i < MEDTL_BLOCK; i++) {
        const float bottom = h.share * dy[i], top = dy[i] - bottom;

        above[w.low * MEDTL_BLOCK + i] += (1.0f - w.share) * top;
        above[w.high * MEDTL_BLOCK + i] += w.share * top;
        below[w.low * MEDTL_BLOCK + i] += (1.0f - w.share) * bottom;
        below[w.high * MEDTL_BLOCK + i] += w.share * bottom;
    }
}

/* One block of channels of one image: its rows are not shared out, as taps overlap. */
static void backward_block(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_shape in = run->in[0], out = run->node->shape;
    const size_t blocks = out.channels / MEDTL_BLOCK, row = in.width * MEDTL_BLOCK;
    const float *dy = medtl_block_of(run->dy, out, item / blocks, item % blocks);
    float *dx = medtl_block_of(run->dx[0], in, item / blocks, item % blocks);

    (void)worker;
    if (!run->add[0])
        memset(dx, 0, in.height * row * sizeof *dx);
    for (size_t oh = 0; oh < out.height; oh++) {
        const tap h = tap_of(run->node, oh, in.height);

        for (size_t ow = 0; ow < out.width; ow++, dy += MEDTL_BLOCK)
            give_pixel(dy, h, tap_of(run->node, ow, in.width), dx + h.low * row, dx + h.high * row);
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

const medtl_node_ops medtl_node_upsample = {.kind = "upsample",
                                            .takes_blocked = true,
                                            .plan = plan,
                                            .forward = forward,
                                            .backward = backward};

size_t medtl_graph_upsample(medtl_graph *graph, size_t x, size_t scale, bool bilinear)
{
    medtl_node node = {.ops = &medtl_node_upsample, .inputs = {x}, .input_count = 1};

    node.u.upsample.scale = scale;
    node.u.upsample.bilinear = bilinear;
    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
