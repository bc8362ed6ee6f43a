/* Between which values the inputs of a network's convolutions lie, from watching a predictor run (post-training
 * calibration). */
#ifndef MEDTL_NN_RANGE_RECORDER_H
#define MEDTL_NN_RANGE_RECORDER_H

#include "network.h"
#include "profile.h"
#include "ranges.h"

typedef struct medtl_range_recorder medtl_range_recorder;

/** @param network  That the watched predictor's plan was made of; borrowed. */
medtl_status medtl_range_recorder_create(medtl_network *network, medtl_range_recorder **out,
                                         medtl_error *err);
void medtl_range_recorder_destroy(medtl_range_recorder *recorder); /* NULL is allowed */

/** For medtl_predictor_watch(), with the recorder as context. Counts every input value of the convolutions on blocks in
 *  bins that are 1/64 to 1/128 of a value wide. */
void medtl_range_recorder_watch(void *recorder, const medtl_node_run *run);

/** The ranges seen. @param cut  Share of all values that may lie beyond the upper edge, and as many beyond the lower
 *  one; 0: none.
 *  @return MEDTL_E_ARGUMENT if nothing was seen; MEDTL_E_MEMORY, also for watching. */
medtl_status medtl_range_recorder_finish(const medtl_range_recorder *recorder, double cut,
                                         medtl_ranges *out, medtl_error *err);

#endif
