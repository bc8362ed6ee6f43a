/* Small made-up data sets for the tests of the training code. */
#ifndef MEDTL_TEST_SYNTHETIC_H
#define MEDTL_TEST_SYNTHETIC_H

#include "core/base/random.h"
#include "core/train/dataset.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SIDE = 16, PLANE = SIDE * SIDE };

/** Image i: noise, and in odd images a brighter quarter somewhere. Its class is i % 2, so it can be
 *  learned. Images beyond `broken_from` cannot be read. */
typedef struct synthetic {
    size_t reads[4096]; /* how often each was read; only for single-threaded use */
    size_t broken_from;
} synthetic;

static medtl_status synthetic_read(void *context, size_t index, float *out, medtl_error *err)
{
    synthetic *s = context;
    medtl_random root, random;
    size_t x, y;

    if (s->broken_from > 0 && index >= s->broken_from)
        return medtl_fail(err, MEDTL_E_FORMAT, "image %zu is broken", index);
    s->reads[index]++;
    medtl_random_seed(&root, 99);
    medtl_random_fork(&root, index, &random);
    for (size_t i = 0; i < PLANE; i++)
        out[i] = (float)(0.3 + 0.1 * medtl_random_normal(&random));
    x = medtl_random_below(&random, SIDE / 2);
    y = medtl_random_below(&random, SIDE / 2);
    for (size_t row = y; row < y + SIDE / 2; row++)
        for (size_t column = x; column < x + SIDE / 2; column++)
            out[row * SIDE + column] += index % 2 == 1 ? 0.4f : 0.0f;
    for (size_t i = 0; i < PLANE; i++) /* what a normaliser gives: 0 to 1, then mean and sd */
        out[i] = ((out[i] < 0.0f ? 0.0f : out[i] > 1.0f ? 1.0f : out[i]) - 0.5f) / 0.25f;
    return MEDTL_OK;
}

static inline medtl_dataset *synthetic_dataset(synthetic *s, size_t count, uint64_t cache_bytes,
                                               size_t threads)
{
    const medtl_sample_reader reader = {synthetic_read, s};
    uint32_t *labels = calloc(count, sizeof *labels);
    const medtl_dataset_spec spec = {.count = count,
                                     .classes = 2,
                                     .labels = labels,
                                     .channels = 1,
                                     .height = SIDE,
                                     .width = SIDE,
                                     .mean = {0.5f},
                                     .sd = {0.25f},
                                     .cache_bytes = cache_bytes,
                                     .threads = threads};
    medtl_dataset *dataset = NULL;
    medtl_error err = {0};

    for (size_t i = 0; i < count; i++)
        labels[i] = (uint32_t)(i % 2);
    cr_assert_eq(medtl_dataset_create(&spec, &reader, NULL, NULL, &dataset, &err), MEDTL_OK, "%s",
                 err.message);
    free(labels);
    return dataset;
}

#endif
