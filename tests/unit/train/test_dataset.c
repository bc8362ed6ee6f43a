#include "core/train/dataset.h"
#include "synthetic.h"

#include <math.h>

enum { COUNT = 150 };

static synthetic source;

Test(dataset, pixels_are_16_bit_fractions_of_the_range_before_mean_and_sd)
{
    medtl_dataset *dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    uint16_t room[PLANE];
    float scratch[PLANE], original[PLANE];
    const uint16_t *pixels = NULL;

    for (size_t i = 0; i < COUNT; i += 37) {
        cr_assert_eq(medtl_dataset_load(dataset, i, room, scratch, &pixels, NULL), MEDTL_OK);
        (void)synthetic_read(&source, i, original, NULL);
        for (size_t k = 0; k < PLANE; k++)
            cr_assert(fabs(((double)pixels[k] / 65535.0 - 0.5) / 0.25 - (double)original[k]) <
                      4e-5);
    }
    medtl_dataset_destroy(dataset);
}

Test(dataset, beyond_the_cache_images_are_read_again_with_the_same_result)
{
    medtl_dataset *whole = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    medtl_dataset *part = synthetic_dataset(&source, COUNT, 100 * PLANE * sizeof(uint16_t), 1);
    uint16_t room[PLANE];
    float scratch[PLANE];
    const uint16_t *a = NULL, *b = NULL;

    for (size_t i = 0; i < COUNT; i++) {
        cr_assert_eq(medtl_dataset_load(whole, i, room, scratch, &a, NULL), MEDTL_OK);
        cr_assert_eq(source.reads[i], 2 + 0u, "image %zu was read once for each data set", i);
        cr_assert_eq(medtl_dataset_load(part, i, room, scratch, &b, NULL), MEDTL_OK);
        cr_assert_eq(source.reads[i], i < 100 ? 2u : 3u, "image %zu", i);
        cr_assert_eq(b == room, i >= 100);
        cr_assert_arr_eq(a, b, sizeof room);
    }
    medtl_dataset_destroy(whole);
    medtl_dataset_destroy(part);
}

typedef struct seen {
    size_t next, failures;
    size_t stop_at;
} seen;

static medtl_status watch(void *context, size_t index, const medtl_error *failure)
{
    seen *s = context;

    cr_assert_eq(index, s->next++, "in order");
    if (failure != NULL) {
        cr_assert_eq(failure->status, MEDTL_E_FORMAT);
        s->failures++;
    }
    return s->stop_at > 0 && index == s->stop_at ? MEDTL_E_CANCELLED : MEDTL_OK;
}

static medtl_status create(seen *s, size_t threads, medtl_dataset **out)
{
    const medtl_sample_reader reader = {synthetic_read, &source};
    static uint32_t labels[COUNT];
    const medtl_dataset_spec spec = {.count = COUNT,
                                     .classes = 2,
                                     .labels = labels,
                                     .channels = 1,
                                     .height = SIDE,
                                     .width = SIDE,
                                     .mean = {0.5f},
                                     .sd = {0.25f},
                                     .cache_bytes = UINT64_MAX,
                                     .threads = threads};

    return medtl_dataset_create(&spec, &reader, watch, s, out, NULL);
}

Test(dataset, every_broken_image_is_reported_and_left_out)
{
    seen s = {0};
    medtl_dataset *dataset = NULL;

    source.broken_from = 140;
    cr_assert_eq(create(&s, 4, &dataset), MEDTL_OK);
    cr_assert_eq(s.next, COUNT);
    cr_assert_eq(s.failures, 10);
    for (size_t i = 0; i < COUNT; i++)
        cr_assert_eq(medtl_dataset_usable(dataset, i) != 0, i < 140);
    medtl_dataset_destroy(dataset);
}

Test(dataset, the_watcher_can_stop_the_reading)
{
    seen s = {.stop_at = 70};
    medtl_dataset *dataset = NULL;

    cr_assert_eq(create(&s, 2, &dataset), MEDTL_E_CANCELLED);
    cr_assert_null(dataset);
    cr_assert_eq(s.next, 71);
}

Test(dataset, impossible_descriptions_are_refused)
{
    const medtl_sample_reader reader = {synthetic_read, &source};
    uint32_t labels[1] = {2};
    const medtl_dataset_spec good = {.count = 1,
                                     .classes = 3,
                                     .labels = labels,
                                     .channels = 1,
                                     .height = SIDE,
                                     .width = SIDE,
                                     .sd = {1.0f},
                                     .threads = 1};
    medtl_dataset_spec bad[5];
    medtl_dataset *dataset = NULL;

    for (int i = 0; i < 5; i++)
        bad[i] = good;
    bad[0].classes = 2; /* the label is out of range */
    bad[1].channels = 2;
    bad[2].sd[0] = 0.0f;
    bad[3].height = 0;
    bad[4].count = 0;
    for (int i = 0; i < 5; i++)
        cr_assert_eq(medtl_dataset_create(&bad[i], &reader, NULL, NULL, &dataset, NULL),
                     MEDTL_E_ARGUMENT, "%d", i);
}
