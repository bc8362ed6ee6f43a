/* The convolutions that the kernels are tested on: every stride, pad, dilation and grouping that a kernel may
 * treat specially, at sizes on both sides of its tile edges. Plain values, as Criterion's parameters must be. */
#ifndef MEDTL_CONVOLUTION_CASES_H
#define MEDTL_CONVOLUTION_CASES_H

#include "core/nn/kernels.h"

#define SQUARE(c, h, w, k, kernel, stride, pad)                                                    \
    {                                                                                              \
        .channels_in = (c), .height_in = (h), .width_in = (w), .channels_out = (k),                \
        .kernel_h = (kernel), .kernel_w = (kernel), .stride_h = (stride), .stride_w = (stride),    \
        .dilation_h = 1, .dilation_w = 1, .pad_top = (pad), .pad_left = (pad),                     \
        .pad_bottom = (pad), .pad_right = (pad), .groups = 1                                       \
    }

static medtl_conv_shape convolution_cases[] = {
    SQUARE(1, 1, 1, 1, 1, 1, 0),
    SQUARE(1, 5, 5, 1, 3, 1, 1),
    SQUARE(3, 7, 9, 5, 3, 1, 1),
    SQUARE(16, 8, 8, 16, 3, 1, 1),
    SQUARE(17, 13, 11, 19, 3, 1, 1),
    SQUARE(64, 14, 14, 64, 3, 1, 1),
    SQUARE(40, 10, 10, 72, 3, 1, 1),
    SQUARE(300, 6, 7, 33, 3, 1, 1), /* more products a sum than one block holds */
    SQUARE(24, 40, 24, 48, 1, 1, 0),
    SQUARE(130, 9, 9, 65, 1, 1, 0),
    SQUARE(20, 11, 12, 7, 1, 2, 0),
    SQUARE(12, 15, 17, 20, 3, 2, 1),
    SQUARE(32, 16, 16, 64, 3, 2, 1),
    SQUARE(3, 31, 29, 24, 7, 2, 3),
    SQUARE(1, 48, 32, 24, 7, 2, 3),
    SQUARE(8, 20, 20, 16, 5, 1, 2),
    SQUARE(8, 20, 20, 16, 5, 2, 2),
    SQUARE(9, 18, 33, 10, 7, 1, 3),
    SQUARE(6, 13, 13, 6, 3, 3, 0), /* the last rows and columns are never read */
    SQUARE(4, 9, 9, 6, 2, 3, 0),   /* gaps between the windows */
    SQUARE(5, 3, 3, 4, 3, 1, 4),   /* pads wider than the kernel */
    SQUARE(3, 2, 3, 4, 1, 1, 5),   /* most outputs see nothing but padding */
    SQUARE(3, 4, 3, 4, 2, 3, 4),   /* likewise, with a stride and gaps */
    SQUARE(2, 4, 4, 3, 4, 1, 0),   /* one output */
    SQUARE(2, 5, 5, 3, 2, 9, 0),   /* a stride beyond the input */
    SQUARE(70, 1, 1, 50, 1, 1, 0), /* a linear layer */
    {6, 12, 10, 8, 0, 0, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2, 1}, /* dilation */
    {6, 19, 17, 8, 0, 0, 3, 5, 2, 1, 1, 3, 0, 1, 2, 5, 1}, /* everything asymmetric */
    {4, 11, 23, 9, 0, 0, 1, 7, 1, 2, 1, 1, 0, 3, 0, 3, 1}, /* a row kernel */
    {4, 23, 11, 9, 0, 0, 7, 1, 3, 1, 1, 1, 3, 0, 3, 0, 1}, /* a column kernel */
    {5, 8, 8, 7, 0, 0, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1, 1},   /* pads on the far side only */
    {5, 8, 8, 7, 0, 0, 3, 3, 3, 2, 3, 2, 3, 2, 3, 1, 1},   /* stride and dilation share a factor */
    {12, 9, 9, 8, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 4},  /* groups */
    {34, 10, 10, 38, 0, 0, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 2},  /* groups, odd sizes, stride */
    {13, 17, 19, 13, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 13}, /* depthwise */
    {13, 17, 19, 13, 0, 0, 5, 5, 2, 2, 1, 1, 2, 2, 2, 2, 13}, /* depthwise, stride */
    {6, 17, 19, 12, 0, 0, 3, 3, 2, 1, 1, 2, 1, 2, 1, 2, 6},   /* depthwise, two filters a channel */
    {3, 6, 40, 2, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},     /* wide and low */
};

enum { CONVOLUTION_CASE_COUNT = sizeof convolution_cases / sizeof convolution_cases[0] };

#endif
