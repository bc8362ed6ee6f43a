/* A small pool of threads for splitting one pass. No process-wide state. */
#ifndef MEDTL_BASE_POOL_H
#define MEDTL_BASE_POOL_H

#include "medtl/error.h"

#include <stddef.h>

typedef struct medtl_pool medtl_pool;

/** @param threads  At least 1; the calling thread of medtl_pool_for() is one of them. */
medtl_status medtl_pool_create(size_t threads, medtl_pool **out, medtl_error *err);
void medtl_pool_destroy(medtl_pool *pool); /* NULL is allowed */
size_t medtl_pool_threads(const medtl_pool *pool);

/** One piece of work. @param worker  0-based index of the thread, below medtl_pool_threads(): for scratch. */
typedef void (*medtl_pool_task)(void *context, size_t index, size_t worker);

/** Run task(context, 0 .. count-1), in any order, and return when all are done. Each worker begins with a share of
 *  neighbouring indices, in order; one that is done early takes the last of another's. So which worker runs which index
 *  is not defined, and results must not depend on it. Not reentrant. */
void medtl_pool_for(medtl_pool *pool, size_t count, medtl_pool_task task, void *context);

#endif
