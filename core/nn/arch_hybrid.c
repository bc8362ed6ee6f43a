/* Hybrid2 and hybrid6: parallel 1x1, 3x3, 5x5 and 7x7 convolutions joined by concatenation, after the
 * released networks of Alzubaidi et al. (2021, "Novel transfer learning approach for medical imaging with
 * limited labeled data"). For 3 channels and width 32, hybrid2 with 2 classes has 1,042,394 trainable values and
 * hybrid6 with 4 classes 73,591,380. */
#include "architecture.h"

#include <stdio.h>

enum { BRANCHES = 4, MOST_SKIPS = 4, HIDDEN2 = 200, HIDDEN6 = 1200 };

/* Convolution ("NAME.0"), batch norm ("NAME.1"), ReLU; "same" padding. */
static size_t unit(medtl_graph *g, size_t x, size_t channels, size_t kernel, size_t stride,
                   const char *name)
{
    const medtl_conv_options options = {
        .channels = channels, .kernel = kernel, .stride = stride, .pad = kernel / 2, .bias = true};

    x = medtl_graph_conv(g, x, options, "%s.0", name);
    return medtl_graph_relu(g, medtl_graph_batch_norm(g, x, "%s.1", name));
}

/* Four branches over x with `skips` behind them, then a norm. */
static size_t block(medtl_graph *g, size_t x, size_t channels, size_t stride, const size_t *skips,
                    size_t skip_count, int number)
{
    size_t parts[BRANCHES + MOST_SKIPS];
    char name[32];

    for (int i = 0; i < BRANCHES; i++) {
        snprintf(name, sizeof name, "block%d.branches.%d", number, i);
        parts[i] = unit(g, x, channels, 2 * (size_t)i + 1, stride, name);
    }
    for (size_t i = 0; i < skip_count; i++)
        parts[BRANCHES + i] = skips[i];
    x = medtl_graph_concat(g, parts, BRANCHES + skip_count);
    return medtl_graph_batch_norm(g, x, "norm%d", number);
}

static size_t stem(medtl_graph *g, size_t width)
{
    g->conv_initialiser = MEDTL_INIT_GLOROT;
    g->linear_weight_initialiser = MEDTL_INIT_GLOROT;
    g->linear_bias_initialiser = MEDTL_INIT_ZERO;
    return unit(g, unit(g, 0, width, 3, 1, "stem1"), width, 5, 2, "stem2");
}

static void head(medtl_graph *g, size_t x, size_t hidden, const medtl_network_spec *spec)
{
    x = medtl_graph_global_avg_pool(g, x);
    g->stage++; /* fc1 belongs to the head, too: medtl_graph_heads() counts on */
    x = medtl_graph_linear(g, x, hidden, "fc1");
    g->stage--;
    medtl_graph_heads(g, x, spec, "fc2");
}

void medtl_build_hybrid2(medtl_graph *graph, const medtl_network_spec *spec)
{
    const size_t w = spec->width;
    const size_t q = stem(graph, w);
    size_t x, skip;

    /* skip2 before block1, though it joins after: the stem's gradient is then complete in place. */
    graph->stage = 2;
    skip = unit(graph, q, w, 3, 2, "skip2");
    graph->stage = 1;
    x = block(graph, q, w, 1, &q, 1, 1);
    graph->stage = 2;
    x = block(graph, x, 2 * w, 2, &skip, 1, 2);
    head(graph, x, HIDDEN2, spec);
}

/* Stages: stem, block 1 .. block 6, head. */
void medtl_build_hybrid6(medtl_graph *graph, const medtl_network_spec *spec)
{
    const size_t w = spec->width;
    const size_t q = stem(graph, w);
    size_t b1, b2, b3, b4, b5, b6, skips[MOST_SKIPS];

    graph->stage = 1;
    b1 = block(graph, q, w, 1, &q, 1, 1);
    graph->stage = 2;
    b2 = block(graph, b1, 2 * w, 2, NULL, 0, 2);
    graph->stage = 3;
    b3 = block(graph, b2, 2 * w, 1, &b2, 1, 3);
    graph->stage = 4;
    skips[0] = unit(graph, b2, w, 3, 2, "skip4");
    b4 = block(graph, b3, 4 * w, 2, skips, 1, 4);
    graph->stage = 5;
    skips[0] = b4;
    skips[1] = unit(graph, b1, w, 3, 4, "skip5");
    b5 = block(graph, b4, 8 * w, 1, skips, 2, 5);
    graph->stage = 6;
    skips[0] = unit(graph, q, w, 3, 8, "skip6.0");
    skips[1] = unit(graph, b1, w, 3, 8, "skip6.1");
    skips[2] = unit(graph, b2, w, 3, 4, "skip6.2");
    skips[3] = unit(graph, b4, w, 3, 2, "skip6.3");
    b6 = block(graph, b5, 12 * w, 2, skips, 4, 6);
    head(graph, b6, HIDDEN6, spec);
}
