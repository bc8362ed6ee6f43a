/* Training a convolution on blocks, for node_conv.c: run->training_conv says how. */
#ifndef MEDTL_NN_NODE_CONV_TRAINING_H
#define MEDTL_NN_NODE_CONV_TRAINING_H

#include "node.h"

/** Pack the weights as they are now for forward, into run->packed. */
void medtl_conv_training_pack(const medtl_node_run *run);

/** dw, the bias's gradient, and dx. Uses run->packed for other weights. */
void medtl_conv_training_backward(const medtl_node_run *run);

#endif
