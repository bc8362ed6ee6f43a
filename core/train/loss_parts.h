/* What the files of the classification losses share. */
#ifndef MEDTL_TRAIN_LOSS_PARTS_H
#define MEDTL_TRAIN_LOSS_PARTS_H

#include "loss.h"

/** log sum_k exp(logits_k), without overflow. @param classes  At least 1. */
double medtl_log_sum_exp(const float *logits, size_t classes);

/** class_weights[k], or 1 where there are none. */
double medtl_class_weight(const float *class_weights, size_t k);

/** sum_ik weight_k target_ik: what a mean over samples divides by. */
double medtl_target_weight(const float *targets, size_t count, size_t classes,
                           const float *class_weights);

#endif
