/* The area under the ROC curve as the chance that a positive case scores higher than a negative one,
 * ties counting one half (Mann-Whitney; Hanley & McNeil, Radiology 1982;143:29). */
#ifndef MEDTL_EVAL_AUC_H
#define MEDTL_EVAL_AUC_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Cases in rising order of score, cut into runs of equal scores, so that resampling needs no sort. */
typedef struct medtl_ranking {
    size_t count;
    size_t *order;  /* case indices by rising score; owned */
    bool *ends_tie; /* [i]: order[i] is the last case of its score; owned */
    bool *positive; /* [case]; owned */
} medtl_ranking;

/** @param scores  count values, `stride` floats apart; finite.
 *  @param labels  count class indices; positive where equal to `positive_label`. */
medtl_status medtl_ranking_create(const float *scores, size_t stride, const uint32_t *labels,
                                  uint32_t positive_label, size_t count, medtl_ranking *out,
                                  medtl_error *err);
/** Rank cases by the odds of one class. Floats near 1 cannot tell sure cases apart (from a difference of 17 between two logits
 *  on, the probability is 1), so that an AUC from them would depend on the temperature; what is left for the other classes can.
 *  @param probabilities  [count][classes], each row adding up to 1. Cases are positive where their label is `class_index`. */
medtl_status medtl_ranking_create_for_class(const float *probabilities, size_t classes,
                                            const uint32_t *labels, uint32_t class_index,
                                            size_t count, medtl_ranking *out, medtl_error *err);
void medtl_ranking_clear(medtl_ranking *ranking);

/** @param weights  How often each case counts ([count]); NULL: once each.
 *  @return 0 to 1, or NAN where one of the two kinds has no weight. */
double medtl_ranking_auc(const medtl_ranking *ranking, const uint32_t *weights);

/** The threshold at which sensitivity + specificity is largest, when scores of at least the threshold count
 *  as positive (Youden, Cancer 1950;3:32): half way between two neighbouring scores; of equals the highest.
 *  Arguments as for medtl_ranking_create(). @return NAN where one kind is missing, or without memory. */
double medtl_youden_threshold(const float *scores, size_t stride, const uint32_t *labels,
                              uint32_t positive_label, size_t count);

#endif
