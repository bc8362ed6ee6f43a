/* Channels one after another. Most inputs are computed in their place within the output (layout.c), and
 * then there is nothing to do; the others are copied. */
#include "graph.h"
#include "node_parts.h"

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    node->shape = (medtl_shape){0, in[0].height, in[0].width};
    for (size_t i = 0; i < node->input_count; i++) {
        if (in[i].height != node->shape.height || in[i].width != node->shape.width)
            return medtl_fail(err, MEDTL_E_INTERNAL, "concat: inputs of different sizes");
        node->shape.channels += in[i].channels;
    }
    return MEDTL_OK;
}

static void forward_image(void *context, size_t n, size_t worker)
{
    const medtl_node_run *run = context;
    float *y = medtl_image_of(run->y, n);

    (void)worker;
    for (size_t i = 0; i < run->node->input_count; i++) {
        const size_t size = medtl_shape_size(run->in[i]);

        if (medtl_image_of(run->x[i], n) != y)
            memcpy(y, medtl_image_of(run->x[i], n), size * sizeof *y);
        y += size;
    }
}

static void forward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->count, forward_image, (void *)run);
}

static void backward_image(void *context, size_t n, size_t worker)
{
    const medtl_node_run *run = context;
    const float *dy = medtl_image_of(run->dy, n);

    (void)worker;
    for (size_t i = 0; i < run->node->input_count; i++) {
        const size_t size = medtl_shape_size(run->in[i]);

        if (run->dx[i].data != NULL)
            medtl_give_gradient(medtl_image_of(run->dx[i], n), dy, size, run->add[i]);
        dy += size;
    }
}

static void backward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->count, backward_image, (void *)run);
}

const medtl_node_ops medtl_node_concat = {
    .kind = "concat", .plan = plan, .forward = forward, .backward = backward};

size_t medtl_graph_concat(medtl_graph *graph, const size_t *inputs, size_t count)
{
    medtl_node node = {.ops = &medtl_node_concat, .input_count = count};

    if (graph->status != MEDTL_OK)
        return 0;
    if (count == 0 || count > MEDTL_NODE_MAX_INPUTS) {
        graph->status = medtl_fail(&graph->error, MEDTL_E_INTERNAL, "concat of %zu inputs", count);
        return 0;
    }
    memcpy(node.inputs, inputs, count * sizeof *inputs);
    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
