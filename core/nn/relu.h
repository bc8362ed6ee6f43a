/* What may come last in a node or a kernel. */
#ifndef MEDTL_NN_RELU_H
#define MEDTL_NN_RELU_H

/** False where there is none, so that it can be asked like a bool. */
typedef enum medtl_relu {
    MEDTL_NO_RELU,
    MEDTL_RELU, /* max(x, 0) */
    MEDTL_RELU6 /* min(max(x, 0), 6), on blocks of 16 channels only */
} medtl_relu;

#define MEDTL_RELU6_MOST 6.0f

#endif
