/* Residual networks (He et al. 2015) with torchvision's names; width 64 is the published one. The
 * bottleneck kind has its stride in the 3x3 convolution, as torchvision. The forms for small images (CIFAR's 32
 * pixels) begin with a 3x3 convolution and no pool; resnet20 has three layers, width 16, shortcuts without
 * parameters, and its last layer is called "linear". */
#include "architecture.h"

#include <stdio.h>

typedef struct resnet {
    size_t depths[4]; /* blocks in layer1 .. layer4; 0: there is no such layer */
    bool bottleneck;
    bool small_images;
    bool plain_shortcuts;
    const char *head;
} resnet;

enum { BOTTLENECK_EXPANSION = 4 };

static size_t conv(medtl_graph *g, size_t x, size_t channels, size_t kernel, size_t stride,
                   const char *block, int number)
{
    const medtl_conv_options options = {
        .channels = channels, .kernel = kernel, .stride = stride, .pad = kernel / 2};

    x = medtl_graph_conv(g, x, options, "%s.conv%d", block, number);
    return medtl_graph_batch_norm(g, x, "%s.bn%d", block, number);
}

static size_t shortcut(medtl_graph *g, const resnet *kind, size_t x, size_t channels, size_t stride,
                       const char *block)
{
    const medtl_conv_options options = {.channels = channels, .kernel = 1, .stride = stride};
    const size_t missing = channels - g->nodes[x].shape.channels;

    if (kind->plain_shortcuts)
        return medtl_graph_subsample(g, x,
                                     (medtl_subsample_options){stride, missing / 2, channels});
    x = medtl_graph_conv(g, x, options, "%s.downsample.0", block);
    return medtl_graph_batch_norm(g, x, "%s.downsample.1", block);
}

static size_t block(medtl_graph *g, const resnet *kind, size_t x, size_t width, size_t stride,
                    const char *name)
{
    const size_t channels = kind->bottleneck ? BOTTLENECK_EXPANSION * width : width;
    size_t y, identity = x;

    if (kind->bottleneck) {
        y = medtl_graph_relu(g, conv(g, x, width, 1, 1, name, 1));
        y = medtl_graph_relu(g, conv(g, y, width, 3, stride, name, 2));
        y = conv(g, y, channels, 1, 1, name, 3);
    } else {
        y = medtl_graph_relu(g, conv(g, x, width, 3, stride, name, 1));
        y = conv(g, y, channels, 3, 1, name, 2);
    }
    if (g->status == MEDTL_OK && (stride != 1 || g->nodes[x].shape.channels != channels))
        identity = shortcut(g, kind, x, channels, stride, name);
    return medtl_graph_relu(g, medtl_graph_add(g, y, identity));
}

static size_t stem(medtl_graph *g, size_t channels, bool small_images)
{
    const medtl_conv_options large = {.channels = channels, .kernel = 7, .stride = 2, .pad = 3};
    const medtl_conv_options small = {.channels = channels, .kernel = 3, .stride = 1, .pad = 1};
    size_t x = medtl_graph_conv(g, 0, small_images ? small : large, "conv1");

    x = medtl_graph_relu(g, medtl_graph_batch_norm(g, x, "bn1"));
    if (small_images)
        return x;
    return medtl_graph_max_pool(g, x, (medtl_pool_options){.kernel = 3, .stride = 2, .pad = 1});
}

static size_t trunk(medtl_graph *g, size_t width, const resnet *kind)
{
    size_t x = stem(g, width, kind->small_images);

    for (size_t layer = 0; layer < 4 && kind->depths[layer] > 0; layer++) {
        g->stage++;
        for (size_t i = 0; i < kind->depths[layer]; i++) {
            char name[32];

            snprintf(name, sizeof name, "layer%zu.%zu", layer + 1, i);
            x = block(g, kind, x, width << layer, layer > 0 && i == 0 ? 2 : 1, name);
        }
    }
    return medtl_graph_global_avg_pool(g, x);
}

static void build(medtl_graph *g, const medtl_network_spec *spec, const resnet *kind)
{
    medtl_graph_heads(g, trunk(g, spec->width, kind), spec, kind->head);
}

static const resnet resnet101 = {.depths = {3, 4, 23, 3}, .bottleneck = true, .head = "fc"};

size_t medtl_resnet101_trunk(medtl_graph *graph, size_t width)
{
    return trunk(graph, width, &resnet101);
}

void medtl_build_resnet18(medtl_graph *graph, const medtl_network_spec *spec)
{
    build(graph, spec, &(const resnet){.depths = {2, 2, 2, 2}, .head = "fc"});
}

void medtl_build_resnet34(medtl_graph *graph, const medtl_network_spec *spec)
{
    build(graph, spec, &(const resnet){.depths = {3, 4, 6, 3}, .head = "fc"});
}

void medtl_build_resnet50(medtl_graph *graph, const medtl_network_spec *spec)
{
    build(graph, spec, &(const resnet){.depths = {3, 4, 6, 3}, .bottleneck = true, .head = "fc"});
}

void medtl_build_resnet101(medtl_graph *graph, const medtl_network_spec *spec)
{
    build(graph, spec, &resnet101);
}

void medtl_build_resnet18_cifar(medtl_graph *graph, const medtl_network_spec *spec)
{
    build(graph, spec, &(const resnet){.depths = {2, 2, 2, 2}, .small_images = true, .head = "fc"});
}

void medtl_build_resnet20(medtl_graph *graph, const medtl_network_spec *spec)
{
    build(
        graph, spec,
        &(const resnet){
            .depths = {3, 3, 3}, .small_images = true, .plain_shortcuts = true, .head = "linear"});
}
