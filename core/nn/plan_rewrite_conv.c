/* Convolutions of a plan: which algorithm, which of them share their input's transform, and additions that they do. */
#include "plan_rewrite_parts.h"

#include <stdlib.h>

static bool set_conv(medtl_rewrite *r, size_t made, const medtl_blocked_conv *conv)
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
static size_t append_conv(medtl_rewrite *r, size_t index)
{
    medtl_node node = r->old->nodes[index];
    medtl_made made = {.parts = {{index, MEDTL_NO_NODE}}, .part_count = 1, .origin = index};
    const size_t norm = node.inputs[0], pool = medtl_rewrite_pool_first(r, index);
    const size_t x = pool != MEDTL_NO_NODE ? medtl_rewrite_pool_before(r, index) : r->renamed[norm];
    const bool plain = medtl_rewrite_made(r, x)->shape.channels % MEDTL_BLOCK != 0;
    medtl_blocked_conv conv;
    size_t added;

    if (pool != MEDTL_NO_NODE) {
        node.u.conv.height_in = node.u.conv.height_out = r->old->nodes[pool].shape.height;
        node.u.conv.width_in = node.u.conv.width_out = r->old->nodes[pool].shape.width;
    }
    node.parameter_count = 2; /* what is folded in leaves a bias */
    node.blocked = medtl_blocked_choose(&node.u.conv, NULL, 1, plain, &conv);
    node.inputs[0] = medtl_rewrite_convert(r, x, node.blocked && !plain);
    if (pool == MEDTL_NO_NODE && r->left[norm] &&
        medtl_blocked_take_norm(&conv, r->old->nodes[norm].relu))
        made.input_norm = norm;
    added = medtl_rewrite_append(r, &node, &made);
    if (node.blocked && added != 0)
        (void)set_conv(r, added, &conv);
    return added;
}

/* Parallel convolutions: of the same input, each with a norm behind it, joined next to one another. */
typedef struct siblings {
    size_t convs[MEDTL_CONV_MOST_PARTS], count;
} siblings;

/* The convolution whose norm is input k of a concatenation, if nobody else reads either; else 0. */
static size_t conv_behind(const medtl_rewrite *r, const medtl_node *concat, size_t k)
{
    const size_t norm = concat->inputs[k], conv = r->old->nodes[norm].inputs[0];

    if (r->old->nodes[norm].ops != &medtl_node_batch_norm || !medtl_rewrite_folds(r, norm, conv) ||
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
static siblings siblings_of(const medtl_rewrite *r, size_t index)
{
    const size_t norm = medtl_graph_last_reader(r->old, index);
    const size_t join = medtl_graph_last_reader(r->old, norm);
    const medtl_node *concat = &r->old->nodes[join];
    siblings s = {{index}, 1};
    size_t k = 0;

    if (!medtl_rewrite_folds(r, norm, index) || concat->ops != &medtl_node_concat)
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
static bool append_shared(medtl_rewrite *r, const siblings *s)
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
    if (medtl_rewrite_made(r, x)->shape.channels % MEDTL_BLOCK != 0 ||
        !medtl_blocked_choose(&node.u.conv, parts, s->count, false, &conv))
        return false;
    node.inputs[0] = medtl_rewrite_convert(r, x, true);
    node.parameter_count = 2;
    node.blocked = true;
    added = medtl_rewrite_append(r, &node, &made);
    for (size_t i = 0; i < s->count; i++)
        r->renamed[s->convs[i]] = added;
    return added == 0 || set_conv(r, added, &conv);
}

void medtl_rewrite_conv(medtl_rewrite *r, size_t index)
{
    if (r->renamed[index] != MEDTL_NO_NODE)
        return; /* done with a sibling */
    for (siblings s = siblings_of(r, index); s.count > 1; s.count--)
        if (append_shared(r, &s))
            return;
    r->renamed[index] = append_conv(r, index);
}

bool medtl_rewrite_fuse_addition(medtl_rewrite *r, const medtl_node *node, size_t index)
{
    const size_t a = r->renamed[node->inputs[0]], b = r->renamed[node->inputs[1]];
    const size_t last = a > b ? a : b, other = a > b ? b : a;
    const size_t old = a > b ? node->inputs[0] : node->inputs[1];
    medtl_node *conv = medtl_rewrite_made(r, last);

    if (!medtl_plan_is_conv(conv) || conv->relu || conv->input_count > 1 ||
        conv->blocked != medtl_rewrite_made(r, other)->blocked ||
        medtl_graph_reader_count(r->old, old) != 1)
        return false;
    conv->inputs[conv->input_count++] = other;
    conv->relu = node->relu;
    r->renamed[index] = last;
    return true;
}
