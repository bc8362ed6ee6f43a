/* Copies between [channels][height][width] and blocks of 16 channels, [channels/16][height][width][16]. Each is
 * the other's backward. */
#include "node_parts.h"

static medtl_status plan(medtl_node *node, const medtl_shape *in, bool blocked, medtl_error *err)
{
    if (in[0].channels % MEDTL_BLOCK != 0)
        return medtl_fail(err, MEDTL_E_INTERNAL, "%s: %zu channels are not whole blocks of %d",
                          node->ops->kind, in[0].channels, MEDTL_BLOCK);
    node->shape = in[0];
    node->blocked = blocked;
    return MEDTL_OK;
}

static medtl_status plan_block(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    return plan(node, in, true, err);
}

static medtl_status plan_unblock(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    return plan(node, in, false, err);
}

/* The pixels of a band from one layout to the other. */
static void to_blocks(const medtl_node_run *run, const medtl_band *band, medtl_tensor from,
                      medtl_tensor to, bool add)
{
    const medtl_shape shape = run->node->shape;
    const size_t first = band->first * shape.width;

    medtl_loops_get()->blocked.block(
        medtl_block_of(from, shape, band->image, band->block) + first, medtl_shape_plane(shape),
        medtl_block_of(to, shape, band->image, band->block) + first * MEDTL_BLOCK,
        (band->end - band->first) * shape.width, add);
}

static void from_blocks(const medtl_node_run *run, const medtl_band *band, medtl_tensor from,
                        medtl_tensor to, bool add)
{
    const medtl_shape shape = run->node->shape;
    const size_t first = band->first * shape.width;

    medtl_loops_get()->blocked.unblock(
        medtl_block_of(from, shape, band->image, band->block) + first * MEDTL_BLOCK,
        medtl_block_of(to, shape, band->image, band->block) + first, medtl_shape_plane(shape),
        (band->end - band->first) * shape.width, add);
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

static void forward_block(const medtl_node_run *run)
{
    medtl_node_for_bands(run, run->node->shape, block_band);
}

static void backward_block(const medtl_node_run *run)
{
    if (run->dx[0].data != NULL)
        medtl_node_for_bands(run, run->node->shape, block_gradient);
}

static void forward_unblock(const medtl_node_run *run)
{
    medtl_node_for_bands(run, run->node->shape, unblock_band);
}

static void backward_unblock(const medtl_node_run *run)
{
    if (run->dx[0].data != NULL)
        medtl_node_for_bands(run, run->node->shape, unblock_gradient);
}

const medtl_node_ops medtl_node_block = {
    .kind = "block", .plan = plan_block, .forward = forward_block, .backward = backward_block};
const medtl_node_ops medtl_node_unblock = {.kind = "unblock",
                                           .plan = plan_unblock,
                                           .forward = forward_unblock,
                                           .backward = backward_unblock};
