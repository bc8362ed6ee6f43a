/* Hybrid2: parallel 1x1, 3x3, 5x5 and 7x7 convolutions joined by concatenation, after the released
 * networks of Alzubaidi et al. (2021, "Novel transfer learning approach for medical imaging with limited
 * labeled data"). 1,042,394 trainable values for 3 channels, width 32 and 2 classes. */
#include "architecture.h"

enum { HIDDEN = 200, BRANCHES = 4 };

/* Convolution ("NAME.0"), batch norm ("NAME.1"), ReLU; "same" padding. */
static size_t unit(medtl_graph *g, size_t x, size_t channels, size_t kernel, size_t stride,
                   const char *name, int branch)
{
    const medtl_conv_options options = {
        .channels = channels, .kernel = kernel, .stride = stride, .pad = kernel / 2, .bias = true};

    if (branch >= 0) {
        x = medtl_graph_conv(g, x, options, "%s.branches.%d.0", name, branch);
        x = medtl_graph_batch_norm(g, x, "%s.branches.%d.1", name, branch);
    } else {
        x = medtl_graph_conv(g, x, options, "%s.0", name);
        x = medtl_graph_batch_norm(g, x, "%s.1", name);
    }
    return medtl_graph_relu(g, x);
}

/* Four branches over x, and `skip` behind them. */
static size_t block(medtl_graph *g, size_t x, size_t skip, size_t channels, size_t stride,
                    const char *name)
{
    size_t parts[BRANCHES + 1];

    for (int i = 0; i < BRANCHES; i++)
        parts[i] = unit(g, x, channels, 2 * (size_t)i + 1, stride, name, i);
    parts[BRANCHES] = skip;
    return medtl_graph_concat(g, parts, BRANCHES + 1);
}

void medtl_build_hybrid2(medtl_graph *graph, const medtl_network_spec *spec)
{
    const size_t w = spec->width;
    size_t x, stem, skip;

    graph->conv_initialiser = MEDTL_INIT_GLOROT;
    graph->linear_weight_initialiser = MEDTL_INIT_GLOROT;
    graph->linear_bias_initialiser = MEDTL_INIT_ZERO;
    x = unit(graph, 0, w, 3, 1, "stem1", -1);
    stem = unit(graph, x, w, 5, 2, "stem2", -1);

    /* skip2 before block1, though it joins after: the stem's gradient is then complete in place. */
    graph->stage = 2;
    skip = unit(graph, stem, w, 3, 2, "skip2", -1);
    graph->stage = 1;
    x = block(graph, stem, stem, w, 1, "block1");
    x = medtl_graph_batch_norm(graph, x, "norm1");

    graph->stage = 2;
    x = block(graph, x, skip, 2 * w, 2, "block2");
    x = medtl_graph_batch_norm(graph, x, "norm2");
    x = medtl_graph_global_avg_pool(graph, x);

    graph->stage = 3;
    x = medtl_graph_linear(graph, x, HIDDEN, "fc1");
    x = medtl_graph_dropout(graph, x, spec->dropout);
    (void)medtl_graph_linear(graph, x, spec->classes, "fc2");
}
