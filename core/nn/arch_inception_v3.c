/* Inception v3 (Szegedy et al. 2016) with torchvision's names; width 32, the channels of the first convolution, is
 * the published one. The auxiliary head is the output "aux", for training alone; an input below 299
 * pixels has no room for it. */
#include "architecture.h"

#include <stdio.h>

enum { BASE = 32, AUX_SMALLEST = 17 };

/* A unit's kernel; `across` padding keeps the size. */
typedef struct unit_options {
    size_t channels, kernel_h, kernel_w, stride;
    bool same; /* padded to keep the size */
} unit_options;

/* Convolution, batch norm, ReLU: MODULE.NAME.conv, MODULE.NAME.bn. Channels are those of the published width. */
typedef struct builder {
    medtl_graph *graph;
    size_t width;
    const char *module; /* with its dot, or "" */
} builder;

static size_t unit(const builder *b, size_t x, unit_options o, const char *name)
{
    const medtl_conv_options options = {.channels = (o.channels * b->width + BASE - 1) / BASE,
                                        .kernel = o.kernel_h,
                                        .kernel_w = o.kernel_w,
                                        .stride = o.stride,
                                        .pad = o.same ? o.kernel_h / 2 : 0,
                                        .pad_w = o.same ? o.kernel_w / 2 : 0};

    x = medtl_graph_conv(b->graph, x, options, "%s%s.conv", b->module, name);
    return medtl_graph_relu(b->graph,
                            medtl_graph_batch_norm(b->graph, x, "%s%s.bn", b->module, name));
}

static size_t conv(const builder *b, size_t x, size_t channels, size_t kernel, const char *name)
{
    return unit(b, x, (unit_options){channels, kernel, kernel, 1, true}, name);
}

static size_t shrink(const builder *b, size_t x, size_t channels, size_t stride, const char *name)
{
    return unit(b, x, (unit_options){channels, 3, 3, stride, false}, name);
}

static size_t row(const builder *b, size_t x, size_t channels, size_t length, const char *name)
{
    return unit(b, x, (unit_options){channels, 1, length, 1, true}, name);
}

static size_t column(const builder *b, size_t x, size_t channels, size_t length, const char *name)
{
    return unit(b, x, (unit_options){channels, length, 1, 1, true}, name);
}

static size_t max_pool(const builder *b, size_t x)
{
    return medtl_graph_max_pool(b->graph, x, (medtl_pool_options){.kernel = 3, .stride = 2});
}

static size_t branch_pool(const builder *b, size_t x, size_t channels)
{
    const medtl_pool_options options = {.kernel = 3, .stride = 1, .pad = 1, .count_pad = true};

    return conv(b, medtl_graph_avg_pool(b->graph, x, options), channels, 1, "branch_pool");
}

static size_t inception_a(const builder *b, size_t x, size_t pool_channels)
{
    size_t parts[4];

    parts[0] = conv(b, x, 64, 1, "branch1x1");
    parts[1] = conv(b, conv(b, x, 48, 1, "branch5x5_1"), 64, 5, "branch5x5_2");
    parts[2] = conv(b, conv(b, x, 64, 1, "branch3x3dbl_1"), 96, 3, "branch3x3dbl_2");
    parts[2] = conv(b, parts[2], 96, 3, "branch3x3dbl_3");
    parts[3] = branch_pool(b, x, pool_channels);
    return medtl_graph_concat(b->graph, parts, 4);
}

static size_t inception_b(const builder *b, size_t x)
{
    size_t parts[3];

    parts[0] = shrink(b, x, 384, 2, "branch3x3");
    parts[1] = conv(b, conv(b, x, 64, 1, "branch3x3dbl_1"), 96, 3, "branch3x3dbl_2");
    parts[1] = shrink(b, parts[1], 96, 2, "branch3x3dbl_3");
    parts[2] = max_pool(b, x);
    return medtl_graph_concat(b->graph, parts, 3);
}

static size_t inception_c(const builder *b, size_t x, size_t channels)
{
    size_t parts[4], y;

    parts[0] = conv(b, x, 192, 1, "branch1x1");
    y = conv(b, x, channels, 1, "branch7x7_1");
    parts[1] = column(b, row(b, y, channels, 7, "branch7x7_2"), 192, 7, "branch7x7_3");
    y = conv(b, x, channels, 1, "branch7x7dbl_1");
    y = column(b, y, channels, 7, "branch7x7dbl_2");
    y = row(b, y, channels, 7, "branch7x7dbl_3");
    y = column(b, y, channels, 7, "branch7x7dbl_4");
    parts[2] = row(b, y, 192, 7, "branch7x7dbl_5");
    parts[3] = branch_pool(b, x, 192);
    return medtl_graph_concat(b->graph, parts, 4);
}

static size_t inception_d(const builder *b, size_t x)
{
    size_t parts[3], y;

    parts[0] = shrink(b, conv(b, x, 192, 1, "branch3x3_1"), 320, 2, "branch3x3_2");
    y = row(b, conv(b, x, 192, 1, "branch7x7x3_1"), 192, 7, "branch7x7x3_2");
    parts[1] = shrink(b, column(b, y, 192, 7, "branch7x7x3_3"), 192, 2, "branch7x7x3_4");
    parts[2] = max_pool(b, x);
    return medtl_graph_concat(b->graph, parts, 3);
}

/* Each of the two middle branches ends in a row and a column kernel side by side. */
static size_t inception_e(const builder *b, size_t x)
{
    size_t parts[6], y;

    parts[0] = conv(b, x, 320, 1, "branch1x1");
    y = conv(b, x, 384, 1, "branch3x3_1");
    parts[1] = row(b, y, 384, 3, "branch3x3_2a");
    parts[2] = column(b, y, 384, 3, "branch3x3_2b");
    y = conv(b, conv(b, x, 448, 1, "branch3x3dbl_1"), 384, 3, "branch3x3dbl_2");
    parts[3] = row(b, y, 384, 3, "branch3x3dbl_3a");
    parts[4] = column(b, y, 384, 3, "branch3x3dbl_3b");
    parts[5] = branch_pool(b, x, 192);
    return medtl_graph_concat(b->graph, parts, 6);
}

static void auxiliary(const builder *b, size_t x, size_t classes)
{
    medtl_graph *g = b->graph;

    if (g->status != MEDTL_OK || g->nodes[x].shape.height < AUX_SMALLEST ||
        g->nodes[x].shape.width < AUX_SMALLEST)
        return;
    x = medtl_graph_avg_pool(g, x, (medtl_pool_options){.kernel = 5, .stride = 3});
    x = conv(b, x, 128, 1, "conv0");
    g->deviation = 0.01f;
    x = unit(b, x, (unit_options){768, 5, 5, 1, false}, "conv1");
    g->deviation = 0.001f;
    x = medtl_graph_linear(g, medtl_graph_global_avg_pool(g, x), classes, "AuxLogits.fc");
    g->deviation = 0.1f;
    medtl_graph_name_output(g, x, "aux", true);
}

static size_t stem(const builder *b)
{
    size_t x = shrink(b, 0, 32, 2, "Conv2d_1a_3x3");

    x = conv(b, shrink(b, x, 32, 1, "Conv2d_2a_3x3"), 64, 3, "Conv2d_2b_3x3");
    x = conv(b, max_pool(b, x), 80, 1, "Conv2d_3b_1x1");
    return max_pool(b, shrink(b, x, 192, 1, "Conv2d_4a_3x3"));
}

/* Stages: stem, Mixed_5, Mixed_6 (with the auxiliary head), Mixed_7, head. */
void medtl_build_inception_v3(medtl_graph *graph, const medtl_network_spec *spec)
{
    builder b = {graph, spec->width, ""};
    size_t x;

    graph->norm_epsilon = 1e-3f;
    graph->deviation = 0.1f;
    graph->conv_initialiser = graph->linear_weight_initialiser = MEDTL_INIT_NORMAL;
    x = stem(&b);
    graph->stage++;
    b.module = "Mixed_5b.", x = inception_a(&b, x, 32);
    b.module = "Mixed_5c.", x = inception_a(&b, x, 64);
    b.module = "Mixed_5d.", x = inception_a(&b, x, 64);
    graph->stage++;
    b.module = "Mixed_6a.", x = inception_b(&b, x);
    b.module = "Mixed_6b.", x = inception_c(&b, x, 128);
    b.module = "Mixed_6c.", x = inception_c(&b, x, 160);
    b.module = "Mixed_6d.", x = inception_c(&b, x, 160);
    b.module = "Mixed_6e.", x = inception_c(&b, x, 192);
    b.module = "AuxLogits.", auxiliary(&b, x, spec->classes);
    graph->stage++;
    b.module = "Mixed_7a.", x = inception_d(&b, x);
    b.module = "Mixed_7b.", x = inception_e(&b, x);
    b.module = "Mixed_7c.", x = inception_e(&b, x);
    medtl_graph_heads(graph, medtl_graph_global_avg_pool(graph, x), spec, "fc");
}
