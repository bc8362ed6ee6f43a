/* The pieces of self-supervised losses: two views of the same images, embedded, are compared without labels.
 *
 * Embeddings are [count][size], row i of `a` and of `b` from the same image. Sums are in double and in
 * order. Derivatives may be NULL where they are not wanted: a NULL is the papers' "stop gradient". */
#ifndef MEDTL_TRAIN_LOSS_SELF_H
#define MEDTL_TRAIN_LOSS_SELF_H

#include <stddef.h>

/** Negative cosine similarity, mean over the rows (SimSiam: Chen & He 2020, arXiv 2011.10566, equation 1).
 *  BYOL's loss (Grill et al. 2020, arXiv 2006.07733, equation 2) is 2 + 2 times it. Norms below 1e-8 count
 *  as 1e-8, as PyTorch's cosine_similarity has it. */
double medtl_loss_cosine(const float *a, const float *b, size_t count, size_t size, float *da,
                         float *db);

/** NT-Xent (SimCLR: Chen et al. 2020, arXiv 2002.05709, equation 1): each of the 2 x count embeddings shall
 *  find its partner among all others by cosine similarity / temperature; mean over all of them.
 *  @param scratch  medtl_loss_nt_xent_scratch() doubles. */
double medtl_loss_nt_xent(const float *a, const float *b, size_t count, size_t size,
                          double temperature, double *scratch, float *da, float *db);
size_t medtl_loss_nt_xent_scratch(size_t count, size_t size);

/** The weights and the target of VICReg (Bardes, Ponce & LeCun 2021, arXiv 2105.04906); theirs are
 *  25, 25, 1, 1 and 1e-4. */
typedef struct medtl_vicreg {
    double invariance, variance, covariance;
    double deviation; /* gamma: the standard deviation that each dimension shall keep */
    double epsilon;   /* added to the variances */
} medtl_vicreg;

/** VICReg, equations 1 to 6 of version 3 of the paper: mean squared distance of the pairs, a hinge on each
 *  dimension's standard deviation, and squared covariances off the diagonal divided by `size`, the last two
 *  for both views. @param count  At least 2. @param scratch  medtl_loss_vicreg_scratch() doubles. */
double medtl_loss_vicreg(const medtl_vicreg *weights, const float *a, const float *b, size_t count,
                         size_t size, double *scratch, float *da, float *db);
size_t medtl_loss_vicreg_scratch(size_t count, size_t size);

/** Barlow Twins (Zbontar et al. 2021, arXiv 2103.03230, equations 1 and 2): the cross-correlation matrix of
 *  the two views, each dimension brought to mean 0 and variance 1 (biased, plus 1e-5, as a batch norm without
 *  parameters) over the batch, shall be the identity. @param off_diagonal  The paper's lambda, 0.005.
 *  @param scratch  medtl_loss_barlow_scratch() doubles. */
double medtl_loss_barlow(const float *a, const float *b, size_t count, size_t size,
                         double off_diagonal, double *scratch, float *da, float *db);
size_t medtl_loss_barlow_scratch(size_t count, size_t size);

#endif
