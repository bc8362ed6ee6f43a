/* MobileNetV2 (Sandler et al. 2018): inverted residual blocks of depthwise convolutions. Two forms of one
 * network: torchvision's, and that of Keras' published weights as they are shipped for inference, with batch norms
 * folded away, other names, and TensorFlow's padding of stride 2 (none before, one behind). Width 32, that of
 * the first convolution, is the published one. */
#include "architecture.h"

#include <stdio.h>

enum { BASE = 32, LAST = 1280, GRAIN = 8, GROUPS = 7 };

/* Expansion, channels, blocks and the first block's stride (table 2 of the paper). */
static const struct {
    size_t expansion, channels, blocks, stride;
} groups[GROUPS] = {
    {1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2},  {6, 64, 4, 2},
    {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
};

typedef struct builder {
    medtl_graph *graph;
    bool keras;
    size_t width;
    int block; /* number of the present one, from 0 */
} builder;

/* Channels at another width: the nearest multiple of 8, but not less than 90 % of what was asked. */
static size_t scaled(size_t channels, size_t width)
{
    const double exact = (double)channels * (double)width / BASE;
    size_t whole = (size_t)(exact + GRAIN / 2.0) / GRAIN * GRAIN;

    whole = whole < GRAIN ? GRAIN : whole;
    return (double)whole < 0.9 * exact ? whole + GRAIN : whole;
}

/* Convolution CONV and, in torchvision's form, its batch norm NORM. */
static size_t conv(const builder *b, size_t x, size_t channels, size_t kernel, size_t stride,
                   size_t filters, const char *name, const char *norm)
{
    const bool lopsided = b->keras && stride == 2;
    const medtl_conv_options options = {.channels = channels,
                                        .kernel = kernel,
                                        .stride = stride,
                                        .pad = lopsided ? 0 : kernel / 2,
                                        .pad_more = lopsided ? 1 : 0,
                                        .groups = filters,
                                        .bias = b->keras};

    x = medtl_graph_conv(b->graph, x, options, "%s", name);
    return b->keras ? x : medtl_graph_batch_norm(b->graph, x, "%s", norm);
}

/* Part `part` of the present block: expand, depthwise, project. */
static size_t block_conv(const builder *b, size_t x, size_t channels, size_t stride, size_t filters,
                         const char *part, int number)
{
    const bool last = part[0] == 'p';
    char name[48], norm[48];

    if (b->keras && b->block == 0)
        snprintf(name, sizeof name, "expanded_conv.%s", part);
    else if (b->keras)
        snprintf(name, sizeof name, "block_%d.%s", b->block, part);
    else
        snprintf(name, sizeof name, "features.%d.conv.%d%s", b->block + 1, number,
                 last ? "" : ".0");
    if (last)
        snprintf(norm, sizeof norm, "features.%d.conv.%d", b->block + 1, number + 1);
    else
        snprintf(norm, sizeof norm, "features.%d.conv.%d.1", b->block + 1, number);
    x = conv(b, x, channels, filters > 1 ? 3 : 1, stride, filters, name, norm);
    return last ? x : medtl_graph_relu6(b->graph, x);
}

static size_t block(const builder *b, size_t x, size_t expansion, size_t channels, size_t stride)
{
    const size_t in = b->graph->nodes[x].shape.channels, wide = expansion * in;
    int number = 0;
    size_t y = x;

    if (expansion > 1)
        y = block_conv(b, y, wide, 1, 1, "expand", number++);
    y = block_conv(b, y, wide, stride, wide, "depthwise", number++);
    y = block_conv(b, y, channels, 1, 1, "project", number);
    return stride == 1 && in == channels ? medtl_graph_add(b->graph, y, x) : y;
}

/* Stages: the first convolution, seven groups (the last with the last convolution), head. */
static void build(medtl_graph *g, const medtl_network_spec *spec, bool keras)
{
    builder b = {.graph = g, .keras = keras, .width = spec->width};
    const size_t last = spec->width > BASE ? scaled(LAST, spec->width) : LAST;
    size_t x = conv(&b, 0, scaled(BASE, b.width), 3, 2, 1, keras ? "Conv1" : "features.0.0",
                    "features.0.1");

    x = medtl_graph_relu6(g, x);
    for (size_t i = 0; i < GROUPS; i++) {
        g->stage++;
        for (size_t k = 0; k < groups[i].blocks && g->status == MEDTL_OK; k++, b.block++)
            x = block(&b, x, groups[i].expansion, scaled(groups[i].channels, b.width),
                      k == 0 ? groups[i].stride : 1);
    }
    x = conv(&b, x, last, 1, 1, 1, keras ? "Conv_1" : "features.18.0", "features.18.1");
    x = medtl_graph_global_avg_pool(g, medtl_graph_relu6(g, x));
    g->deviation = 0.01f;
    g->linear_weight_initialiser = MEDTL_INIT_NORMAL;
    g->linear_bias_initialiser = MEDTL_INIT_ZERO;
    medtl_graph_heads(g, x, spec, keras ? "predictions" : "classifier.1");
}

void medtl_build_mobilenet_v2(medtl_graph *graph, const medtl_network_spec *spec)
{
    build(graph, spec, false);
}

void medtl_build_mobilenet_v2_keras(medtl_graph *graph, const medtl_network_spec *spec)
{
    build(graph, spec, true);
}
