#include "core/base/random.h"
#include "core/eval/bootstrap.h"

#include <criterion/criterion.h>
#include <math.h>

enum { COUNT = 400 };

typedef struct sample {
    double values[COUNT];
    size_t count;
} sample;

static void mean(void *context, const uint32_t *weights, double *values)
{
    const sample *s = context;
    double sum = 0.0, total = 0.0;

    for (size_t i = 0; i < s->count; i++) {
        sum += weights[i] * s->values[i];
        total += weights[i];
    }
    values[0] = sum / total;
    values[1] = total;
    values[2] = (double)NAN; /* never defined */
}

static void run(sample *s, const uint32_t *groups, size_t group_count, size_t resamples,
                uint64_t seed, medtl_interval result[3])
{
    cr_assert_eq(
        medtl_bootstrap(groups, s->count, group_count, resamples, seed, mean, s, 3, result, NULL),
        MEDTL_OK);
}

Test(bootstrap, interval_of_a_mean_matches_the_normal_theory)
{
    /* 95 % of a mean: +-1.96 standard errors. */
    sample s = {.count = COUNT};
    uint32_t groups[COUNT];
    medtl_interval result[3];
    medtl_random random;
    double sum = 0.0, square = 0.0, error;

    medtl_random_seed(&random, 11);
    for (size_t i = 0; i < COUNT; i++) {
        s.values[i] = medtl_random_normal(&random);
        groups[i] = (uint32_t)i;
        sum += s.values[i];
        square += s.values[i] * s.values[i];
    }
    error = sqrt((square / COUNT - sum / COUNT * sum / COUNT) / COUNT);
    run(&s, groups, COUNT, 4000, 1, result);
    cr_assert_float_eq(result[0].value, sum / COUNT, 1e-12);
    cr_assert_float_eq(result[0].low, sum / COUNT - 1.96 * error, 0.15 * error);
    cr_assert_float_eq(result[0].high, sum / COUNT + 1.96 * error, 0.15 * error);
}

Test(bootstrap, whole_groups_are_drawn)
{
    /* Four copies of each value in one group hold no more information than one: the interval must be as
     * wide as that of 100 values, so twice as wide as for 400 single ones. */
    sample s = {.count = COUNT};
    uint32_t grouped[COUNT], single[COUNT];
    medtl_interval wide[3], narrow[3];
    medtl_random random;

    medtl_random_seed(&random, 5);
    for (size_t i = 0; i < COUNT; i++) {
        s.values[i] = i % 4 == 0 ? medtl_random_normal(&random) : s.values[i - 1];
        grouped[i] = (uint32_t)(i / 4);
        single[i] = (uint32_t)i;
    }
    run(&s, grouped, COUNT / 4, 2000, 1, wide);
    run(&s, single, COUNT, 2000, 1, narrow);
    cr_assert_float_eq((wide[0].high - wide[0].low) / (narrow[0].high - narrow[0].low), 2.0, 0.2);
    cr_assert_eq(wide[1].low, COUNT, "groups of one size: every resample has as many cases");
    cr_assert_eq(wide[1].high, COUNT);
}

Test(bootstrap, same_seed_same_numbers_and_undefined_stays_undefined)
{
    sample s = {.values = {1.0, 2.0, 5.0}, .count = 3};
    const uint32_t groups[3] = {0, 1, 2};
    medtl_interval a[3], b[3], none[3];

    run(&s, groups, 3, 500, 9, a);
    run(&s, groups, 3, 500, 9, b);
    run(&s, groups, 3, 0, 9, none);
    cr_assert_eq(a[0].low, b[0].low);
    cr_assert_eq(a[0].high, b[0].high);
    cr_assert(isnan(a[2].value) && isnan(a[2].low) && isnan(a[2].high));
    cr_assert(!isnan(none[0].value) && isnan(none[0].low), "no resamples, no interval");
}
