/* What the exports of all node kinds share: the node at hand, what the nodes before it became, and appending operators
 * for it. */
#ifndef MEDTL_ONNX_EXPORT_STEP_H
#define MEDTL_ONNX_EXPORT_STEP_H

#include "core/nn/network_parts.h"
#include "graph_writer.h"

/** What a node became: the name of its value. Values are [N][channels][height][width], or flat, [N][channels], behind a
 *  linear layer, where ONNX's operators have two dimensions. */
typedef struct medtl_exported {
    const char *name;
    bool flat;
} medtl_exported;

typedef struct medtl_exporter {
    medtl_onnx_writer *writer;
    const medtl_network *network;
    medtl_exported *values;  /* of each node */
    const char **parameters; /* name in the file of each parameter; NULL: not yet there */
    bool *needed;            /* nodes that the result is made of */
} medtl_exporter;

/** The node being exported. */
typedef struct medtl_step {
    medtl_exporter *all;
    const medtl_node *node;
    size_t index;
} medtl_step;

/** NODE/WHAT: a name for what one of the node's operators makes. Slashes do not occur in PyTorch's names of parameters. */
const char *medtl_step_name(const medtl_step *s, const char *what);

/** Append an operator, named by its type. @return the name of its output. */
const char *medtl_step_operate(const medtl_step *s, const char *type, const char *const *inputs,
                               size_t count);
const char *medtl_step_operate_on(const medtl_step *s, const char *type, const char *input);
const char *medtl_step_operate_on_two(const medtl_step *s, const char *type, const char *a,
                                      const char *b);

/** Constants of the node. Values of `medtl_step_number` are one float without dimensions. */
const char *medtl_step_wholes(const medtl_step *s, const char *what, const int64_t *values,
                              size_t count);
const char *medtl_step_number(const medtl_step *s, const char *what, float value);

/** Parameter `k` of the node as a tensor of the file; each is stored once, however many nodes read it. */
const char *medtl_step_parameter(const medtl_step *s, size_t k);
size_t medtl_step_parameter_dimensions(const medtl_step *s, size_t k);

medtl_shape medtl_step_input_shape(const medtl_step *s, size_t k);
/** Input `k` as [N][channels][height][width], or as [N][channels * height * width], or as it is. */
const char *medtl_step_image(const medtl_step *s, size_t k);
const char *medtl_step_flat(const medtl_step *s, size_t k);
medtl_exported medtl_step_input(const medtl_step *s, size_t k);

/** `count` sizes, of which 0 stands for as many as there are. */
const char *medtl_step_reshape(const medtl_step *s, const char *name, const int64_t *sizes,
                               size_t count);

/** The node's result, after the ReLU that it may end in. */
void medtl_step_finish(const medtl_step *s, const char *name, bool flat);

#endif
