/* Rewriting walks the network once and appends to the plan: norms, concatenations and all that is no convolution
 * (plan_rewrite_conv.c). */
#include "plan_rewrite_parts.h"

#include <stdlib.h>
#include <string.h>

static bool is_pixel(const medtl_node *node) { return medtl_shape_plane(node->shape) == 1; }

static medtl_status grow_convs(medtl_rewrite *r)
{
    medtl_plan *plan = r->plan;
    medtl_blocked_conv **convs =
        realloc(plan->convs, plan->graph.node_count * sizeof(medtl_blocked_conv *));

    if (convs == NULL)
        return medtl_fail(&plan->graph.error, MEDTL_E_MEMORY, "out of memory for a model's plan");
    plan->convs = convs;
    plan->convs[plan->graph.node_count - 1] = NULL;
    return MEDTL_OK;
}

size_t medtl_rewrite_append(medtl_rewrite *r, const medtl_node *prototype, const medtl_made *made)
{
    medtl_graph *g = &r->plan->graph;

    if (medtl_graph_append(g, prototype) == NULL)
        return 0;
    if ((g->status = grow_convs(r)) != MEDTL_OK)
        return 0;
    r->made[g->node_count - 1] = *made;
    return g->node_count - 1;
}

size_t medtl_rewrite_convert(medtl_rewrite *r, size_t made, bool blocked)
{
    const medtl_node node = {.ops = blocked ? &medtl_node_block : &medtl_node_unblock,
                             .inputs = {made},
                             .input_count = 1,
                             .blocked = blocked};
    const medtl_made none = {0};

    if (medtl_rewrite_made(r, made)->blocked == blocked || is_pixel(medtl_rewrite_made(r, made)))
        return made;
    if (r->made[made].other == MEDTL_NO_NODE) {
        const size_t other = medtl_rewrite_append(r, &node, &none);

        r->made[made].other = other;
        r->made[other].other = made;
    }
    return r->made[made].other;
}

static bool is_blocked(const medtl_rewrite *r, size_t made)
{
    const medtl_node *node = medtl_rewrite_made(r, made);

    return node->shape.channels % MEDTL_BLOCK == 0 && (node->blocked || is_pixel(node));
}

/* Norms --------------------------------------------------------------------------------------------- */

/* Channels [first, first + ...) of `norm`, as a node of their own. */
static size_t append_affine(medtl_rewrite *r, size_t norm, size_t first, size_t input, bool relu)
{
    const medtl_node node = {.ops = &medtl_node_affine,
                             .inputs = {input},
                             .input_count = 1,
                             .relu = relu,
                             .blocked = medtl_rewrite_made(r, input)->blocked};
    const medtl_made made = {.origin = norm, .norm = norm, .norm_first = first};

    return medtl_rewrite_append(r, &node, &made);
}

/* A mean over pixels commutes with a scale and shift of the channel, and is cheaper first. */
static bool moves_behind_pool(const medtl_rewrite *r, size_t index)
{
    const size_t reader = medtl_graph_last_reader(r->old, index);

    return !r->old->nodes[index].relu && medtl_graph_reader_count(r->old, index) == 1 &&
           r->old->nodes[reader].ops == &medtl_node_global_avg_pool;
}

static medtl_made_part *part_of(medtl_made *made, size_t conv)
{
    for (size_t i = 0; i < made->part_count; i++)
        if (made->parts[i].conv == conv)
            return &made->parts[i];
    return NULL;
}

bool medtl_rewrite_folds(const medtl_rewrite *r, size_t norm, size_t conv)
{
    return medtl_plan_is_conv(&r->old->nodes[conv]) &&
           r->old->nodes[norm].ops == &medtl_node_batch_norm && !r->old->nodes[conv].relu &&
           medtl_graph_reader_count(r->old, conv) == 1;
}

/* May the 1x1 convolution that alone reads a norm do it as it reads? */
static bool is_left_to_reader(const medtl_rewrite *r, size_t index)
{
    const medtl_node *norm = &r->old->nodes[index];
    const medtl_node *reader = &r->old->nodes[medtl_graph_last_reader(r->old, index)];
    medtl_blocked_conv conv;

    return medtl_graph_reader_count(r->old, index) == 1 && medtl_plan_is_conv(reader) &&
           reader->u.conv.channels_in % MEDTL_BLOCK == 0 &&
           medtl_blocked_choose(&reader->u.conv, NULL, 1, false, &conv) &&
           medtl_blocked_take_norm(&conv, norm->relu);
}

static void rewrite_norm(medtl_rewrite *r, size_t index)
{
    const medtl_node *node = &r->old->nodes[index];
    const size_t input = node->inputs[0], made = r->renamed[input];

    if (r->spread[index]) {
        r->renamed[index] = made;
    } else if (medtl_rewrite_folds(r, index, input)) {
        medtl_rewrite_made(r, made)->relu = node->relu;
        part_of(&r->made[made], input)->norm = index;
        r->renamed[index] = made;
    } else if (moves_behind_pool(r, index)) {
        r->delayed[medtl_graph_last_reader(r->old, index)] = index;
        r->renamed[index] = made;
    } else if (medtl_rewrite_is_left_to_pool(r, index) || is_left_to_reader(r, index)) {
        r->left[index] = 1;
        r->renamed[index] = made;
    } else {
        r->renamed[index] = append_affine(r, index, 0, made, node->relu);
    }
}

/* Concatenations ------------------------------------------------------------------------------------- */

/* The norm that alone reads a concatenation, if its work can be done before. */
static size_t norm_to_spread(const medtl_rewrite *r, size_t concat)
{
    const size_t norm = medtl_graph_last_reader(r->old, concat);

    if (medtl_graph_reader_count(r->old, concat) != 1 ||
        r->old->nodes[norm].ops != &medtl_node_batch_norm || r->old->nodes[norm].relu ||
        moves_behind_pool(r, norm))
        return MEDTL_NO_NODE;
    return norm;
}

/* May a convolution on blocks scale and shift its outputs last? */
static bool may_scale(const medtl_rewrite *r, size_t made, size_t index)
{
    return r->plan->convs[made] != NULL && r->made[made].norm == MEDTL_NO_NODE &&
           medtl_graph_reader_count(r->old, index) == 1;
}

/* Give `norm` to the inputs: convolutions do it as they write, the others are copied through it, which the
 * concatenation would have done anyway. @return whether any convolution took it. */
static bool spread_norm(medtl_rewrite *r, size_t norm, const size_t *indices, size_t *inputs,
                        size_t count)
{
    size_t first = 0, last = MEDTL_NO_NODE;
    bool any = false;

    for (size_t k = 0; k < count; k++)
        any = any || may_scale(r, inputs[k], indices[k]);
    for (size_t k = 0; k < count && any; k++) {
        if (inputs[k] == last && r->made[last].part_count > 1)
            continue; /* a further part of the same convolution */
        last = inputs[k];
        if (may_scale(r, inputs[k], indices[k])) {
            r->made[inputs[k]].norm = norm;
            r->made[inputs[k]].norm_first = first;
        } else {
            inputs[k] = append_affine(r, norm, first, inputs[k], false);
        }
        first += medtl_rewrite_made(r, last)->shape.channels;
    }
    return any;
}

static void rewrite_concat(medtl_rewrite *r, size_t index)
{
    const medtl_node *old = &r->old->nodes[index];
    const size_t norm = norm_to_spread(r, index);
    const medtl_made made = {.origin = index};
    medtl_node node = *old;
    bool blocked = true;

    for (size_t k = 0; k < old->input_count; k++)
        node.inputs[k] = r->renamed[old->inputs[k]];
    if (norm != MEDTL_NO_NODE)
        r->spread[norm] = spread_norm(r, norm, old->inputs, node.inputs, old->input_count);
    for (size_t k = 0; k < old->input_count; k++)
        blocked = blocked && is_blocked(r, node.inputs[k]);
    node.input_count = 0;
    for (size_t k = 0; k < old->input_count; k++)
        if (k == 0 || node.inputs[k] != node.inputs[node.input_count - 1] ||
            r->made[node.inputs[k]].part_count < 2)
            node.inputs[node.input_count++] = node.inputs[k];
    node.blocked = blocked;
    for (size_t k = 0; k < node.input_count; k++)
        node.inputs[k] = medtl_rewrite_convert(r, node.inputs[k], blocked);
    r->renamed[index] = medtl_rewrite_append(r, &node, &made);
}

/* ---------------------------------------------------------------------------------------------------- */

/* Any other kind: on blocks if it can and all it reads is. */
static void rewrite_other(medtl_rewrite *r, size_t index)
{
    const medtl_node *old = &r->old->nodes[index];
    const medtl_made made = {.origin = index};
    medtl_node node = *old;
    bool any = false;

    node.blocked = old->ops->takes_blocked && old->shape.channels % MEDTL_BLOCK == 0;
    for (size_t k = 0; k < node.input_count; k++) {
        const size_t x = r->renamed[old->inputs[k]];

        node.blocked = node.blocked && is_blocked(r, x);
        any = any || medtl_rewrite_made(r, x)->blocked;
    }
    node.blocked = node.blocked && any;
    for (size_t k = 0; k < node.input_count; k++)
        node.inputs[k] = medtl_rewrite_convert(r, r->renamed[old->inputs[k]], node.blocked);
    r->renamed[index] = medtl_rewrite_append(r, &node, &made);
}

/* Does it cost nothing here: dropout, or a pool that went before its convolution? */
static bool is_passed(const medtl_rewrite *r, size_t index)
{
    const medtl_node *old = &r->old->nodes[index];

    return old->ops == &medtl_node_dropout ||
           (old->ops == &medtl_node_avg_pool &&
            medtl_rewrite_pool_first(r, old->inputs[0]) == index);
}

static void rewrite_node(medtl_rewrite *r, size_t index)
{
    const medtl_node *old = &r->old->nodes[index];

    if (old->ops == &medtl_node_batch_norm)
        rewrite_norm(r, index);
    else if (is_passed(r, index))
        r->renamed[index] = r->renamed[old->inputs[0]];
    else if (old->ops == &medtl_node_conv)
        medtl_rewrite_conv(r, index);
    else if (old->ops == &medtl_node_concat)
        rewrite_concat(r, index);
    else if (old->ops != &medtl_node_add || !medtl_rewrite_fuse_addition(r, old, index))
        rewrite_other(r, index);
    if (r->delayed[index] != MEDTL_NO_NODE)
        r->renamed[index] = append_affine(r, r->delayed[index], 0, r->renamed[index], false);
    if (medtl_graph_is_output(r->old, index) || index + 1 == r->old->node_count)
        r->renamed[index] = medtl_rewrite_convert(r, r->renamed[index], false);
}

/* What only training wants is left out. */
static void find_needed(medtl_rewrite *r)
{
    const medtl_graph *old = r->old;

    for (size_t i = 0; i < old->output_count; i++)
        if (!old->outputs[i].training_only)
            r->needed[old->outputs[i].node] = 1;
    r->needed[old->node_count - 1] = 1;
    for (size_t i = old->node_count - 1; i > 0; i--)
        for (size_t k = 0; r->needed[i] && k < old->nodes[i].input_count; k++)
            r->needed[old->nodes[i].inputs[k]] = 1;
}

medtl_status medtl_plan_rewrite(const medtl_network *network, medtl_plan *plan, medtl_made *made,
                                medtl_error *err)
{
    const medtl_graph *old = &network->graph;
    size_t *maps = calloc(5 * old->node_count, sizeof *maps);
    medtl_rewrite r = {.old = old, .plan = plan, .made = made, .renamed = maps};

    if (maps == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a model's plan");
    r.delayed = maps + old->node_count;
    r.needed = maps + 2 * old->node_count;
    r.spread = maps + 3 * old->node_count;
    r.left = maps + 4 * old->node_count;
    find_needed(&r);
    (void)medtl_graph_input(&plan->graph, old->nodes[0].shape);
    if (plan->graph.status == MEDTL_OK)
        plan->graph.status = grow_convs(&r);
    for (size_t i = 1; i < old->node_count && plan->graph.status == MEDTL_OK; i++)
        if (r.needed[i])
            rewrite_node(&r, i);
    for (size_t i = 0; i < old->output_count; i++)
        if (!old->outputs[i].training_only)
            medtl_graph_name_output(&plan->graph, r.renamed[old->outputs[i].node],
                                    old->outputs[i].name, false);
    free(maps);
    return medtl_graph_finish(&plan->graph, err);
}
