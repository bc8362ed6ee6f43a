/* Rewriting walks the network once and appends to the plan. Nodes are named by their index in the network's
 * graph unless they are called "made". */
#include "plan_rewrite.h"

#include <stdlib.h>
#include <string.h>

typedef struct rewrite {
    const medtl_graph *old;
    medtl_plan *plan;
    medtl_made *made; /* of each node of the plan */
    size_t *renamed;  /* node -> made node that computes it */
    size_t *delayed;  /* pool -> batch norm that moves behind it */
    size_t *needed;   /* by the results, directly or through others: 0 or 1 */
    size_t *spread;   /* batch norm -> 1: done by the inputs of the concatenation before it */
    size_t *left;     /* batch norm -> 1: done by the convolution that reads it */
} rewrite;

static medtl_node *made_node(const rewrite *r, size_t made) { return &r->plan->graph.nodes[made]; }

static bool is_pixel(const medtl_node *node) { return medtl_shape_plane(node->shape) == 1; }

static medtl_status grow_convs(rewrite *r)
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

static size_t append(rewrite *r, const medtl_node *prototype, const medtl_made *made)
{
    medtl_graph *g = &r->plan->graph;

    if (medtl_graph_append(g, prototype) == NULL)
        return 0;
    if ((g->status = grow_convs(r)) != MEDTL_OK)
        return 0;
    r->made[g->node_count - 1] = *made;
    return g->node_count - 1;
}

/* The same activation in the other layout, made when it is first wanted. */
static size_t converted(rewrite *r, size_t made, bool blocked)
{
    const medtl_node node = {.ops = blocked ? &medtl_node_block : &medtl_node_unblock,
                             .inputs = {made},
                             .input_count = 1,
                             .blocked = blocked};
    const medtl_made none = {0};

    if (made_node(r, made)->blocked == blocked || is_pixel(made_node(r, made)))
        return made;
    if (r->made[made].other == MEDTL_NO_NODE) {
        const size_t other = append(r, &node, &none);

        r->made[made].other = other;
        r->made[other].other = made;
    }
    return r->made[made].other;
}

static bool is_blocked(const rewrite *r, size_t made)
{
    const medtl_node *node = made_node(r, made);

    return node->shape.channels % MEDTL_BLOCK == 0 && (node->blocked || is_pixel(node));
}

/* Norms --------------------------------------------------------------------------------------------- */

/* Channels [first, first + ...) of `norm`, as a node of their own. */
static size_t append_affine(rewrite *r, size_t norm, size_t first, size_t input, bool relu)
{
    const medtl_node node = {.ops = &medtl_node_affine,
                             .inputs = {input},
                             .input_count = 1,
                             .relu = relu,
                             .blocked = made_node(r, input)->blocked};
    const medtl_made made = {.origin = norm, .norm = norm, .norm_first = first};

    return append(r, &node, &made);
}

/* A mean over pixels commutes with a scale and shift of the channel, and is cheaper first. */
static bool moves_behind_pool(const rewrite *r, size_t index)
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

static bool folds_into(const rewrite *r, size_t norm, size_t conv)
{
    return medtl_plan_is_conv(&r->old->nodes[conv]) &&
           r->old->nodes[norm].ops == &medtl_node_batch_norm && !r->old->nodes[conv].relu &&
           medtl_graph_reader_count(r->old, conv) == 1;
}

/* May the 1x1 convolution that alone reads a norm do it as it reads? */
static bool is_left_to_reader(const rewrite *r, size_t index)
{
    const medtl_node *norm = &r->old->nodes[index];
    const medtl_node *reader = &r->old->nodes[medtl_graph_last_reader(r->old, index)];
    medtl_blocked_conv conv;

    return medtl_graph_reader_count(r->old, index) == 1 && medtl_plan_is_conv(reader) &&
           reader->u.conv.channels_in % MEDTL_BLOCK == 0 &&
           medtl_blocked_choose(&reader->u.conv, NULL, 1, false, &conv) &&
           medtl_blocked_take_norm(&conv, norm->relu);
}

static void rewrite_norm(rewrite *r, size_t index)
{
    const medtl_node *node = &r->old->nodes[index];
    const size_t input = node->inputs[0], made = r->renamed[input];

    if (r->spread[index]) {
        r->renamed[index] = made;
    } else if (folds_into(r, index, input)) {
        made_node(r, made)->relu = node->relu;
        part_of(&r->made[made], input)->norm = index;
        r->renamed[index] = made;
    } else if (moves_behind_pool(r, index)) {
        r->delayed[medtl_graph_last_reader(r->old, index)] = index;
        r->renamed[index] = made;
    } else if (is_left_to_reader(r, index)) {
        r->left[index] = 1;
        r->renamed[index] = made;
    } else {
        r->renamed[index] = append_affine(r, index, 0, made, node->relu);
    }
}

/* Convolutions --------------------------------------------------------------------------------------- */

static bool set_conv(rewrite *r, size_t made, const medtl_blocked_conv *conv)
{
    medtl_blocked_conv *own = malloc(sizeof *own);

    if (own == NULL) {
        r->plan->graph.status =
            medtl_fail(&r->plan->graph.error, MEDTL_E_MEMORY, "out of memory for a model's plan");
        return false;
    }
    *own = *conv;
    r->plan->convs[made] = own;
    return true;
}

/* Append convolution `index`, on blocks where that can be done, else on plain arrays. */
static size_t append_conv(rewrite *r, size_t index)
{
    medtl_node node = r->old->nodes[index];
    medtl_made made = {.parts = {{index, MEDTL_NO_NODE}}, .part_count = 1, .origin = index};
    const size_t norm = node.inputs[0], x = r->renamed[norm];
    const bool plain = made_node(r, x)->shape.channels % MEDTL_BLOCK != 0;
    medtl_blocked_conv conv;
    size_t added;

    node.parameter_count = 2; /* what is folded in leaves a bias */
    node.blocked = medtl_blocked_choose(&node.u.conv, NULL, 1, plain, &conv);
    node.inputs[0] = converted(r, x, node.blocked && !plain);
    if (r->left[norm] && medtl_blocked_take_norm(&conv, r->old->nodes[norm].relu))
        made.input_norm = norm;
    added = append(r, &node, &made);
    if (node.blocked && added != 0)
        (void)set_conv(r, added, &conv);
    return added;
}

/* Parallel convolutions: of the same input, each with a norm behind it, joined next to one another. */
typedef struct siblings {
    size_t convs[MEDTL_CONV_MOST_PARTS], count;
} siblings;

/* The convolution whose norm is input k of a concatenation, if nobody else reads either; else 0. */
static size_t conv_behind(const rewrite *r, const medtl_node *concat, size_t k)
{
    const size_t norm = concat->inputs[k], conv = r->old->nodes[norm].inputs[0];

    if (r->old->nodes[norm].ops != &medtl_node_batch_norm || !folds_into(r, norm, conv) ||
        medtl_graph_reader_count(r->old, norm) != 1)
        return MEDTL_NO_NODE;
    return conv;
}

/* Phases of a stride are dear to transform, so kernels over the same ones share them. */
static bool may_share(const medtl_node *a, const medtl_node *b)
{
    const medtl_conv_shape *s = &a->u.conv, *t = &b->u.conv;

    return a->inputs[0] == b->inputs[0] && a->relu == b->relu && s->stride_h == 2 &&
           s->stride_w == 2 && t->stride_h == 2 && t->stride_w == 2 && s->kernel_h > 1 &&
           s->kernel_h == s->kernel_w && t->kernel_h == t->kernel_w && t->kernel_h > s->kernel_h &&
           (t->kernel_h - s->kernel_h) % 2 == 0 && s->dilation_h == 1 && t->dilation_h == 1 &&
           s->dilation_w == 1 && t->dilation_w == 1 && s->groups == 1 && t->groups == 1 &&
           t->pad_top - s->pad_top == (t->kernel_h - s->kernel_h) / 2 &&
           t->pad_left - s->pad_left == (t->kernel_w - s->kernel_w) / 2 &&
           s->channels_out % MEDTL_BLOCK == 0 && t->channels_out % MEDTL_BLOCK == 0 &&
           s->height_out == t->height_out && s->width_out == t->width_out;
}

/* Convolution `index` and those that follow it in the concatenation and may share its input's transform. */
static siblings siblings_of(const rewrite *r, size_t index)
{
    const size_t norm = medtl_graph_last_reader(r->old, index);
    const size_t join = medtl_graph_last_reader(r->old, norm);
    const medtl_node *concat = &r->old->nodes[join];
    siblings s = {{index}, 1};
    size_t k = 0;

    if (!folds_into(r, norm, index) || concat->ops != &medtl_node_concat)
        return s;
    while (k < concat->input_count && concat->inputs[k] != norm)
        k++;
    for (k++; k < concat->input_count && s.count < MEDTL_CONV_MOST_PARTS; k++) {
        const size_t conv = conv_behind(r, concat, k), last = s.convs[s.count - 1];

        if (conv == MEDTL_NO_NODE || conv <= last ||
            r->old->nodes[concat->inputs[k]].relu != r->old->nodes[norm].relu ||
            !may_share(&r->old->nodes[last], &r->old->nodes[conv]))
            break;
        s.convs[s.count++] = conv;
    }
    return s;
}

/* One convolution of several parts. @return false if they had better stay apart. */
static bool append_shared(rewrite *r, const siblings *s)
{
    const medtl_node *last = &r->old->nodes[s->convs[s->count - 1]];
    medtl_node node = *last;
    medtl_blocked_part parts[MEDTL_CONV_MOST_PARTS];
    medtl_made made = {.origin = s->convs[0]};
    medtl_blocked_conv conv;
    const size_t x = r->renamed[last->inputs[0]];
    size_t added;

    node.u.conv.channels_out = 0;
    for (size_t i = 0; i < s->count; i++) {
        const medtl_conv_shape *shape = &r->old->nodes[s->convs[i]].u.conv;

        parts[i] = (medtl_blocked_part){shape->channels_out, shape->kernel_h, shape->kernel_w};
        node.u.conv.channels_out += shape->channels_out;
        made.parts[made.part_count++] = (medtl_made_part){s->convs[i], MEDTL_NO_NODE};
    }
    if (made_node(r, x)->shape.channels % MEDTL_BLOCK != 0 ||
        !medtl_blocked_choose(&node.u.conv, parts, s->count, false, &conv))
        return false;
    node.inputs[0] = converted(r, x, true);
    node.parameter_count = 2;
    node.blocked = true;
    added = append(r, &node, &made);
    for (size_t i = 0; i < s->count; i++)
        r->renamed[s->convs[i]] = added;
    return added == 0 || set_conv(r, added, &conv);
}

static void rewrite_conv(rewrite *r, size_t index)
{
    if (r->renamed[index] != MEDTL_NO_NODE)
        return; /* done with a sibling */
    for (siblings s = siblings_of(r, index); s.count > 1; s.count--)
        if (append_shared(r, &s))
            return;
    r->renamed[index] = append_conv(r, index);
}

/* The input that is computed last takes the other in as it writes, if it is a convolution that nobody
 * else reads. @return false if neither does. */
static bool fuse_addition(rewrite *r, const medtl_node *node, size_t index)
{
    const size_t a = r->renamed[node->inputs[0]], b = r->renamed[node->inputs[1]];
    const size_t last = a > b ? a : b, other = a > b ? b : a;
    const size_t old = a > b ? node->inputs[0] : node->inputs[1];
    medtl_node *conv = made_node(r, last);

    if (!medtl_plan_is_conv(conv) || conv->relu || conv->input_count > 1 ||
        conv->blocked != made_node(r, other)->blocked || medtl_graph_reader_count(r->old, old) != 1)
        return false;
    conv->inputs[conv->input_count++] = other;
    conv->relu = node->relu;
    r->renamed[index] = last;
    return true;
}

/* Concatenations ------------------------------------------------------------------------------------- */

/* The norm that alone reads a concatenation, if its work can be done before. */
static size_t norm_to_spread(const rewrite *r, size_t concat)
{
    const size_t norm = medtl_graph_last_reader(r->old, concat);

    if (medtl_graph_reader_count(r->old, concat) != 1 ||
        r->old->nodes[norm].ops != &medtl_node_batch_norm || r->old->nodes[norm].relu ||
        moves_behind_pool(r, norm))
        return MEDTL_NO_NODE;
    return norm;
}

/* May a convolution on blocks scale and shift its outputs last? */
static bool may_scale(const rewrite *r, size_t made, size_t index)
{
    return r->plan->convs[made] != NULL && r->made[made].norm == MEDTL_NO_NODE &&
           medtl_graph_reader_count(r->old, index) == 1;
}

/* Give `norm` to the inputs: convolutions do it as they write, the others are copied through it, which the
 * concatenation would have done anyway. @return whether any convolution took it. */
static bool spread_norm(rewrite *r, size_t norm, const size_t *indices, size_t *inputs,
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
        first += made_node(r, last)->shape.channels;
    }
    return any;
}

static void rewrite_concat(rewrite *r, size_t index)
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
        node.inputs[k] = converted(r, node.inputs[k], blocked);
    r->renamed[index] = append(r, &node, &made);
}

/* ---------------------------------------------------------------------------------------------------- */

/* Any other kind: on blocks if it can and all it reads is. */
static void rewrite_other(rewrite *r, size_t index)
{
    const medtl_node *old = &r->old->nodes[index];
    const medtl_made made = {.origin = index};
    medtl_node node = *old;
    bool any = false;

    node.blocked = old->ops->takes_blocked && old->shape.channels % MEDTL_BLOCK == 0;
    for (size_t k = 0; k < node.input_count; k++) {
        const size_t x = r->renamed[old->inputs[k]];

        node.blocked = node.blocked && is_blocked(r, x);
        any = any || made_node(r, x)->blocked;
    }
    node.blocked = node.blocked && any;
    for (size_t k = 0; k < node.input_count; k++)
        node.inputs[k] = converted(r, r->renamed[old->inputs[k]], node.blocked);
    r->renamed[index] = append(r, &node, &made);
}

static void rewrite_node(rewrite *r, size_t index)
{
    const medtl_node *old = &r->old->nodes[index];

    if (old->ops == &medtl_node_batch_norm)
        rewrite_norm(r, index);
    else if (old->ops == &medtl_node_dropout)
        r->renamed[index] = r->renamed[old->inputs[0]];
    else if (old->ops == &medtl_node_conv)
        rewrite_conv(r, index);
    else if (old->ops == &medtl_node_concat)
        rewrite_concat(r, index);
    else if (old->ops != &medtl_node_add || !fuse_addition(r, old, index))
        rewrite_other(r, index);
    if (r->delayed[index] != MEDTL_NO_NODE)
        r->renamed[index] = append_affine(r, r->delayed[index], 0, r->renamed[index], false);
    if (medtl_graph_is_output(r->old, index) || index + 1 == r->old->node_count)
        r->renamed[index] = converted(r, r->renamed[index], false);
}

/* What only training wants is left out. */
static void find_needed(rewrite *r)
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
    rewrite r = {.old = old, .plan = plan, .made = made, .renamed = maps};

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
