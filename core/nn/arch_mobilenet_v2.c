/* MobileNetV2 (Sandler et al. 2018): inverted residual blocks of depthwise convolutions. Three forms of one
 * network: torchvision's; that of Keras' published weights, with other names and TensorFlow's padding of stride 2
 * (none before, one behind); and the latter as it is shipped for inference, its batch norms folded away. Width 32,
 * that of the first convolution, is the published one. */
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
    bool keras, norms;
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

/* Convolution `name` and, unless they are folded, its batch norm `norm`. */
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
                                        .bias = !b->norms};

    x = medtl_graph_conv(b->graph, x, options, "%s", name);
    return b->norms ? medtl_graph_batch_norm(b->graph, x, "%s", norm) : x;
}

/* Part `part` of the present block: expand, depthwise, project. */
static size_t block_conv(const builder *b, size_t x, size_t channels, size_t stride, size_t filters,
                         const char *part, int number)
{
    const bool last = part[0] == 'p';
    char block[32], name[48], norm[48];

    if (b->keras) {
        snprintf(block, sizeof block, b->block == 0 ? "expanded_conv" : "block_%d", b->block);
        snprintf(name, sizeof name, "%s.%s", block, part);
        snprintf(norm, sizeof norm, "%s.%s_BN", block, part);
    } else {
        snprintf(block, sizeof block, "features.%d.conv", b->block + 1);
        snprintf(name, sizeof name, "%s.%d%s", block, number, last ? "" : ".0");
        snprintf(norm, sizeof norm, "%s.%d%s", block, last ? number + 1 : number, last ? "" : ".1");
    }
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
static void build(medtl_graph *g, const medtl_network_spec *spec, bool keras, bool norms)
{
    builder b = {.graph = g, .keras = keras, .norms = norms, .width = spec->width};
    const size_t last = spec->width > BASE ? scaled(LAST, spec->width) : LAST;
    size_t x = conv(&b, 0, scaled(BASE, b.width), 3, 2, 1, keras ? "Conv1" : "features.0.0",
                    keras ? "bn_Conv1" : "features.0.1");

    x = medtl_graph_relu6(g, x);
    for (size_t i = 0; i < GROUPS; i++) {
        g->stage++;
        for (size_t k = 0; k < groups[i].blocks && g->status == MEDTL_OK; k++, b.block++)
            x = block(&b, x, groups[i].expansion, scaled(groups[i].channels, b.width),
                      k == 0 ? groups[i].stride : 1);
    }
    x = conv(&b, x, last, 1, 1, 1, keras ? "Conv_1" : "features.18.0",
             keras ? "Conv_1_bn" : "features.18.1");
    x = medtl_graph_global_avg_pool(g, medtl_graph_relu6(g, x));
    g->deviation = 0.01f;
    g->linear_weight_initialiser = MEDTL_INIT_NORMAL;
    g->linear_bias_initialiser = MEDTL_INIT_ZERO;
    medtl_graph_heads(g, x, spec, keras ? "predictions" : "classifier.1");
}

void medtl_build_mobilenet_v2(medtl_graph *graph, const medtl_network_spec *spec)
{
    build(graph, spec, false, true);
}

void medtl_build_mobilenet_v2_keras(medtl_graph *graph, const medtl_network_spec *spec)
{
    build(graph, spec, true, false);
}

void medtl_build_mobilenet_v2_keras_bn(medtl_graph *graph, const medtl_network_spec *spec)
{
    build(graph, spec, true, true);
}
