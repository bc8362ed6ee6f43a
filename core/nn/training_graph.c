#include "training_graph.h"

#include <stdlib.h>
#include <string.h>

/* Nodes are named by their index in the network's graph unless they are called "made". */
typedef struct rewrite {
    const medtl_graph *old;
    medtl_training_graph *made;
    size_t *renamed; /* node -> made node that computes it */
    size_t *other;   /* made node -> the same activation in the other layout, or 0 */
} rewrite;

enum {
    MADE_PER_NODE = 2,         /* itself, and in the other layout */
    LEAST_FILLED = MEDTL_BLOCK /* channels: of fewer more would be zeros than not */
};

static medtl_node *made_node(const rewrite *r, size_t made) { return &r->made->graph.nodes[made]; }

static bool is_pixel(const medtl_node *node) { return medtl_shape_plane(node->shape) == 1; }

static size_t true_channels(const rewrite *r, size_t made)
{
    return r->old->nodes[r->made->origin[made]].shape.channels;
}

/* Has it channels of zeros behind its own, up to a whole block? */
static bool is_filled(const rewrite *r, size_t made)
{
    return made_node(r, made)->shape.channels != true_channels(r, made);
}

/* Does a kind of node make zeros of channels of zeros, whose parameters are zeros, too? */
static bool keeps_zeros(const medtl_node_ops *ops)
{
    return ops == &medtl_node_batch_norm || ops == &medtl_node_add || ops == &medtl_node_relu ||
           ops == &medtl_node_relu6;
}

static bool is_blocked(const rewrite *r, size_t made)
{
    const medtl_node *node = made_node(r, made);

    return node->shape.channels % MEDTL_BLOCK == 0 && (node->blocked || is_pixel(node));
}

static size_t append(rewrite *r, const medtl_node *prototype, size_t origin)
{
    medtl_graph *g = &r->made->graph;

    if (medtl_graph_append(g, prototype) == NULL)
        return 0;
    r->made->origin[g->node_count - 1] = origin;
    return g->node_count - 1;
}

/* The same activation in the other layout, made when it is first wanted. */
static size_t converted(rewrite *r, size_t made, bool blocked)
{
    const medtl_node node = {.ops = blocked ? &medtl_node_block : &medtl_node_unblock,
                             .inputs = {made},
                             .input_count = 1,
                             .shape = {.channels = true_channels(r, made)},
                             .blocked = blocked};
    const bool whole = true_channels(r, made) % MEDTL_BLOCK == 0;

    if (made_node(r, made)->blocked == blocked || (whole && is_pixel(made_node(r, made))))
        return made;
    if (r->other[made] == 0) {
        const size_t other = append(r, &node, r->made->origin[made]);

        r->other[made] = other;
        r->other[other] = made;
    }
    return r->other[made];
}

/* Outputs that are not whole blocks are filled up with channels of zeros, whose weights are zeros, where all that read
 * them can do with that: MobileNetV2's 24 channels need not leave the blocks in which all its others are. */
static bool may_fill(const rewrite *r, size_t index)
{
    const medtl_graph *g = r->old;

    if (g->nodes[index].shape.channels < LEAST_FILLED || index + 1 == g->node_count ||
        medtl_graph_is_output(g, index))
        return false;
    for (size_t i = index + 1; i < g->node_count; i++)
        for (size_t k = 0; k < g->nodes[i].input_count; k++)
            if (g->nodes[i].inputs[k] == index && g->nodes[i].ops != &medtl_node_conv &&
                !keeps_zeros(g->nodes[i].ops))
                return false;
    return true;
}

static bool is_depthwise(const medtl_conv_shape *s)
{
    return s->groups > 1 && s->groups == s->channels_in && s->groups == s->channels_out;
}

/* The convolution's shape in blocks. */
static medtl_conv_shape filled_shape(const medtl_conv_shape *shape, bool plain, bool fill)
{
    medtl_conv_shape s = *shape;

    if (!plain)
        s.channels_in = medtl_whole_blocks(s.channels_in);
    if (fill)
        s.channels_out = medtl_whole_blocks(s.channels_out);
    if (is_depthwise(shape))
        s.groups = s.channels_in;
    return s;
}

static void rewrite_conv(rewrite *r, size_t index)
{
    medtl_node node = r->old->nodes[index];
    const size_t x = r->renamed[node.inputs[0]];
    const bool fill = may_fill(r, index);
    const bool plain =
        made_node(r, x)->shape.channels % MEDTL_BLOCK != 0 && !(fill && is_depthwise(&node.u.conv));
    const medtl_conv_shape shape = filled_shape(&node.u.conv, plain, fill);
    medtl_blocked_training conv, *own = NULL;

    node.blocked = node.input_count == 1 &&
                   medtl_blocked_training_choose(&shape, plain, !plain || x != 0, &conv);
    if (node.blocked && (own = malloc(sizeof *own)) == NULL) {
        r->made->graph.status =
            medtl_fail(&r->made->graph.error, MEDTL_E_MEMORY, "out of memory for a training pass");
        return;
    }
    if (node.blocked)
        node.u.conv = shape;
    for (size_t k = 0; k < node.input_count; k++)
        node.inputs[k] = converted(r, r->renamed[node.inputs[k]], node.blocked && !plain);
    r->renamed[index] = append(r, &node, index);
    if (own != NULL) {
        *own = conv;
        r->made->convs[r->renamed[index]] = own;
    }
}

/* Can a node of any other kind work on blocks, and is there a reason to? */
static bool goes_on_blocks(const rewrite *r, const medtl_node *node)
{
    bool any = false, filled = false;

    for (size_t k = 0; k < node->input_count; k++) {
        const size_t x = r->renamed[node->inputs[k]];

        if (!is_blocked(r, x))
            return false;
        any = any || made_node(r, x)->blocked;
        filled = filled || is_filled(r, x);
    }
    return any && node->ops->takes_blocked &&
           (filled ? keeps_zeros(node->ops) : node->shape.channels % MEDTL_BLOCK == 0);
}

static void rewrite_other(rewrite *r, size_t index)
{
    medtl_node node = r->old->nodes[index];

    node.blocked = goes_on_blocks(r, &node);
    for (size_t k = 0; k < node.input_count; k++)
        node.inputs[k] = converted(r, r->renamed[node.inputs[k]], node.blocked);
    r->renamed[index] = append(r, &node, index);
}

/* A ReLU6 behind a convolution or a batch norm on blocks, and the only one to see what that makes, is done as it is
 * stored: one activation less to keep, to write, and to read three times. */
static bool fused_relu6(rewrite *r, size_t index)
{
    const medtl_node *node = &r->old->nodes[index];
    medtl_node *made = made_node(r, r->renamed[node->inputs[0]]);

    if (node->ops != &medtl_node_relu6 || !made->blocked || made->relu ||
        (made->ops != &medtl_node_conv && made->ops != &medtl_node_batch_norm) ||
        medtl_graph_reader_count(r->old, node->inputs[0]) != 1)
        return false;
    made->relu = MEDTL_RELU6;
    r->renamed[index] = r->renamed[node->inputs[0]];
    return true;
}

/* What is shown, or given a gradient, is plain. */
static void rewrite_node(rewrite *r, size_t index)
{
    if (r->old->nodes[index].ops == &medtl_node_conv)
        rewrite_conv(r, index);
    else if (!fused_relu6(r, index))
        rewrite_other(r, index);
    if (r->made->graph.status == MEDTL_OK &&
        (medtl_graph_is_output(r->old, index) || index + 1 == r->old->node_count))
        r->renamed[index] = converted(r, r->renamed[index], false);
}

static bool allocate(const medtl_graph *network, medtl_training_graph *t, rewrite *r)
{
    const size_t most = MADE_PER_NODE * network->node_count;

    t->convs = calloc(most, sizeof(medtl_blocked_training *));
    t->origin = calloc(most, sizeof *t->origin);
    r->renamed = calloc(network->node_count, sizeof *r->renamed);
    r->other = calloc(most, sizeof *r->other);
    return t->convs != NULL && t->origin != NULL && r->renamed != NULL && r->other != NULL;
}

medtl_status medtl_training_graph_create(const medtl_graph *network, medtl_training_graph *training,
                                         medtl_error *err)
{
    rewrite r = {.old = network, .made = training};
    medtl_graph *graph = &training->graph;
    medtl_status status;

    memset(training, 0, sizeof *training);
    medtl_graph_init(graph);
    if (!allocate(network, training, &r)) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a training pass");
        goto done;
    }
    (void)medtl_graph_input(graph, network->nodes[0].shape);
    for (size_t i = 1; i < network->node_count && graph->status == MEDTL_OK; i++)
        rewrite_node(&r, i);
    for (size_t i = 0; i < network->output_count; i++)
        medtl_graph_name_output(graph, r.renamed[network->outputs[i].node],
                                network->outputs[i].name, network->outputs[i].training_only);
    status = medtl_graph_finish(graph, err);
done:
    free(r.renamed);
    free(r.other);
    if (status != MEDTL_OK)
        medtl_training_graph_clear(training);
    return status;
}

void medtl_training_graph_clear(medtl_training_graph *training)
{
    for (size_t i = 0; training->convs != NULL && i < training->graph.node_count; i++)
        free(training->convs[i]);
    free(training->convs);
    free(training->origin);
    medtl_graph_clear(&training->graph);
    memset(training, 0, sizeof *training);
}

medtl_filling medtl_training_graph_filling(const medtl_training_graph *training,
                                           const medtl_graph *network, size_t made, size_t k)
{
    const medtl_node *now = &training->graph.nodes[made];
    const medtl_node *then = &network->nodes[training->origin[made]];
    medtl_filling f = {1, then->shape.channels, 1, now->shape.channels};

    if (now->ops == &medtl_node_conv && k == 0) {
        const medtl_conv_shape *a = &then->u.conv, *b = &now->u.conv;
        const size_t taps = a->kernel_h * a->kernel_w;

        f = (medtl_filling){a->channels_out, a->channels_in / a->groups * taps, b->channels_out,
                            b->channels_in / b->groups * taps};
    }
    return f;
}
