/* Cases dealt to parts for cross-validation. */
#ifndef MEDTL_EVAL_DEAL_H
#define MEDTL_EVAL_DEAL_H

#include "core/eval/evaluation.h"

/** The part of each case, from 0. Groups stay together; those of one class take the parts in turn, and the next class
 *  goes on where it ended (a group counts for the first class that occurs in it), so that parts hardly differ in size
 *  and classes.
 *  @param parts  At least 1. @return [count], owned by the caller (free); NULL without memory. */
size_t *medtl_deal_cases(const medtl_predictions *cases, size_t parts);

#endif
