/* Residual networks (He et al. 2015) with torchvision's names; width 64 is the published one. The
 * bottleneck kind has its stride in the 3x3 convolution, as torchvision. */
#include "architecture.h"

#include <stdio.h>

typedef struct resnet {
    size_t depths[4]; /* blocks in layer1 .. layer4 */
    bool bottleneck;
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

static size_t shortcut(medtl_graph *g, size_t x, size_t channels, size_t stride, const char *block)
{
    const medtl_conv_options options = {.channels = channels, .kernel = 1, .stride = stride};

    x = medtl_graph_conv(g, x, options, "%s.downsample.0", block);
    return medtl_graph_batch_norm(g, x, "%s.downsample.1", block);
}

static size_t block(medtl_graph *g, size_t x, size_t width, size_t stride, bool bottleneck,
                    const char *name)
{
    const size_t channels = bottleneck ? BOTTLENECK_EXPANSION * width : width;
    size_t y, identity = x;

    if (bottleneck) {
        y = medtl_graph_relu(g, conv(g, x, width, 1, 1, name, 1));
        y = medtl_graph_relu(g, conv(g, y, width, 3, stride, name, 2));
        y = conv(g, y, channels, 1, 1, name, 3);
    } else {
        y = medtl_graph_relu(g, conv(g, x, width, 3, stride, name, 1));
        y = conv(g, y, channels, 3, 1, name, 2);
    }
    if (g->status == MEDTL_OK && (stride != 1 || g->nodes[x].shape.channels != channels))
        identity = shortcut(g, x, channels, stride, name);
    return medtl_graph_relu(g, medtl_graph_add(g, y, identity));
}

static void build(medtl_graph *g, const medtl_network_spec *spec, const resnet *kind)
{
    const medtl_conv_options stem = {.channels = spec->width, .kernel = 7, .stride = 2, .pad = 3};
    size_t x = medtl_graph_conv(g, 0, stem, "conv1");

    x = medtl_graph_relu(g, medtl_graph_batch_norm(g, x, "bn1"));
    x = medtl_graph_max_pool(g, x, (medtl_pool_options){.kernel = 3, .stride = 2, .pad = 1});
    for (size_t layer = 0; layer < 4; layer++) {
        g->stage++;
        for (size_t i = 0; i < kind->depths[layer]; i++) {
            char name[32];

            snprintf(name, sizeof name, "layer%zu.%zu", layer + 1, i);
            x = block(g, x, (size_t)spec->width << layer, layer > 0 && i == 0 ? 2 : 1,
                      kind->bottleneck, name);
        }
    }
    x = medtl_graph_global_avg_pool(g, x);
    x = medtl_graph_dropout(g, x, spec->dropout);
    g->stage++;
    (void)medtl_graph_linear(g, x, spec->classes, "fc");
}

void medtl_build_resnet18(medtl_graph *graph, const medtl_network_spec *spec)
{
    build(graph, spec, &(const resnet){{2, 2, 2, 2}, false});
}

void medtl_build_resnet34(medtl_graph *graph, const medtl_network_spec *spec)
{
    build(graph, spec, &(const resnet){{3, 4, 6, 3}, false});
}

void medtl_build_resnet50(medtl_graph *graph, const medtl_network_spec *spec)
{
    build(graph, spec, &(const resnet){{3, 4, 6, 3}, true});
}
