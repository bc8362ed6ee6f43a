/* Channels one after another. Most inputs are computed in their place within the output (layout.c), and
 * then there is nothing to do; the others are copied. Blocks of 16 channels lie one after another as
 * channels do. */
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

/* Input `input` of a concatenation, cut into parts of a fixed size. */
typedef struct copying {
    const medtl_node_run *run;
    size_t input, before; /* floats of the inputs before it */
    size_t size, parts;   /* of one image */
} copying;

static medtl_part part_of(const copying *c, size_t item)
{
    const size_t first = item % c->parts * MEDTL_PART_FLOATS;

    return (medtl_part){item / c->parts, first,
                        first + MEDTL_PART_FLOATS < c->size ? first + MEDTL_PART_FLOATS : c->size};
}

static void forward_part(void *context, size_t item, size_t worker)
{
    const copying *c = context;
    const medtl_part part = part_of(c, item);

    (void)worker;
    memcpy(medtl_image_of(c->run->y, part.image) + c->before + part.first,
           medtl_image_of(c->run->x[c->input], part.image) + part.first,
           (part.end - part.first) * sizeof(float));
}

static void backward_part(void *context, size_t item, size_t worker)
{
    const copying *c = context;
    const medtl_part part = part_of(c, item);

    (void)worker;
    medtl_give_gradient(medtl_image_of(c->run->dx[c->input], part.image) + part.first,
                        medtl_image_of(c->run->dy, part.image) + c->before + part.first,
                        part.end - part.first, c->run->add[c->input]);
}

static void copy_inputs(const medtl_node_run *run, bool backward)
{
    copying c = {.run = run};

    for (c.input = 0; c.input < run->node->input_count; c.input++, c.before += c.size) {
        const float *from = (backward ? run->dx : run->x)[c.input].data;
        const float *to = (backward ? run->dy : run->y).data + c.before;

        c.size = medtl_shape_size(run->in[c.input]);
        c.parts = (c.size + MEDTL_PART_FLOATS - 1) / MEDTL_PART_FLOATS;
        if (from != NULL && from != to) /* else nobody wants it, or it is there already */
            medtl_pool_for(run->pool, run->count * c.parts, backward ? backward_part : forward_part,
                           &c);
    }
}

static void forward(const medtl_node_run *run) { copy_inputs(run, false); }

static void backward(const medtl_node_run *run) { copy_inputs(run, true); }

const medtl_node_ops medtl_node_concat = {.kind = "concat",
                                          .takes_blocked = true,
                                          .plan = plan,
                                          .forward = forward,
                                          .backward = backward};

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
