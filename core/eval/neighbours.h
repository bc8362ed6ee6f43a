/* What an image's nearest neighbours say it is: a measure of features that trains nothing. */
#ifndef MEDTL_EVAL_NEIGHBOURS_H
#define MEDTL_EVAL_NEIGHBOURS_H

#include "core/base/pool.h"
#include "medtl/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct medtl_neighbours {
    const float *features;  /* [count][size] */
    const uint32_t *labels; /* [count], below classes */
    const uint32_t *groups; /* [count]; NULL: each row is a group of its own */
    size_t count, size, classes;
    size_t neighbours;  /* k, at least 1; fewer count where there are fewer */
    double temperature; /* above 0; 0.07 in the paper */
} medtl_neighbours;

/** Weighted k nearest neighbours (Wu et al. 2018, arXiv 1805.01978, section 3.4): each row is asked about, and its
 *  neighbours are the k rows OF OTHER GROUPS with the largest cosine similarity s (the first of equals); they
 *  vote for their class with exp(s / temperature). A patient's other images thus say nothing about a row.
 *  @param pool         May be NULL. The result does not depend on it.
 *  @param[out] scores  [count][classes]: shares of the votes; rows sum to 1.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT with fewer than two groups, labels out of range or features that are
 *          not finite; MEDTL_E_MEMORY. */
medtl_status medtl_neighbours_vote(const medtl_neighbours *n, medtl_pool *pool, float *scores,
                                   medtl_error *err);

#endif
