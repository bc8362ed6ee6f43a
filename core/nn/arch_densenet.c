/* DenseNet-121 (Huang et al. 2017) with torchvision's names; the width is the growth rate, 32 as published.
 * Each layer's output is concatenated behind all before it; those concatenations are laid out in place, so
 * that nothing is copied. */
#include "architecture.h"

#include <stdio.h>

enum { BLOCKS = 4, BOTTLENECK = 4 };

static const size_t depths[BLOCKS] = {6, 12, 24, 16};

static size_t norm_relu(medtl_graph *g, size_t x, const char *module, const char *name)
{
    return medtl_graph_relu(g, medtl_graph_batch_norm(g, x, "%s.%s", module, name));
}

static size_t conv(medtl_graph *g, size_t x, size_t channels, size_t kernel, const char *module,
                   const char *name)
{
    const medtl_conv_options options = {
        .channels = channels, .kernel = kernel, .stride = 1, .pad = kernel / 2};

    return medtl_graph_conv(g, x, options, "%s.%s", module, name);
}

static size_t dense_layer(medtl_graph *g, size_t x, size_t growth, const char *name)
{
    size_t y = conv(g, norm_relu(g, x, name, "norm1"), BOTTLENECK * growth, 1, name, "conv1");

    y = conv(g, norm_relu(g, y, name, "norm2"), growth, 3, name, "conv2");
    return medtl_graph_concat(g, (const size_t[]){x, y}, 2);
}

static size_t transition(medtl_graph *g, size_t x, const char *name)
{
    const size_t channels = g->status == MEDTL_OK ? g->nodes[x].shape.channels / 2 : 0;

    x = conv(g, norm_relu(g, x, name, "norm"), channels, 1, name, "conv");
    return medtl_graph_avg_pool(g, x, (medtl_pool_options){.kernel = 2, .stride = 2});
}

static size_t stem(medtl_graph *g, size_t channels)
{
    const medtl_conv_options options = {.channels = channels, .kernel = 7, .stride = 2, .pad = 3};
    size_t x = medtl_graph_conv(g, 0, options, "features.conv0");

    x = norm_relu(g, x, "features", "norm0");
    return medtl_graph_max_pool(g, x, (medtl_pool_options){.kernel = 3, .stride = 2, .pad = 1});
}

/* Stages: stem, four blocks (each with the transition behind it). */
size_t medtl_densenet121_trunk(medtl_graph *graph, size_t growth)
{
    char name[80];
    size_t x = stem(graph, 2 * growth);

    for (size_t i = 0; i < BLOCKS; i++) {
        graph->stage++;
        for (size_t k = 0; k < depths[i]; k++) {
            snprintf(name, sizeof name, "features.denseblock%zu.denselayer%zu", i + 1, k + 1);
            x = dense_layer(graph, x, growth, name);
        }
        snprintf(name, sizeof name, "features.transition%zu", i + 1);
        if (i + 1 < BLOCKS)
            x = transition(graph, x, name);
    }
    return medtl_graph_global_avg_pool(graph, norm_relu(graph, x, "features", "norm5"));
}

void medtl_build_densenet121(medtl_graph *graph, const medtl_network_spec *spec)
{
    graph->conv_initialiser = MEDTL_INIT_HE_IN;
    graph->linear_bias_initialiser = MEDTL_INIT_ZERO;
    medtl_graph_heads(graph, medtl_densenet121_trunk(graph, spec->width), spec, "classifier");
}
