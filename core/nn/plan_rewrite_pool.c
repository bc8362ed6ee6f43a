/* An average over windows behind a 1x1 convolution, as in DenseNet's transitions: both are linear, and the pool does not
 * know channels nor the convolution pixels, so they commute, and the convolution is cheaper on the fewer pixels behind the
 * pool. A batch norm before the convolution, with its ReLU, is done as the pool reads. */
#include "plan_rewrite_parts.h"

static bool is_pointwise(const medtl_conv_shape *s)
{
    return s->kernel_h == 1 && s->kernel_w == 1 && s->stride_h == 1 && s->stride_w == 1 &&
           s->pad_top + s->pad_left + s->pad_bottom + s->pad_right == 0;
}

/* Padding would count without the bias. */
size_t medtl_rewrite_pool_first(const medtl_rewrite *r, size_t conv)
{
    const medtl_node *node = &r->old->nodes[conv];
    const size_t reader = medtl_graph_last_reader(r->old, conv);
    const medtl_node *pool = &r->old->nodes[reader];

    if (!medtl_plan_is_conv(node) || node->relu || !is_pointwise(&node->u.conv) ||
        medtl_graph_reader_count(r->old, conv) != 1 || pool->ops != &medtl_node_avg_pool ||
        pool->u.pool.pad > 0 || pool->u.pool.stride < 2)
        return MEDTL_NO_NODE;
    return reader;
}

bool medtl_rewrite_is_left_to_pool(const medtl_rewrite *r, size_t norm)
{
    const size_t conv = medtl_graph_last_reader(r->old, norm);

    return medtl_graph_reader_count(r->old, norm) == 1 &&
           medtl_rewrite_pool_first(r, conv) != MEDTL_NO_NODE &&
           r->old->nodes[norm].shape.channels % MEDTL_BLOCK == 0;
}

size_t medtl_rewrite_pool_before(medtl_rewrite *r, size_t conv)
{
    const size_t index = medtl_rewrite_pool_first(r, conv), input = r->old->nodes[conv].inputs[0];
    const size_t x = r->renamed[input];
    medtl_node node = r->old->nodes[index];
    medtl_made made = {.origin = index};

    node.blocked = medtl_rewrite_made(r, x)->blocked;
    if (r->left[input]) {
        node.ops = &medtl_node_norm_avg_pool;
        node.u.pool.norm_relu = r->old->nodes[input].relu;
        node.blocked = true;
        made.norm = input;
    }
    node.inputs[0] = medtl_rewrite_convert(r, x, node.blocked);
    return medtl_rewrite_append(r, &node, &made);
}
