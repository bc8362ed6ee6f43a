/* What the fits of hybrid.c share. One file each knows LIBLINEAR and LIBSVM. */
#ifndef MEDTL_TRAIN_HYBRID_PARTS_H
#define MEDTL_TRAIN_HYBRID_PARTS_H

#include "hybrid.h"

/** Shift and scale of each feature: z = (x - shift) * scale has mean 0 and deviation 1; the scale of a constant one
 *  is 0. @param standard  [2][size]. */
void medtl_hybrid_standard(const medtl_hybrid_data *data, float *standard);

/** z of one vector, in the very arithmetic that the network's node has. */
void medtl_hybrid_standardise(const float *standard, const float *x, size_t size, float *z);

/** Fill weights and bias. @param standard  [2][size]. */
medtl_status medtl_hybrid_fit_linear(const medtl_hybrid_options *options,
                                     const medtl_hybrid_data *data, const float *standard,
                                     medtl_hybrid *out, medtl_error *err);

/** Fill bias, vectors, shares. out->standard is there, with the kernel's width in its scale. */
medtl_status medtl_hybrid_fit_rbf(const medtl_hybrid_options *options,
                                  const medtl_hybrid_data *data, medtl_hybrid *out,
                                  medtl_error *err);

#endif
