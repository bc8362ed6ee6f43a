#include "core/train/sampling.h"
#include "synthetic.h"

#include <string.h>

enum { COUNT = 100 };

static medtl_status read_nothing(void *context, size_t index, float *out, medtl_error *err)
{
    (void)context;
    (void)index;
    (void)err;
    out[0] = 0.0f;
    return MEDTL_OK;
}

/* 81 images of class 0, 16 of class 1, 3 of class 2, none of class 3; one pixel each. */
static medtl_dataset *uneven(void)
{
    const medtl_sample_reader reader = {read_nothing, NULL};
    uint32_t labels[COUNT];
    const medtl_dataset_spec spec = {.count = COUNT,
                                     .classes = 4,
                                     .labels = labels,
                                     .channels = 1,
                                     .height = 1,
                                     .width = 1,
                                     .sd = {1.0f},
                                     .threads = 1};
    medtl_dataset *dataset = NULL;

    for (size_t i = 0; i < COUNT; i++)
        labels[i] = i < 81 ? 0 : i < 97 ? 1 : 2;
    cr_assert_eq(medtl_dataset_create(&spec, &reader, NULL, NULL, &dataset, NULL), MEDTL_OK);
    return dataset;
}

static void plan(double power, uint64_t seed, uint64_t epoch, size_t order[COUNT])
{
    medtl_dataset *dataset = uneven();
    size_t indices[COUNT];

    for (size_t i = 0; i < COUNT; i++)
        indices[i] = i;
    cr_assert_eq(medtl_sampling_plan(dataset, indices, COUNT, power, seed, epoch, order, NULL),
                 MEDTL_OK);
    medtl_dataset_destroy(dataset);
}

static void count_classes(const size_t order[COUNT], size_t counts[3], size_t times[COUNT])
{
    memset(counts, 0, 3 * sizeof *counts);
    memset(times, 0, COUNT * sizeof *times);
    for (size_t i = 0; i < COUNT; i++) {
        counts[order[i] < 81 ? 0 : order[i] < 97 ? 1 : 2]++;
        times[order[i]]++;
    }
}

Test(sampling, natural_shows_each_image_once)
{
    size_t order[COUNT], counts[3], times[COUNT];

    plan(0.0, 1, 1, order);
    count_classes(order, counts, times);
    for (size_t i = 0; i < COUNT; i++)
        cr_assert_eq(times[i], 1);
}

Test(sampling, balanced_gives_each_class_that_occurs_an_equal_share)
{
    size_t order[COUNT], counts[3], times[COUNT];

    plan(1.0, 1, 1, order);
    count_classes(order, counts, times);
    for (int k = 0; k < 3; k++)
        cr_assert(counts[k] == 33 || counts[k] == 34, "class %d: %zu", k, counts[k]);
    for (size_t i = 0; i < COUNT; i++) /* in whole rounds: nobody twice before everybody once */
        cr_assert(times[i] <= (i < 81   ? 1u
                               : i < 97 ? 3u
                                        : 12u),
                  "image %zu: %zu times", i, times[i]);
}

Test(sampling, square_root_shares)
{
    /* Square roots 9 : 4 : 1.732 of 100: 61.1, 27.2, 11.8. */
    size_t order[COUNT], counts[3], times[COUNT];

    plan(0.5, 1, 1, order);
    count_classes(order, counts, times);
    cr_assert(counts[0] == 61 && counts[1] == 27 && counts[2] == 12, "%zu %zu %zu", counts[0],
              counts[1], counts[2]);
}

Test(sampling, depends_on_seed_and_epoch_alone)
{
    size_t a[COUNT], b[COUNT];

    for (int i = 0; i < 2; i++) {
        const double power = i == 0 ? 0.0 : 1.0;

        plan(power, 5, 3, a);
        plan(power, 5, 3, b);
        cr_assert_arr_eq(a, b, sizeof a);
        plan(power, 5, 4, b);
        cr_assert_arr_neq(a, b, sizeof a);
        plan(power, 6, 3, b);
        cr_assert_arr_neq(a, b, sizeof a);
    }
}
