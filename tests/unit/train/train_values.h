/* The inputs of make_train_goldens.py. */
#ifndef MEDTL_TEST_TRAIN_VALUES_H
#define MEDTL_TEST_TRAIN_VALUES_H

#include <stddef.h>

/* A multiple of 1/16 in [-2, 2). */
static inline float train_value(size_t seed, size_t index)
{
    return (float)((int)((index * 37 + seed * 23 + index * index * 5) % 64) - 32) / 16.0f;
}

static inline void train_values(size_t seed, float *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = train_value(seed, i);
}

#endif
