/* y = a + b, then the ReLU if asked: the end of a residual block (He et al. 2015). */
#include "graph.h"
#include "node_parts.h"

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    if (in[0].channels != in[1].channels || in[0].height != in[1].height ||
        in[0].width != in[1].width || node->inputs[0] == node->inputs[1])
        return medtl_fail(err, MEDTL_E_INTERNAL, "add: the two inputs do not go together");
    node->shape = in[0];
    return MEDTL_OK;
}

static void forward_part(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_part part = medtl_node_part(run, item);

    (void)worker;
    medtl_loops_get()->add_two(medtl_image_of(run->x[0], part.image) + part.first,
                               medtl_image_of(run->x[1], part.image) + part.first,
                               medtl_image_of(run->y, part.image) + part.first,
                               part.end - part.first, run->node->relu);
}

static void forward(const medtl_node_run *run) { medtl_node_for_parts(run, forward_part); }

static void give_part(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_part part = medtl_node_part(run, item);

    (void)worker;
    medtl_node_mask_part(run, part);
    for (size_t k = 0; k < 2; k++)
        if (run->dx[k].data != NULL)
            medtl_give_gradient(medtl_image_of(run->dx[k], part.image) + part.first,
                                medtl_image_of(run->dy, part.image) + part.first,
                                part.end - part.first, run->add[k]);
}

static void backward(const medtl_node_run *run) { medtl_node_for_parts(run, give_part); }

const medtl_node_ops medtl_node_add = {.kind = "add",
                                       .takes_relu = true,
                                       .elementwise = true,
                                       .takes_blocked = true,
                                       .plan = plan,
                                       .forward = forward,
                                       .backward = backward};

size_t medtl_graph_add(medtl_graph *graph, size_t a, size_t b)
{
    const medtl_node node = {.ops = &medtl_node_add, .inputs = {a, b}, .input_count = 2};

    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
