/* A network as data: nodes in topological order (a node's inputs come before it) and the parameters
 * that they declare. Built by the short functions in arch_*.c; walked by the passes.
 *
 * Building cannot be interrupted: the first failure is kept in the graph, later calls do nothing, and
 * the builder asks once at the end (medtl_graph_finish). */
#ifndef MEDTL_NN_GRAPH_H
#define MEDTL_NN_GRAPH_H

#include "network.h"
#include "node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MEDTL_NAME_SIZE = 128, MEDTL_OUTPUT_NAME_SIZE = 32, MEDTL_MOST_OUTPUTS = 16 };

/** How a parameter starts. He: normal, variance 2 / fan out (torchvision's ResNet). He in: normal, variance
 *  2 / fan in (its DenseNet). Glorot: uniform, variance 2 / (fan in + fan out). Fan in: uniform in +-1/sqrt(fan in) (PyTorch's linear layers). Normal: with
 *  the graph's `deviation`. */
typedef enum medtl_initialiser {
    MEDTL_INIT_ZERO,
    MEDTL_INIT_ONE,
    MEDTL_INIT_HE,
    MEDTL_INIT_HE_IN,
    MEDTL_INIT_GLOROT,
    MEDTL_INIT_FAN_IN,
    MEDTL_INIT_NORMAL
} medtl_initialiser;

/** A parameter before it has values. */
typedef struct medtl_declaration {
    char name[MEDTL_NAME_SIZE];
    size_t shape[4], dimensions, size;
    medtl_parameter_role role;
    uint32_t stage;
    medtl_initialiser initialiser;
    size_t fan_in, fan_out; /* values that one output reads; outputs that one input reaches */
    float deviation;        /* of MEDTL_INIT_NORMAL */
} medtl_declaration;

/** A node whose activation can be asked for by name after a pass. */
typedef struct medtl_output {
    char name[MEDTL_OUTPUT_NAME_SIZE];
    size_t node;
    bool training_only; /* inference plans leave it out, and what only it needs */
} medtl_output;

typedef struct medtl_graph {
    medtl_node *nodes;
    size_t node_count;
    medtl_declaration *declarations;
    size_t declaration_count;

    medtl_output outputs[MEDTL_MOST_OUTPUTS]; /* beside the last node, which is the output */
    size_t output_count;
    const medtl_head *heads; /* beside the last node, for medtl_graph_heads(); borrowed */
    size_t head_count;

    /* Set by an architecture before the nodes they apply to. */
    uint32_t stage;
    char prefix[24]; /* of the parameters' names: "members.2." in a network of several, else "" */
    float deviation, norm_epsilon;
    medtl_initialiser conv_initialiser, linear_weight_initialiser, linear_bias_initialiser;

    medtl_status status; /* of the first failure */
    medtl_error error;
} medtl_graph;

void medtl_graph_init(medtl_graph *graph);
void medtl_graph_clear(medtl_graph *graph);

/** MEDTL_OK, or the first failure. The last node added is the output. */
medtl_status medtl_graph_finish(const medtl_graph *graph, medtl_error *err);

/* Builders, one for each node kind (node_*.c). They return the index of the new node, or 0 after a
 * failure. Names are PyTorch's module paths, printf-like; nodes without parameters need none. */

typedef struct medtl_conv_options {
    size_t channels, kernel, stride, pad, dilation, groups; /* 0 for dilation or groups means 1 */
    size_t kernel_w, pad_w; /* where the kernel is not square; else kernel_w is 0 */
    size_t pad_more;        /* below and to the right, beyond pad: TensorFlow's way with stride 2 */
    bool bias;
} medtl_conv_options;

typedef struct medtl_pool_options {
    size_t kernel, stride, pad;
    bool count_pad; /* average: padding counts as zeros; else only what lies inside is averaged */
} medtl_pool_options;

/** Take every `stride`-th row and column, and put `before` channels of zeros before and enough behind
 *  to make `channels`: the shortcut without parameters of He et al. 2015 (option A). */
typedef struct medtl_subsample_options {
    size_t stride, before, channels;
} medtl_subsample_options;

size_t medtl_graph_input(medtl_graph *graph, medtl_shape shape);
size_t medtl_graph_conv(medtl_graph *graph, size_t x, medtl_conv_options options, const char *name,
                        ...) MEDTL_PRINTF(4, 5);
size_t medtl_graph_batch_norm(medtl_graph *graph, size_t x, const char *name, ...)
    MEDTL_PRINTF(3, 4);
size_t medtl_graph_linear(medtl_graph *graph, size_t x, size_t outputs, const char *name, ...)
    MEDTL_PRINTF(4, 5);
/** The classes of the nearest vectors to x, as logits. */
size_t medtl_graph_neighbours(medtl_graph *graph, size_t x, size_t outputs, size_t vectors,
                              size_t neighbours, const char *name);
/** A support vector machine with Gaussian kernel for each output. */
size_t medtl_graph_kernel(medtl_graph *graph, size_t x, size_t outputs, size_t vectors,
                          const char *name);
size_t medtl_graph_relu(medtl_graph *graph, size_t x);
size_t medtl_graph_relu6(medtl_graph *graph, size_t x); /* min(max(x, 0), 6) */
size_t medtl_graph_gelu(medtl_graph *graph, size_t x);
size_t medtl_graph_silu(medtl_graph *graph, size_t x);
size_t medtl_graph_sigmoid(medtl_graph *graph, size_t x);
size_t medtl_graph_softmax(medtl_graph *graph, size_t x); /* over the channels of each pixel */
size_t medtl_graph_max_pool(medtl_graph *graph, size_t x, medtl_pool_options options);
size_t medtl_graph_avg_pool(medtl_graph *graph, size_t x, medtl_pool_options options);
size_t medtl_graph_adaptive_avg_pool(medtl_graph *graph, size_t x, size_t height, size_t width);
size_t medtl_graph_global_avg_pool(medtl_graph *graph, size_t x);
size_t medtl_graph_global_max_pool(medtl_graph *graph, size_t x);
size_t medtl_graph_subsample(medtl_graph *graph, size_t x, medtl_subsample_options options);
size_t medtl_graph_dropout(medtl_graph *graph, size_t x, float probability);
size_t medtl_graph_add(medtl_graph *graph, size_t a, size_t b);
size_t medtl_graph_concat(medtl_graph *graph, const size_t *inputs, size_t count);

size_t medtl_graph_upsample(medtl_graph *graph, size_t x, size_t scale, bool bilinear);

/* Transformers: a token is a pixel of [channels][1][tokens]. */

/** A linear layer on each token (each pixel): weight [channels][inputs], bias. */
size_t medtl_graph_token_linear(medtl_graph *graph, size_t x, size_t channels, const char *name,
                                ...) MEDTL_PRINTF(4, 5);
size_t medtl_graph_layer_norm(medtl_graph *graph, size_t x, const char *name, ...)
    MEDTL_PRINTF(3, 4);
size_t medtl_graph_attention(medtl_graph *graph, size_t qkv, size_t heads);
size_t medtl_graph_class_token(medtl_graph *graph, size_t x); /* "cls_token", "pos_embed" */
size_t medtl_graph_pick(medtl_graph *graph, size_t x, size_t pixel);

/** Norm, attention, addition; norm, two layers with GELU between, addition: with timm's names behind NAME. */
size_t medtl_graph_encoder_block(medtl_graph *graph, size_t x, size_t heads, const char *name);

/** Give node `index` a name under which passes show its activation: "features", "aux", ... An ensemble's
 *  members have none. */
void medtl_graph_name_output(medtl_graph *graph, size_t index, const char *name,
                             bool training_only);

/** The end of an architecture: x becomes "features"; a stage of their own have dropout and the linear
 *  layers "heads.NAME" of graph->heads and, last, NAME with spec->classes outputs. */
void medtl_graph_heads(medtl_graph *graph, size_t x, const medtl_network_spec *spec,
                       const char *name);

/** The output of this name, or NULL. */
const medtl_output *medtl_graph_find_output(const medtl_graph *graph, const char *name);
bool medtl_graph_is_output(const medtl_graph *graph, size_t index);

/* What the node_*.c files build with. */

/** Append a node, infer its shape, and return it; NULL after a failure. `prototype` is copied. */
medtl_node *medtl_graph_append(medtl_graph *graph, const medtl_node *prototype);

/** Declare NAME.SUFFIX for the last node. */
void medtl_graph_declare(medtl_graph *graph, const char *suffix, medtl_parameter_role role,
                         medtl_initialiser initialiser, const size_t *shape, size_t dimensions);

/** How many nodes read node `index` (and how many names it has), and the last that does (`index` itself
 *  if none). */
size_t medtl_graph_reader_count(const medtl_graph *graph, size_t index);
size_t medtl_graph_last_reader(const medtl_graph *graph, size_t index);

#endif
