#include "naive_network.h"

#include <math.h>
#include <stdlib.h>

typedef struct pass {
    const medtl_network *network;
    const naive_move *move;
    size_t count;
    bool training;
    double **values; /* of each node, [count][c][h][w] */
} pass;

static const medtl_node *node_at(const pass *p, size_t i) { return &p->network->graph.nodes[i]; }

/* Value i of the k-th parameter of a node. */
static double parameter(const pass *p, const medtl_node *node, size_t k, size_t i)
{
    const size_t index = node->parameters[k];
    const double value = (double)p->network->parameters[index].value[i];

    if (p->move != NULL && p->move->index == index)
        return value + p->move->step * p->move->direction[i];
    return value;
}

static double at(const double *values, medtl_shape s, size_t n, size_t c, size_t h, size_t w)
{
    return values[((n * s.channels + c) * s.height + h) * s.width + w];
}

static double conv_at(const pass *p, const medtl_node *node, size_t n, size_t k, size_t oh,
                      size_t ow)
{
    const medtl_conv_shape *s = &node->u.conv;
    const medtl_shape in = node_at(p, node->inputs[0])->shape;
    const size_t part = s->channels_in / s->groups,
                 first = k / (s->channels_out / s->groups) * part;
    double sum = node->parameter_count > 1 ? parameter(p, node, 1, k) : 0.0;

    for (size_t c = 0; c < part; c++)
        for (size_t kh = 0; kh < s->kernel_h; kh++)
            for (size_t kw = 0; kw < s->kernel_w; kw++) {
                const size_t h = oh * s->stride_h + kh * s->dilation_h - s->pad_top;
                const size_t w = ow * s->stride_w + kw * s->dilation_w - s->pad_left;

                if (h < in.height && w < in.width)
                    sum += parameter(p, node, 0,
                                     ((k * part + c) * s->kernel_h + kh) * s->kernel_w + kw) *
                           at(p->values[node->inputs[0]], in, n, first + c, h, w);
            }
    return sum;
}

static double max_pool_at(const pass *p, const medtl_node *node, size_t n, size_t c, size_t oh,
                          size_t ow)
{
    const medtl_shape in = node_at(p, node->inputs[0])->shape;
    double best = -INFINITY;

    for (size_t kh = 0; kh < node->u.pool.kernel; kh++)
        for (size_t kw = 0; kw < node->u.pool.kernel; kw++) {
            const size_t h = oh * node->u.pool.stride + kh - node->u.pool.pad;
            const size_t w = ow * node->u.pool.stride + kw - node->u.pool.pad;

            if (h < in.height && w < in.width)
                best = fmax(best, at(p->values[node->inputs[0]], in, n, c, h, w));
        }
    return best;
}

/* Mean and variance of channel c over the batch, or the running ones. */
static void moments(const pass *p, const medtl_node *node, size_t c, double *mean, double *variance)
{
    const medtl_shape s = node->shape;
    const double *x = p->values[node->inputs[0]];
    const double values = (double)(p->count * s.height * s.width);

    *mean = p->training ? 0.0 : parameter(p, node, 2, c);
    *variance = p->training ? 0.0 : parameter(p, node, 3, c);
    if (!p->training)
        return;
    for (size_t n = 0; n < p->count; n++)
        for (size_t h = 0; h < s.height; h++)
            for (size_t w = 0; w < s.width; w++)
                *mean += at(x, s, n, c, h, w) / values;
    for (size_t n = 0; n < p->count; n++)
        for (size_t h = 0; h < s.height; h++)
            for (size_t w = 0; w < s.width; w++)
                *variance += pow(at(x, s, n, c, h, w) - *mean, 2.0) / values;
}

static double avg_pool_at(const pass *p, const medtl_node *node, size_t n, size_t c, size_t oh,
                          size_t ow)
{
    const medtl_shape in = node_at(p, node->inputs[0])->shape;
    const size_t kernel = node->u.pool.kernel;
    double sum = 0.0, inside = 0.0;

    for (size_t kh = 0; kh < kernel; kh++)
        for (size_t kw = 0; kw < kernel; kw++) {
            const size_t h = oh * node->u.pool.stride + kh - node->u.pool.pad;
            const size_t w = ow * node->u.pool.stride + kw - node->u.pool.pad;

            if (h < in.height && w < in.width) {
                sum += at(p->values[node->inputs[0]], in, n, c, h, w);
                inside += 1.0;
            }
        }
    return sum / (node->u.pool.count_pad ? (double)(kernel * kernel) : inside);
}

static double subsample_at(const pass *p, const medtl_node *node, size_t n, size_t c, size_t h,
                           size_t w)
{
    const medtl_shape in = node_at(p, node->inputs[0])->shape;
    const size_t from = c - node->u.subsample.before, stride = node->u.subsample.stride;

    return from < in.channels ? at(p->values[node->inputs[0]], in, n, from, h * stride, w * stride)
                              : 0.0;
}

static double average_at(const pass *p, const medtl_node *node, size_t n, size_t c)
{
    const medtl_shape in = node_at(p, node->inputs[0])->shape;
    double sum = 0.0;

    for (size_t h = 0; h < in.height; h++)
        for (size_t w = 0; w < in.width; w++)
            sum += at(p->values[node->inputs[0]], in, n, c, h, w);
    return sum / (double)(in.height * in.width);
}

static double linear_at(const pass *p, const medtl_node *node, size_t n, size_t k)
{
    const size_t inputs = medtl_shape_size(node_at(p, node->inputs[0])->shape);
    double sum = parameter(p, node, 1, k);

    for (size_t i = 0; i < inputs; i++)
        sum += parameter(p, node, 0, k * inputs + i) * p->values[node->inputs[0]][n * inputs + i];
    return sum;
}

static double concat_at(const pass *p, const medtl_node *node, size_t n, size_t c, size_t h,
                        size_t w)
{
    size_t k = 0;

    while (c >= node_at(p, node->inputs[k])->shape.channels)
        c -= node_at(p, node->inputs[k++])->shape.channels;
    return at(p->values[node->inputs[k]], node_at(p, node->inputs[k])->shape, n, c, h, w);
}

static double norm_at(const pass *p, const medtl_node *node, double x, size_t c, double mean,
                      double variance)
{
    return (x - mean) / sqrt(variance + (double)node->u.norm.epsilon) * parameter(p, node, 0, c) +
           parameter(p, node, 1, c);
}

static double adaptive_at(const pass *p, const medtl_node *node, size_t n, size_t c, size_t oh,
                          size_t ow)
{
    const medtl_shape in = node_at(p, node->inputs[0])->shape, out = node->shape;
    double sum = 0.0, values = 0.0;

    /* Pixel i lies in window o where o * size / n < i + 1 and i < (o + 1) * size / n. */
    for (size_t h = 0; h < in.height; h++)
        for (size_t w = 0; w < in.width; w++)
            if (oh * in.height < (h + 1) * out.height && h * out.height < (oh + 1) * in.height &&
                ow * in.width < (w + 1) * out.width && w * out.width < (ow + 1) * in.width) {
                sum += at(p->values[node->inputs[0]], in, n, c, h, w);
                values += 1.0;
            }
    return sum / values;
}

static double largest_at(const pass *p, const medtl_node *node, size_t n, size_t c)
{
    const medtl_shape in = node_at(p, node->inputs[0])->shape;
    double best = -INFINITY;

    for (size_t h = 0; h < in.height; h++)
        for (size_t w = 0; w < in.width; w++)
            best = fmax(best, at(p->values[node->inputs[0]], in, n, c, h, w));
    return best;
}

/* Bilinear: the sum over all pixels with weights max(0, 1 - distance), edges repeated. */
static double upsample_at(const pass *p, const medtl_node *node, size_t n, size_t c, size_t oh,
                          size_t ow)
{
    const medtl_shape in = node_at(p, node->inputs[0])->shape;
    const double scale = (double)node->u.upsample.scale;
    const double h = fmin(fmax(((double)oh + 0.5) / scale - 0.5, 0.0), (double)in.height - 1.0);
    const double w = fmin(fmax(((double)ow + 0.5) / scale - 0.5, 0.0), (double)in.width - 1.0);
    const double *x = p->values[node->inputs[0]];
    double sum = 0.0;

    if (!node->u.upsample.bilinear)
        return at(x, in, n, c, oh / node->u.upsample.scale, ow / node->u.upsample.scale);
    for (size_t i = 0; i < in.height; i++)
        for (size_t k = 0; k < in.width; k++)
            sum += fmax(0.0, 1.0 - fabs((double)i - h)) * fmax(0.0, 1.0 - fabs((double)k - w)) *
                   at(x, in, n, c, i, k);
    return sum;
}

/* Over the channels of a pixel: normalised by layer, or by softmax. */
static double channels_at(const pass *p, const medtl_node *node, size_t n, size_t c, size_t h,
                          size_t w)
{
    const medtl_shape s = node->shape;
    const double *x = p->values[node->inputs[0]], channels = (double)s.channels;
    double mean = 0.0, variance = 0.0, exponentials = 0.0;

    for (size_t k = 0; k < s.channels; k++) {
        mean += at(x, s, n, k, h, w) / channels;
        exponentials += exp(at(x, s, n, k, h, w));
    }
    if (node->ops == &medtl_node_softmax)
        return exp(at(x, s, n, c, h, w)) / exponentials;
    for (size_t k = 0; k < s.channels; k++)
        variance += pow(at(x, s, n, k, h, w) - mean, 2.0) / channels;
    return (at(x, s, n, c, h, w) - mean) / sqrt(variance + (double)node->u.norm.epsilon) *
               parameter(p, node, 0, c) +
           parameter(p, node, 1, c);
}

/* Tokens as pixels i and j of [q, k, v][head][depth][pixel]. */
static double attention_at(const pass *p, const medtl_node *node, size_t n, size_t c, size_t i)
{
    const size_t tokens = medtl_shape_plane(node->shape), channels = node->shape.channels;
    const size_t depth = channels / node->u.attention.heads, first = c / depth * depth;
    const double *q = p->values[node->inputs[0]] + n * 3 * channels * tokens;
    const double *k = q + channels * tokens, *v = k + channels * tokens;
    double sum = 0.0, weights = 0.0;

    for (size_t j = 0; j < tokens; j++) {
        double score = 0.0;

        for (size_t d = first; d < first + depth; d++)
            score += q[d * tokens + i] * k[d * tokens + j] / sqrt((double)depth);
        sum += exp(score) * v[c * tokens + j];
        weights += exp(score);
    }
    return sum / weights;
}

static double class_token_at(const pass *p, const medtl_node *node, size_t n, size_t c, size_t i)
{
    const size_t pixels = node->shape.width - 1, channels = node->shape.channels;
    const double *x = p->values[node->inputs[0]] + (n * channels + c) * pixels;

    return (i == 0 ? parameter(p, node, 0, c) : x[i - 1]) + parameter(p, node, 1, i * channels + c);
}

/* The kinds that are a function of one value. */
static double function_at(const medtl_node *node, double x)
{
    if (node->ops == &medtl_node_relu6)
        return fmin(fmax(x, 0.0), 6.0);
    if (node->ops == &medtl_node_sigmoid)
        return 1.0 / (1.0 + exp(-x));
    if (node->ops == &medtl_node_silu)
        return x / (1.0 + exp(-x));
    if (node->ops == &medtl_node_gelu)
        return x * erfc(-x / sqrt(2.0)) / 2.0;
    return x; /* relu, dropout */
}

/* Kinds that need no more than the place of the value. */
static double value_at(const pass *p, const medtl_node *node, size_t n, size_t c, size_t h,
                       size_t w)
{
    const size_t i =
        ((n * node->shape.channels + c) * node->shape.height + h) * node->shape.width + w;
    const double *x = p->values[node->inputs[0]];

    if (node->ops == &medtl_node_conv)
        return conv_at(p, node, n, c, h, w);
    if (node->ops == &medtl_node_max_pool)
        return max_pool_at(p, node, n, c, h, w);
    if (node->ops == &medtl_node_avg_pool)
        return avg_pool_at(p, node, n, c, h, w);
    if (node->ops == &medtl_node_global_avg_pool)
        return average_at(p, node, n, c);
    if (node->ops == &medtl_node_linear)
        return linear_at(p, node, n, c);
    if (node->ops == &medtl_node_concat)
        return concat_at(p, node, n, c, h, w);
    if (node->ops == &medtl_node_subsample)
        return subsample_at(p, node, n, c, h, w);
    if (node->ops == &medtl_node_add)
        return x[i] + p->values[node->inputs[1]][i];
    if (node->ops == &medtl_node_adaptive_avg_pool)
        return adaptive_at(p, node, n, c, h, w);
    if (node->ops == &medtl_node_global_max_pool)
        return largest_at(p, node, n, c);
    if (node->ops == &medtl_node_upsample)
        return upsample_at(p, node, n, c, h, w);
    if (node->ops == &medtl_node_layer_norm || node->ops == &medtl_node_softmax)
        return channels_at(p, node, n, c, h, w);
    if (node->ops == &medtl_node_attention)
        return attention_at(p, node, n, c, h * node->shape.width + w);
    if (node->ops == &medtl_node_class_token)
        return class_token_at(p, node, n, c, w);
    if (node->ops == &medtl_node_pick) {
        const size_t pixels = medtl_shape_plane(node_at(p, node->inputs[0])->shape);

        return x[(n * node->shape.channels + c) * pixels + node->u.pick.pixel];
    }
    return function_at(node, x[i]);
}

static void run_channel(const pass *p, const medtl_node *node, size_t c, double *y)
{
    const medtl_shape s = node->shape;
    double mean = 0.0, variance = 0.0;

    if (node->ops == &medtl_node_batch_norm)
        moments(p, node, c, &mean, &variance);
    for (size_t n = 0; n < p->count; n++)
        for (size_t h = 0; h < s.height; h++)
            for (size_t w = 0; w < s.width; w++) {
                const size_t i = ((n * s.channels + c) * s.height + h) * s.width + w;
                const double v =
                    node->ops == &medtl_node_batch_norm
                        ? norm_at(p, node, p->values[node->inputs[0]][i], c, mean, variance)
                        : value_at(p, node, n, c, h, w);

                y[i] = node->relu && v < 0.0 ? 0.0 : v;
            }
}

double *naive_forward(const medtl_network *network, const float *input, size_t count, bool training,
                      const naive_move *move)
{
    const medtl_graph *graph = &network->graph;
    pass p = {network, move, count, training, calloc(graph->node_count, sizeof(double *))};
    double *logits;

    for (size_t i = 0; i < graph->node_count; i++) {
        const medtl_node *node = &graph->nodes[i];
        const size_t size = count * medtl_shape_size(node->shape);

        p.values[i] = calloc(size, sizeof(double));
        for (size_t k = 0; i == 0 && k < size; k++)
            p.values[i][k] = (double)input[k];
        for (size_t c = 0; i > 0 && c < node->shape.channels; c++)
            run_channel(&p, node, c, p.values[i]);
    }
    logits = p.values[graph->node_count - 1];
    for (size_t i = 0; i + 1 < graph->node_count; i++)
        free(p.values[i]);
    free(p.values);
    return logits;
}

double naive_derivative(const medtl_network *network, const float *input, size_t count,
                        const float *coefficients, size_t index, const double *direction)
{
    const double step = 1e-7; /* small enough that hardly a ReLU has its corner within it */
    naive_move move = {index, direction, step};
    const size_t logits = count * network->spec.classes;
    double *above = naive_forward(network, input, count, true, &move), *below;
    double difference = 0.0;

    move.step = -step;
    below = naive_forward(network, input, count, true, &move);
    for (size_t i = 0; i < logits; i++)
        difference += (double)coefficients[i] * (above[i] - below[i]);
    free(above);
    free(below);
    return difference / (2.0 * step);
}
