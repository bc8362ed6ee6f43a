/* Vision transformers (Dosovitskiy et al. 2021) with timm's names. vit_tiny is timm's vit_tiny_patch16_224, at any size
 * that is a multiple of 16; "fusion" is the same encoder over an input that already is a row of feature
 * vectors, [features][1][images]: the images of an examination, say (TransMed, Dai et al. 2021).
 *
 * Tokens are laid out as pixels, [channels][1][tokens], so that a linear layer on each token is a 1x1 convolution
 * and runs on the convolution kernels. */
#include "architecture.h"

#include <stdio.h>

enum { PATCH = 16, HEAD_DEPTH = 64, VIT_BLOCKS = 12, FUSION_BLOCKS = 2, MLP_RATIO = 4 };

size_t medtl_graph_encoder_block(medtl_graph *graph, size_t x, size_t heads, const char *name)
{
    const size_t channels = graph->status == MEDTL_OK ? graph->nodes[x].shape.channels : 0;
    size_t y = medtl_graph_layer_norm(graph, x, "%s.norm1", name);

    y = medtl_graph_token_linear(graph, y, 3 * channels, "%s.attn.qkv", name);
    y = medtl_graph_attention(graph, y, heads);
    y = medtl_graph_token_linear(graph, y, channels, "%s.attn.proj", name);
    x = medtl_graph_add(graph, y, x);
    y = medtl_graph_layer_norm(graph, x, "%s.norm2", name);
    y = medtl_graph_token_linear(graph, y, MLP_RATIO * channels, "%s.mlp.fc1", name);
    y = medtl_graph_gelu(graph, y);
    y = medtl_graph_token_linear(graph, y, channels, "%s.mlp.fc2", name);
    return medtl_graph_add(graph, y, x);
}

/* Class token and positions, blocks, norm, and the class token's features. A stage is four blocks. */
static size_t encode(medtl_graph *g, size_t x, size_t blocks)
{
    const size_t channels = g->status == MEDTL_OK ? g->nodes[x].shape.channels : 0;
    const size_t heads = channels % HEAD_DEPTH == 0 ? channels / HEAD_DEPTH : 1;

    x = medtl_graph_class_token(g, x);
    for (size_t i = 0; i < blocks; i++) {
        char name[32];

        g->stage += i % 4 == 0;
        snprintf(name, sizeof name, "blocks.%zu", i);
        x = medtl_graph_encoder_block(g, x, heads, name);
    }
    /* Only the class token is read on, and a norm of it alone is the same. */
    return medtl_graph_layer_norm(g, medtl_graph_pick(g, x, 0), "norm");
}

static void begin(medtl_graph *g)
{
    g->norm_epsilon = 1e-6f;
    g->deviation = 0.02f;
    g->linear_weight_initialiser = MEDTL_INIT_NORMAL;
    g->linear_bias_initialiser = MEDTL_INIT_ZERO;
    g->conv_initialiser = MEDTL_INIT_FAN_IN;
}

void medtl_build_vit_tiny(medtl_graph *graph, const medtl_network_spec *spec)
{
    const medtl_conv_options patches = {
        .channels = spec->width, .kernel = PATCH, .stride = PATCH, .bias = true};

    if (spec->height % PATCH != 0 || spec->width_px % PATCH != 0) {
        graph->status = medtl_fail(&graph->error, MEDTL_E_UNSUPPORTED,
                                   "vit_tiny: %ux%u pixels are no whole patches of %d",
                                   spec->height, spec->width_px, PATCH);
        return;
    }
    begin(graph);
    medtl_graph_heads(
        graph, encode(graph, medtl_graph_conv(graph, 0, patches, "patch_embed.proj"), VIT_BLOCKS),
        spec, "head");
}

void medtl_build_fusion(medtl_graph *graph, const medtl_network_spec *spec)
{
    begin(graph);
    medtl_graph_heads(
        graph,
        encode(graph, medtl_graph_token_linear(graph, 0, spec->width, "embed"), FUSION_BLOCKS),
        spec, "head");
}
