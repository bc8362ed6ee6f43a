/* Copies between [channels][height][width] and blocks of 16 channels, [channels/16][height][width][16]. Each is
 * the other's backward. */
#include "node_parts.h"

static medtl_status plan_block(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err; /* every shape is fine */
    node->shape = (medtl_shape){medtl_whole_blocks(in[0].channels), in[0].height, in[0].width};
    node->blocked = true;
    return MEDTL_OK;
}

static medtl_status plan_unblock(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    const size_t channels = node->shape.channels > 0 ? node->shape.channels : in[0].channels;

    if (medtl_whole_blocks(channels) != in[0].channels)
        return medtl_fail(err, MEDTL_E_INTERNAL, "%s: %zu channels in blocks are not %zu",
                          node->ops->kind, in[0].channels, channels);
    node->shape = (medtl_shape){channels, in[0].height, in[0].width};
    node->blocked = false;
    return MEDTL_OK;
}

/* Where a band lies in both layouts, and its channels that are not filled up. */
typedef struct places {
    float *plain, *blocked;
    size_t channels, plane, pixels;
} places;

static places places_of(const medtl_node_run *run, const medtl_band *band, medtl_tensor plain,
                        medtl_tensor blocked)
{
    const medtl_shape shape = run->node->blocked ? run->in[0] : run->node->shape; /* plain */
    const size_t first = band->first * shape.width,
                 left = shape.channels - band->block * MEDTL_BLOCK;
    places p = {.plane = medtl_shape_plane(shape),
                .channels = left < MEDTL_BLOCK ? left : MEDTL_BLOCK,
                .pixels = (band->end - band->first) * shape.width};

    p.plain = medtl_block_of(plain, shape, band->image, band->block) + first;
    p.blocked = medtl_block_of(blocked, shape, band->image, band->block) + first * MEDTL_BLOCK;
    return p;
}

static void block_in_part(const places *p, bool add)
{
    for (size_t i = 0; i < p->pixels; i++)
        for (size_t c = 0; c < MEDTL_BLOCK; c++) {
            const float before = add ? p->blocked[i * MEDTL_BLOCK + c] : 0.0f;
            const float v = c < p->channels ? p->plain[c * p->plane + i] : 0.0f;

            p->blocked[i * MEDTL_BLOCK + c] = before + v;
        }
}

static void unblock_in_part(const places *p, bool add)
{
    for (size_t c = 0; c < p->channels; c++)
        for (size_t i = 0; i < p->pixels; i++) {
            const float before = add ? p->plain[c * p->plane + i] : 0.0f;

            p->plain[c * p->plane + i] = before + p->blocked[i * MEDTL_BLOCK + c];
        }
}

static void to_blocks(const medtl_node_run *run, const medtl_band *band, medtl_tensor from,
                      medtl_tensor to, bool add)
{
    const places p = places_of(run, band, from, to);

    if (p.channels == MEDTL_BLOCK)
        medtl_loops_get()->blocked.block(p.plain, p.plane, p.blocked, p.pixels, add);
    else
        block_in_part(&p, add);
}

static void from_blocks(const medtl_node_run *run, const medtl_band *band, medtl_tensor from,
                        medtl_tensor to, bool add)
{
    const places p = places_of(run, band, to, from);

    if (p.channels == MEDTL_BLOCK)
        medtl_loops_get()->blocked.unblock(p.blocked, p.plain, p.plane, p.pixels, add);
    else
        unblock_in_part(&p, add);
}

static void block_band(const medtl_node_run *run, const medtl_band *band)
{
    to_blocks(run, band, run->x[0], run->y, false);
}

static void block_gradient(const medtl_node_run *run, const medtl_band *band)
{
    from_blocks(run, band, run->dy, run->dx[0], run->add[0]);
}

static void unblock_band(const medtl_node_run *run, const medtl_band *band)
{
    from_blocks(run, band, run->x[0], run->y, false);
}

static void unblock_gradient(const medtl_node_run *run, const medtl_band *band)
{
    to_blocks(run, band, run->dy, run->dx[0], run->add[0]);
}

/* The shape in blocks. */
static medtl_shape blocked_shape(const medtl_node_run *run)
{
    medtl_shape shape = run->node->shape;

    shape.channels = medtl_whole_blocks(shape.channels);
    return shape;
}

static void forward_block(const medtl_node_run *run)
{
    medtl_node_for_bands(run, blocked_shape(run), block_band);
}

static void backward_block(const medtl_node_run *run)
{
    if (run->dx[0].data != NULL)
        medtl_node_for_bands(run, blocked_shape(run), block_gradient);
}

static void forward_unblock(const medtl_node_run *run)
{
    medtl_node_for_bands(run, blocked_shape(run), unblock_band);
}

static void backward_unblock(const medtl_node_run *run)
{
    if (run->dx[0].data != NULL)
        medtl_node_for_bands(run, blocked_shape(run), unblock_gradient);
}

const medtl_node_ops medtl_node_block = {
    .kind = "block", .plan = plan_block, .forward = forward_block, .backward = backward_block};
const medtl_node_ops medtl_node_unblock = {.kind = "unblock",
                                           .plan = plan_unblock,
                                           .forward = forward_unblock,
                                           .backward = backward_unblock};
