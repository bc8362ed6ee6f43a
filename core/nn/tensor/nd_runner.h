/* Running a plan: one arena, its nodes in order. For one thread of the caller at a time. The same inputs give the same
 * bits whatever the number of threads: work is cut by shapes alone, and each element is summed by one thread. */
#ifndef MEDTL_ND_RUNNER_H
#define MEDTL_ND_RUNNER_H

#include "nd_plan.h"

#include "core/base/pool.h"

typedef struct medtl_nd_runner medtl_nd_runner;

/** @param plan  Borrowed. @param pool  Borrowed. */
medtl_status medtl_nd_runner_create(const medtl_nd_plan *plan, medtl_pool *pool,
                                    medtl_nd_runner **out, medtl_error *err);
void medtl_nd_runner_destroy(medtl_nd_runner *runner); /* NULL is allowed */

/** @param inputs  One for each input of the graph, in its order; read while it runs. Cannot fail. */
void medtl_nd_runner_run(medtl_nd_runner *runner, const void *const *inputs);

/** Output k of the last run; borrowed until the next, and as long as its inputs are there. */
const void *medtl_nd_runner_output(const medtl_nd_runner *runner, size_t k);

#endif
