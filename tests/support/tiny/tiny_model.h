/* Models without training: small enough to make in a test, and right for a task in all but their answers. */
#ifndef TEST_TINY_MODEL_H
#define TEST_TINY_MODEL_H

#include "medtl/config.h"

/** Write a model that fits `task`. @param seed  Other seed, other weights. */
medtl_status tiny_model_write(const medtl_task *task, unsigned seed, const char *path,
                              medtl_error *err);

#endif
