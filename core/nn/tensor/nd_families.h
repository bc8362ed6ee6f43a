/* The families of operators, each a table that ends with a NULL name. */
#ifndef MEDTL_ND_FAMILIES_H
#define MEDTL_ND_FAMILIES_H

#include "nd_op.h"

extern const medtl_nd_op medtl_nd_unary_ops[], medtl_nd_binary_ops[], medtl_nd_select_ops[],
    medtl_nd_reduce_ops[], medtl_nd_pool_ops[], medtl_nd_conv_ops[], medtl_nd_conv_transpose_ops[],
    medtl_nd_matmul_ops[], medtl_nd_view_ops[], medtl_nd_strided_ops[], medtl_nd_move_ops[],
    medtl_nd_constant_ops[], medtl_nd_resize_ops[], medtl_nd_norm_ops[], medtl_nd_softmax_ops[];

#endif
