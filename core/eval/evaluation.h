/* How good a set of predictions is: what `medtl evaluate` prints and what finetune chooses by. */
#ifndef MEDTL_EVAL_EVALUATION_H
#define MEDTL_EVAL_EVALUATION_H

#include "core/eval/bootstrap.h"
#include "medtl/error.h"

#include <stddef.h>
#include <stdint.h>

/** Predictions with their truth. Borrowed. */
typedef struct medtl_predictions {
    size_t count, classes;      /* both at least 1 */
    const float *probabilities; /* [count][classes], rows sum to 1 */
    const uint32_t *labels;     /* [count], 0 to classes - 1 */
    const uint32_t
        *groups; /* [count], 0 to group_count - 1; NULL: each case is a group of its own */
    size_t group_count;
} medtl_predictions;

typedef struct medtl_evaluation_options {
    size_t resamples; /* 2000 is customary; 0: no intervals */
    uint64_t seed;
    int positive_class; /* -1: the most probable class is predicted (the first of equals) */
    double threshold;   /* with a positive class: predicted where its probability is >= this, else
                           the most probable of the others */
} medtl_evaluation_options;

typedef struct medtl_class_evaluation {
    size_t support;             /* cases of this class */
    medtl_interval sensitivity; /* predicted so, of those that are; NAN without any */
    medtl_interval specificity; /* not predicted so, of those that are not */
    medtl_interval precision;   /* are so, of those predicted so; NAN where never predicted */
    medtl_interval
        f1; /* harmonic mean of precision and sensitivity; NAN where neither the truth nor
                                   the prediction ever is this class */
    medtl_interval auc; /* one class against the rest, by its probability */
    medtl_interval
        auc_delong; /* the same, with DeLong's interval (delong.h) instead of the bootstrap's */
} medtl_class_evaluation;

enum { MEDTL_CALIBRATION_BINS = 15 };

typedef struct medtl_evaluation {
    size_t count, groups, classes;
    uint64_t *confusion; /* [truth][predicted] */
    medtl_interval accuracy;
    medtl_interval balanced_accuracy; /* mean sensitivity of the classes that occur */
    medtl_interval macro_f1;          /* mean of the classes whose F1 is defined */
    medtl_interval macro_auc;         /* mean of the classes whose AUC is defined */
    medtl_interval macro_auc_delong;  /* the same, with DeLong's interval */
    medtl_interval log_loss; /* mean -log probability of the truth; probabilities from 1e-12 */
    medtl_interval brier;    /* mean of sum over classes of (probability - truth)^2, 0 to 2 */
    medtl_interval
        calibration_error; /* ECE over 15 equal bins of the predicted class's probability */
    medtl_class_evaluation *per_class; /* [classes] */
} medtl_evaluation;

/** Evaluate. Intervals come from resampling whole groups; the same seed gives the same numbers.
 *  @param[out] out  For medtl_evaluation_destroy().
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for no cases, labels or groups out of range or numbers that
 *          are not probabilities; MEDTL_E_MEMORY. */
medtl_status medtl_evaluation_create(const medtl_predictions *predictions,
                                     const medtl_evaluation_options *options,
                                     medtl_evaluation **out, medtl_error *err);
void medtl_evaluation_destroy(medtl_evaluation *evaluation); /* NULL is allowed */

/** The class that these probabilities predict under the options' rule. */
size_t medtl_predicted_class(const float *probabilities, size_t classes,
                             const medtl_evaluation_options *options);

#endif
