/* Intervals of an AUC, and the difference of two AUCs on the same cases, without resampling: DeLong, DeLong &
 * Clarke-Pearson, Biometrics 1988;44:837, worked out in one sort (Sun & Xu, IEEE Signal Processing Letters 2014;21:1389).
 *
 * Where cases come in groups (images of a patient), a case's components are added up within its group first
 * (Obuchowski, Biometrics 1997;53:567, whose cross term has a factor that differs from ours by the order of one over
 * the number of groups). With a group for each case the numbers are exactly DeLong's. */
#ifndef MEDTL_EVAL_DELONG_H
#define MEDTL_EVAL_DELONG_H

#include "core/eval/bootstrap.h"
#include "core/eval/evaluation.h"

/** For `class_index`: the mean of the AUCs of all classes that occur (and are not all there is). */
#define MEDTL_ALL_CLASSES ((size_t)-1)

typedef struct medtl_delong {
    medtl_interval first, second; /* 95 %, normal, cut at 0 and 1; limits NAN without variance */
    medtl_interval difference;    /* second less first */
    double variance[2], covariance;
    double z,
        p; /* of the difference, two-sided; z 0 and p 1 where the two scorings rank all cases alike; NAN where they
              differ without variance */
} medtl_delong;

/** @param second  Of the same cases; NULL: only `first` is wanted, and all of `second`, `difference`, z and p are NAN.
 *  @param class_index  This class against the rest by its probability, or MEDTL_ALL_CLASSES.
 *  @param[out] out  All NAN where the AUC is not defined (a kind is missing).
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT where the two are not of the same cases; MEDTL_E_MEMORY. */
medtl_status medtl_delong_test(const medtl_predictions *first, const medtl_predictions *second,
                               size_t class_index, medtl_delong *out, medtl_error *err);

#endif
