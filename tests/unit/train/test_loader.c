#include "core/train/loader.h"
#include "synthetic.h"

#include <criterion/parameterized.h>
#include <math.h>
#include <string.h>

enum { COUNT = 50, BATCH = 8, BATCHES = 7 };

static synthetic source;

typedef struct collected {
    float input[COUNT * PLANE], targets[COUNT * 2];
} collected;

static medtl_loader_spec spec_of(const medtl_dataset *dataset, const size_t *order, size_t threads)
{
    medtl_loader_spec spec = {.dataset = dataset,
                              .order = order,
                              .count = COUNT,
                              .batch = BATCH,
                              .threads = threads,
                              .seed = 3,
                              .epoch = 2};

    cr_assert_eq(medtl_augment_parse("dermoscopy", &spec.augment, NULL), MEDTL_OK);
    return spec;
}

static void collect(const medtl_loader_spec *spec, collected *out)
{
    medtl_loader *loader = NULL;
    medtl_batch batch;
    size_t at = 0, batches = 0;

    cr_assert_eq(medtl_loader_create(spec, &loader, NULL), MEDTL_OK);
    for (;;) {
        cr_assert_eq(medtl_loader_next(loader, &batch, NULL), MEDTL_OK);
        if (batch.count == 0)
            break;
        memcpy(out->input + at * PLANE, batch.input, batch.count * PLANE * sizeof(float));
        memcpy(out->targets + at * 2, batch.targets, batch.count * 2 * sizeof(float));
        at += batch.count;
        batches++;
    }
    cr_assert_eq(at, COUNT);
    cr_assert_eq(batches, BATCHES);
    medtl_loader_destroy(loader);
}

static void backwards(size_t order[COUNT])
{
    for (size_t i = 0; i < COUNT; i++)
        order[i] = COUNT - 1 - i;
}

Test(loader, gives_the_images_of_the_order_with_their_classes)
{
    medtl_dataset *dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    static collected got;
    size_t order[COUNT];
    medtl_loader_spec spec;
    float original[PLANE];

    backwards(order);
    spec = spec_of(dataset, order, 2);
    memset(&spec.augment, 0, sizeof spec.augment);
    collect(&spec, &got);
    for (size_t i = 0; i < COUNT; i++) {
        (void)synthetic_read(&source, order[i], original, NULL);
        for (size_t k = 0; k < PLANE; k++)
            cr_assert(fabs((double)got.input[i * PLANE + k] - (double)original[k]) < 5e-5);
        cr_assert_eq(got.targets[2 * i + order[i] % 2], 1.0f);
        cr_assert_eq(got.targets[2 * i + 1 - order[i] % 2], 0.0f);
    }
    medtl_dataset_destroy(dataset);
}

Test(loader, threads_and_cache_do_not_change_a_bit)
{
    static collected a, b;
    size_t order[COUNT];

    backwards(order);
    for (int round = 0; round < 6; round++) {
        medtl_dataset *dataset =
            synthetic_dataset(&source, COUNT, round % 2 == 0 ? UINT64_MAX : 0, 1);
        medtl_loader_spec spec = spec_of(dataset, order, 1 + (size_t)round);

        spec.mixup = 0.4;
        collect(&spec, round == 0 ? &a : &b);
        cr_assert(round == 0 || memcmp(&a, &b, sizeof a) == 0, "round %d", round);
        medtl_dataset_destroy(dataset);
    }
}

Test(loader, epochs_and_seeds_differ)
{
    static collected a, b;
    medtl_dataset *dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    size_t order[COUNT];
    medtl_loader_spec spec;

    backwards(order);
    spec = spec_of(dataset, order, 2);
    collect(&spec, &a);
    spec.epoch++;
    collect(&spec, &b);
    cr_assert_neq(memcmp(a.input, b.input, sizeof a.input), 0);
    spec.epoch--;
    spec.seed++;
    collect(&spec, &b);
    cr_assert_neq(memcmp(a.input, b.input, sizeof a.input), 0);
    medtl_dataset_destroy(dataset);
}

Test(loader, mixup_mixes_pairs_of_a_batch_by_one_share)
{
    static collected plain, mixed;
    medtl_dataset *dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    size_t order[COUNT];
    medtl_loader_spec spec;

    backwards(order); /* neighbours are of different classes: targets show the share */
    spec = spec_of(dataset, order, 3);
    collect(&spec, &plain);
    spec.mixup = 0.4;
    collect(&spec, &mixed);
    for (size_t i = 0; i + 1 < COUNT; i += 2) {
        const size_t own = order[i] % 2;
        const float share = mixed.targets[2 * i + own];
        const size_t first = i / BATCH * BATCH; /* of the batch */

        cr_assert(share >= 0.0f && share <= 1.0f);
        cr_assert_eq(share, mixed.targets[2 * first + order[first] % 2], "one share for a batch");
        cr_assert_float_eq(mixed.targets[2 * i] + mixed.targets[2 * i + 1], 1.0, 1e-6);
        for (size_t k = 0; k < PLANE; k++)
            cr_assert_float_eq(mixed.input[i * PLANE + k],
                               share * plain.input[i * PLANE + k] +
                                   (1.0f - share) * plain.input[(i + 1) * PLANE + k],
                               1e-5);
    }
    medtl_dataset_destroy(dataset);
}

/* How much of Beta(alpha, alpha) lies between 0.4 and 0.6: its density integrated by the trapezoidal rule; 1 is uniform. */
struct share_case {
    double alpha, even;
};

ParameterizedTestParameters(loader, mixup_draws_its_share_from_beta)
{
    static struct share_case cases[] = {
        {0.001, 0.000405}, {0.004, 0.001613}, {0.1, 0.035760},
        {0.4, 0.109609},   {1.0, 0.2},        {2.0, 0.296},
    };
    return cr_make_param_array(struct share_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct share_case *c, loader, mixup_draws_its_share_from_beta)
{
    enum { DRAWS = 20000 };
    static const uint32_t labels[] = {0, 1};
    static const float values[] = {0.0f, 0.0f};
    static size_t order[2 * DRAWS]; /* batches of one pair, so that each has a share of its own */
    medtl_dataset *dataset = NULL;
    medtl_loader *loader = NULL;
    medtl_loader_spec spec = {
        .order = order, .count = 2 * DRAWS, .batch = 2, .threads = 2, .mixup = c->alpha, .seed = 3};
    medtl_batch batch;
    size_t even = 0;

    for (size_t i = 0; i < 2 * DRAWS; i++)
        order[i] = i % 2;
    cr_assert_eq(medtl_dataset_create_vectors(labels, values, 2, 1, 2, &dataset, NULL), MEDTL_OK);
    spec.dataset = dataset;
    cr_assert_eq(medtl_loader_create(&spec, &loader, NULL), MEDTL_OK);
    while (medtl_loader_next(loader, &batch, NULL) == MEDTL_OK && batch.count > 0)
        even += batch.targets[0] > 0.4f && batch.targets[0] < 0.6f;
    cr_expect(fabs((double)even / DRAWS - c->even) < 5.0 * sqrt(c->even * (1.0 - c->even) / DRAWS),
              "alpha %g: %g of the draws, not %g", c->alpha, (double)even / DRAWS, c->even);
    medtl_loader_destroy(loader);
    medtl_dataset_destroy(dataset);
}

Test(loader, an_image_that_has_become_unreadable_ends_the_epoch_with_its_reason)
{
    medtl_dataset *dataset = synthetic_dataset(&source, COUNT, 0, 1);
    size_t order[COUNT];
    medtl_loader_spec spec;
    medtl_loader *loader = NULL;
    medtl_batch batch = {.count = 1};
    medtl_error err = {0};
    medtl_status status = MEDTL_OK;

    backwards(order);
    source.broken_from = 25;
    spec = spec_of(dataset, order, 2);
    cr_assert_eq(medtl_loader_create(&spec, &loader, NULL), MEDTL_OK);
    while (status == MEDTL_OK && batch.count > 0)
        status = medtl_loader_next(loader, &batch, &err);
    cr_assert_eq(status, MEDTL_E_FORMAT);
    cr_assert_not_null(strstr(err.message, "is broken"));
    medtl_loader_destroy(loader);
    medtl_dataset_destroy(dataset);
}

Test(loader, can_be_abandoned_at_any_time)
{
    medtl_dataset *dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    size_t order[COUNT];
    medtl_loader_spec spec;
    medtl_batch batch;

    backwards(order);
    spec = spec_of(dataset, order, 4);
    for (int taken = 0; taken < BATCHES; taken++) {
        medtl_loader *loader = NULL;

        cr_assert_eq(medtl_loader_create(&spec, &loader, NULL), MEDTL_OK);
        for (int i = 0; i < taken; i++)
            cr_assert_eq(medtl_loader_next(loader, &batch, NULL), MEDTL_OK);
        medtl_loader_destroy(loader);
    }
    medtl_dataset_destroy(dataset);
}

Test(loader, goes_on_behind_batches_that_were_used_already)
{
    medtl_dataset *dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    static collected whole;
    size_t order[COUNT];
    medtl_loader_spec spec;

    backwards(order);
    spec = spec_of(dataset, order, 2);
    spec.mixup = 0.3;
    collect(&spec, &whole);
    for (spec.done = 1; spec.done <= BATCHES + 1; spec.done++) {
        medtl_loader *loader = NULL;
        medtl_batch batch;
        size_t at = spec.done * BATCH;

        cr_assert_eq(medtl_loader_create(&spec, &loader, NULL), MEDTL_OK);
        while (medtl_loader_next(loader, &batch, NULL) == MEDTL_OK && batch.count > 0) {
            cr_assert_eq(
                memcmp(batch.input, whole.input + at * PLANE, batch.count * PLANE * sizeof(float)),
                0);
            at += batch.count;
        }
        cr_assert(at == COUNT || spec.done >= BATCHES, "%zu of %d", at, COUNT);
        medtl_loader_destroy(loader);
    }
    medtl_dataset_destroy(dataset);
}
