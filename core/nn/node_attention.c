/* Multi-head self-attention (Vaswani et al. 2017) between queries, keys and values: x is their concatenation
 * [3 * channels][tokens] (tokens laid out as pixels; q, then k, then v, each head after head, as timm's), y is
 * [channels][tokens]. One row of weights is in memory at a time: backward computes them again. */
#include "graph.h"
#include "node_parts.h"

#include <math.h>

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    const size_t heads = node->u.attention.heads;

    if (heads == 0 || in[0].channels % (3 * heads) != 0)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "attention: %zu channels for %zu heads",
                          in[0].channels, heads);
    node->shape = (medtl_shape){in[0].channels / 3, in[0].height, in[0].width};
    return MEDTL_OK;
}

/* Two rows: weights, and their gradient. */
static size_t scratch_size(const medtl_node *node, bool training)
{
    return (training ? 2 : 1) * medtl_shape_plane(node->shape);
}

/* One head of one image. */
typedef struct head {
    size_t tokens, depth;
    float scale; /* 1 / sqrt(depth) */
    const float *q, *k, *v;
    size_t at; /* floats before it in q, k, v and y */
} head;

static head head_of(const medtl_node_run *run, size_t image, size_t index)
{
    const size_t plane = medtl_shape_plane(run->node->shape);
    head h = {.tokens = plane, .depth = run->node->shape.channels / run->node->u.attention.heads};

    h.scale = (float)(1.0 / sqrt((double)h.depth));
    h.at = index * h.depth * plane;
    h.q = medtl_image_of(run->x[0], image) + h.at;
    h.k = h.q + run->node->shape.channels * plane;
    h.v = h.k + run->node->shape.channels * plane;
    return h;
}

/* The weights that token i gives to each: softmax of scale * q_i . k_j. */
static void weigh(const head *h, size_t i, float *row)
{
    const medtl_loops *loops = medtl_loops_get();
    float largest = -INFINITY;
    double sum = 0.0;

    memset(row, 0, h->tokens * sizeof *row);
    for (size_t d = 0; d < h->depth; d++)
        loops->add_scaled(row, h->k + d * h->tokens, h->tokens, h->scale * h->q[d * h->tokens + i]);
    for (size_t j = 0; j < h->tokens; j++)
        largest = row[j] > largest ? row[j] : largest;
    for (size_t j = 0; j < h->tokens; j++) {
        row[j] = expf(row[j] - largest);
        sum += (double)row[j];
    }
    for (size_t j = 0; j < h->tokens; j++)
        row[j] *= (float)(1.0 / sum);
}

static void forward_head(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t heads = run->node->u.attention.heads, n = item / heads;
    const head h = head_of(run, n, item % heads);
    float *y = medtl_image_of(run->y, n) + h.at;
    float *row = run->scratch + worker * run->scratch_stride;

    for (size_t i = 0; i < h.tokens; i++) {
        weigh(&h, i, row);
        for (size_t d = 0; d < h.depth; d++)
            y[d * h.tokens + i] = (float)medtl_loops_get()->dot(row, h.v + d * h.tokens, h.tokens);
    }
}

static void forward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->count * run->node->u.attention.heads, forward_head, (void *)run);
}

/* Token i's part: into dq_i, every dk_j and every dv_j. */
static void backward_token(const head *h, size_t i, const float *dy, float *dq, float *row,
                           float *slope)
{
    const medtl_loops *loops = medtl_loops_get();
    const size_t tokens = h->tokens;
    float *dk = dq + (h->k - h->q), *dv = dq + (h->v - h->q), mean;

    weigh(h, i, row);
    memset(slope, 0, tokens * sizeof *slope);
    for (size_t d = 0; d < h->depth; d++) {
        loops->add_scaled(dv + d * tokens, row, tokens, dy[d * tokens + i]);
        loops->add_scaled(slope, h->v + d * tokens, tokens, dy[d * tokens + i]);
    }
    mean = (float)loops->dot(row, slope, tokens); /* softmax: only differences matter */
    for (size_t j = 0; j < tokens; j++)
        slope[j] = h->scale * row[j] * (slope[j] - mean);
    for (size_t d = 0; d < h->depth; d++) {
        dq[d * tokens + i] += (float)loops->dot(slope, h->k + d * tokens, tokens);
        loops->add_scaled(dk + d * tokens, slope, tokens, h->q[d * tokens + i]);
    }
}

static void backward_head(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t heads = run->node->u.attention.heads, n = item / heads;
    const head h = head_of(run, n, item % heads);
    const float *dy = medtl_image_of(run->dy, n) + h.at;
    float *dq = medtl_image_of(run->dx[0], n) + h.at;
    float *row = run->scratch + worker * run->scratch_stride, *slope = row + h.tokens;
    const size_t size = h.depth * h.tokens;

    if (!run->add[0]) {
        memset(dq, 0, size * sizeof *dq);
        memset(dq + (h.k - h.q), 0, size * sizeof *dq);
        memset(dq + (h.v - h.q), 0, size * sizeof *dq);
    }
    for (size_t i = 0; i < h.tokens; i++)
        backward_token(&h, i, dy, dq, row, slope);
}

static void backward(const medtl_node_run *run)
{
    if (run->dx[0].data != NULL)
        medtl_pool_for(run->pool, run->count * run->node->u.attention.heads, backward_head,
                       (void *)run);
}

const medtl_node_ops medtl_node_attention = {.kind = "attention",
                                             .plan = plan,
                                             .scratch_size = scratch_size,
                                             .forward = forward,
                                             .backward = backward};

size_t medtl_graph_attention(medtl_graph *graph, size_t qkv, size_t heads)
{
    medtl_node node = {.ops = &medtl_node_attention, .inputs = {qkv}, .input_count = 1};

    node.u.attention.heads = heads;
    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}
