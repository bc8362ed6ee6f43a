/* What a row of probabilities comes to, and the order in which classes are listed. */
#ifndef MEDTL_REPORT_DECISION_H
#define MEDTL_REPORT_DECISION_H

#include "medtl/config.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Are these probabilities: all finite, within 0 to 1, and of sum 1 (to 0.001)? */
bool medtl_probabilities_are_valid(const float *probabilities, size_t count) MEDTL_NOEXCEPT;

/** Class indices by falling probability; equal ones keep the task's order. */
void medtl_order_by_probability(const float *probabilities, size_t count,
                                size_t *order) MEDTL_NOEXCEPT;

/** Which classes are listed, by falling probability: the task->top_k most probable of those that reach
 *  task->min_probability, and whatever they are, the one that the image is reported as and the positive one.
 *  @param[out] order  Room for task->class_count indices.
 *  @return How many. */
size_t medtl_listed_classes(const medtl_task *task, const float *probabilities,
                            size_t *order) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
