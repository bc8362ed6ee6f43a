/* Intervals that resampling cannot give. Where every case is right, every resample of them is right, too: the percentile
 * interval then has no width, which says nothing of how sure the number is (8 of 8 right are 0.63 to 1 at 95 %). */
#ifndef MEDTL_EVAL_WIDTH_H
#define MEDTL_EVAL_WIDTH_H

#include "core/eval/bootstrap.h"

/** A share of cases with an interval that has no width: the exact one at 0 and at 1 (Clopper & Pearson, Biometrika
 *  1934;26:404), counting groups, whose cases may stand for one another; NAN anywhere between. Others are given back.
 *  @param groups  Groups with a case that the share is of. */
medtl_interval medtl_interval_of_share(medtl_interval resampled, size_t groups);

/** Of any other number: an interval without width becomes NAN. */
medtl_interval medtl_interval_with_width(medtl_interval resampled);

#endif
