/* The curves behind two numbers: ROC behind the AUC, reliability behind the calibration error. For charts. */
#ifndef MEDTL_EVAL_CURVES_H
#define MEDTL_EVAL_CURVES_H

#include "core/eval/auc.h"
#include "core/eval/evaluation.h"

/** The points of a ROC curve, from (0, 0) to (1, 1), one for each score that occurs: what lies above the threshold is
 *  taken for positive (Fawcett, Pattern Recognition Letters 2006;27:861). The area below them is the AUC.
 *  @param[out] false_positive_rate, sensitivity  Room for ranking->count + 1 values each.
 *  @return how many points there are; 0 where one of the two kinds is missing. */
size_t medtl_roc_points(const medtl_ranking *ranking, double *false_positive_rate,
                        double *sensitivity);

typedef struct medtl_reliability_bin {
    size_t count;
    double confidence; /* mean probability of the predicted class; NAN where count is 0 */
    double accuracy;   /* share that was right; NAN where count is 0 */
} medtl_reliability_bin;

/** The bins of the expected calibration error: [b / 15, (b + 1) / 15) of the most probable class's probability, 1
 *  in the last. @param[out] bins  [MEDTL_CALIBRATION_BINS]. */
void medtl_reliability(const medtl_predictions *predictions,
                       medtl_reliability_bin bins[MEDTL_CALIBRATION_BINS]);

#endif
