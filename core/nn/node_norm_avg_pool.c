/* The mean over a square window of relu(scale[c] x + shift[c]): a batch norm and the average pool that reads it, in an
 * inference plan. On blocks only, and never trained. */
#include "node_parts.h"

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    return medtl_node_avg_pool.plan(node, in, err);
}

static void forward_band(const medtl_node_run *run, const medtl_band *band)
{
    const medtl_windows windows = medtl_node_windows(run);
    const size_t c = band->block * MEDTL_BLOCK;

    medtl_loops_get()->blocked.norm_mean_rows(
        &windows, medtl_block_of(run->x[0], run->in[0], band->image, band->block),
        medtl_block_of(run->y, run->node->shape, band->image, band->block), run->parameters[0] + c,
        run->parameters[1] + c, run->node->u.pool.norm_relu, band->first, band->end);
}

static void forward(const medtl_node_run *run)
{
    medtl_node_for_bands(run, run->node->shape, forward_band);
}

const medtl_node_ops medtl_node_norm_avg_pool = {
    .kind = "norm_avg_pool", .takes_blocked = true, .plan = plan, .forward = forward};
