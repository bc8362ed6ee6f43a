/* y = scale[c] x + shift[c]: what is left of a batch norm in an inference plan. Never trained. */
#include "node_parts.h"

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err;
    node->shape = in[0];
    return MEDTL_OK;
}

static void forward_plane(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t channels = run->node->shape.channels, plane = medtl_shape_plane(run->node->shape);
    const size_t n = item / channels, c = item % channels;

    (void)worker;
    medtl_loops_get()->scale_shift(medtl_image_of(run->x[0], n) + c * plane,
                                   medtl_image_of(run->y, n) + c * plane, plane,
                                   run->parameters[0][c], run->parameters[1][c], run->node->relu);
}

static void forward_band(const medtl_node_run *run, const medtl_band *band)
{
    const medtl_shape shape = run->node->shape;
    const size_t row = shape.width * MEDTL_BLOCK, c = band->block * MEDTL_BLOCK;

    medtl_loops_get()->blocked.scale_shift(
        medtl_block_of(run->x[0], shape, band->image, band->block) + band->first * row,
        medtl_block_of(run->y, shape, band->image, band->block) + band->first * row,
        (band->end - band->first) * shape.width, run->parameters[0] + c, run->parameters[1] + c,
        run->node->relu);
}

static void forward(const medtl_node_run *run)
{
    if (run->node->blocked) {
        medtl_node_for_bands(run, run->node->shape, forward_band);
        return;
    }
    medtl_pool_for(run->pool, run->count * run->node->shape.channels, forward_plane, (void *)run);
}

const medtl_node_ops medtl_node_affine = {.kind = "affine",
                                          .takes_relu = true,
                                          .elementwise = true,
                                          .takes_blocked = true,
                                          .plan = plan,
                                          .forward = forward};
