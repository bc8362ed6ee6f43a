/* Softmax cross-entropy with soft targets, class weights and label smoothing. */
#ifndef MEDTL_TRAIN_LOSS_H
#define MEDTL_TRAIN_LOSS_H

#include <stddef.h>

/** With q = (1 - smoothing) * target + smoothing / classes and p = softmax(logits):
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

/** Weights of classes from how often they occur, scaled so that the mean over the samples is 1.
 *  @param counts  [classes]; a class without samples gets weight 1.
 *  @param power   0: all equal; 0.5: by the inverse square root of the frequency; 1: by its inverse
 *                 ("balanced"). */
void medtl_class_weights(const size_t *counts, size_t classes, double power, float *weights);

#endif
