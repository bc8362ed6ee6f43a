/* Losses of classifiers. Targets are soft (mixing blends them), sums are in double and in order, and a loss
 * can be asked for its value alone. loss_self.h has those of self-supervised training. */
#ifndef MEDTL_TRAIN_LOSS_H
#define MEDTL_TRAIN_LOSS_H

#include <stddef.h>

typedef enum medtl_loss_kind {
    MEDTL_LOSS_CROSS_ENTROPY,
    MEDTL_LOSS_FOCAL,
    MEDTL_LOSS_BINARY
} medtl_loss_kind;

typedef struct medtl_loss_options {
    medtl_loss_kind kind;
    const float *class_weights; /* [classes], above 0; NULL: all 1 */
    double smoothing;           /* 0 to below 1 */
    double gamma;               /* focal: 0 or more */
} medtl_loss_options;

/** The loss of that kind; the functions below say what each is.
 *  @param targets       [count][classes].
 *  @param[out] dlogits  [count][classes], derivative of the loss; may be NULL. */
double medtl_loss(const medtl_loss_options *options, const float *logits, const float *targets,
                  size_t count, size_t classes, float *dlogits);

/** Softmax cross-entropy. With q = (1 - smoothing) * target + smoothing / classes and p = softmax(logits):
 *
 *      loss = sum_ik weight_k q_ik (-log p_ik)  /  sum_ik weight_k target_ik
 *
 *  which for one-hot targets is PyTorch's CrossEntropyLoss(weight, label_smoothing), mean reduction.
 *  @param targets        [count][classes], rows sum to 1.
 *  @param class_weights  [classes], above 0; NULL: all 1.
 *  @param[out] dlogits   [count][classes], derivative of the loss; may be NULL.
 *  @return the loss. Sums are in double, in order. */
double medtl_loss_cross_entropy(const float *logits, const float *targets, size_t count,
                                size_t classes, const float *class_weights, double smoothing,
                                float *dlogits);

/** Focal loss over a softmax (Lin et al. 2017, arXiv 1708.02002, section 3.2): the cross-entropy above in
 *  which each term is scaled by how far it is from certain,
 *
 *      loss = sum_ik weight_k q_ik (1 - p_ik)^gamma (-log p_ik)  /  sum_ik weight_k target_ik
 *
 *  Gamma 0 is cross-entropy; the class weights are the paper's alpha. */
double medtl_loss_focal(const float *logits, const float *targets, size_t count, size_t classes,
                        const float *class_weights, double smoothing, double gamma, float *dlogits);

/** Binary cross-entropy of each output by itself, with s = sigmoid(logits) and q as above:
 *
 *      loss = mean_ik weight_k (-q_ik log s_ik - (1 - q_ik) log(1 - s_ik))
 *
 *  which is PyTorch's BCEWithLogitsLoss(weight). Targets need not sum to 1: several labels may hold for an
 *  image, or none; `classes` may be 1. Where classes exclude each other it trains each against the rest. */
double medtl_loss_binary(const float *logits, const float *targets, size_t count, size_t classes,
                         const float *class_weights, double smoothing, float *dlogits);

/** Weights of classes from how often they occur, scaled so that the mean over the samples is 1.
 *  @param counts  [classes]; a class without samples gets weight 1.
 *  @param power   0: all equal; 0.5: by the inverse square root of the frequency; 1: by its inverse
 *                 ("balanced"). */
void medtl_class_weights(const size_t *counts, size_t classes, double power, float *weights);

/** What the logit-adjusted loss (Menon et al. 2021, arXiv 2007.07314, equation 10) adds to the logits before the
 *  softmax while it trains, and no more afterwards:
 *
 *      shift_k = tau log(s_k / max_j s_j),   s_k = weight_k n_k^(1 - sampling)
 *
 *  where s_k is how much class k counts in an epoch (the paper's prior, up to a constant that a softmax does not
 *  see). With tau 1 the loss is consistent for balanced accuracy; rare classes get a margin, which weights do not give
 *  once the training images are fitted.
 *  @param counts         [classes] training images; a class without any is taken as if it had one.
 *  @param class_weights  [classes], above 0; NULL: all 1.
 *  @param sampling       The power that the epoch is sampled with, 0 to 1.
 *  @param[out] shifts    [classes], at most 0. */
void medtl_logit_adjustment(const size_t *counts, size_t classes, const float *class_weights,
                            double sampling, double tau, float *shifts);

#endif
