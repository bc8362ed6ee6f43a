#include "core/base/random.h"
#include "core/eval/calibration.h"

#include <criterion/criterion.h>
#include <math.h>

Test(softmax, matches_hand_calculation_and_does_not_overflow)
{
    /* exp(0) : exp(ln 3) = 1 : 3; at temperature 2 it is 1 : sqrt(3). */
    const float logits[4] = {0.0f, 1.0986123f, 1000.0f, 0.0f};
    float p[4];

    medtl_softmax(logits, 2, 2, 1.0, p);
    cr_assert_float_eq(p[0], 0.25, 1e-6);
    cr_assert_float_eq(p[1], 0.75, 1e-6);
    cr_assert_float_eq(p[2], 1.0, 1e-6);
    cr_assert_float_eq(p[3], 0.0, 1e-6);
    medtl_softmax(logits, 1, 2, 2.0, p);
    cr_assert_float_eq(p[1] / p[0], sqrt(3.0), 1e-5);
}

Test(log_loss, is_the_mean_of_minus_log_probability)
{
    const float logits[4] = {0.0f, 1.0986123f, 0.0f, 0.0f};
    const uint32_t labels[2] = {0, 1};

    cr_assert_float_eq(medtl_log_loss(logits, labels, 2, 2, 1.0), (log(4.0) + log(2.0)) / 2.0,
                       1e-6);
}

Test(temperature, solves_the_two_class_case_exactly)
{
    /* All logits differ by d for the first class, and a share s of the cases is of it: the loss is least
     * where sigmoid(d / T) = s, so T = d / ln(s / (1 - s)). Here d = 4, s = 3/4: T = 4 / ln 3. */
    const float logits[8] = {4, 0, 4, 0, 4, 0, 4, 0};
    const uint32_t labels[4] = {0, 0, 0, 1};

    cr_assert_float_eq(medtl_temperature_fit(logits, labels, 4, 2), 4.0 / log(3.0), 1e-4);
}

Test(temperature, is_no_worse_than_any_on_a_fine_grid)
{
    enum { COUNT = 300, CLASSES = 5 };
    float logits[COUNT * CLASSES];
    uint32_t labels[COUNT];
    medtl_random random;
    double fitted;

    medtl_random_seed(&random, 3);
    for (size_t i = 0; i < COUNT; i++) {
        labels[i] = (uint32_t)medtl_random_below(&random, CLASSES);
        for (size_t k = 0; k < CLASSES; k++)
            logits[i * CLASSES + k] =
                (float)(6.0 * medtl_random_normal(&random)) + (k == labels[i] ? 4.0f : 0.0f);
    }
    fitted = medtl_log_loss(logits, labels, COUNT, CLASSES,
                            medtl_temperature_fit(logits, labels, COUNT, CLASSES));
    for (double t = 0.05; t <= 20.0; t *= 1.01)
        cr_assert(fitted <= medtl_log_loss(logits, labels, COUNT, CLASSES, t) + 1e-9, "at %g", t);
}

Test(temperature, stays_in_its_range)
{
    const float right[4] = {1, 0, 0, 1}, wrong[4] = {0, 1, 1, 0};
    const uint32_t labels[2] = {0, 1};

    cr_assert_float_eq(medtl_temperature_fit(right, labels, 2, 2), 0.05, 1e-3);
    cr_assert_float_eq(medtl_temperature_fit(wrong, labels, 2, 2), 20.0, 1e-2);
    cr_assert_eq(medtl_temperature_fit(NULL, NULL, 0, 2), 1.0);
}

/* Two cases, both right: loss log(1 + exp(-1 / T)) falls for ever as T does; both wrong, log(1 + exp(1 / T)) falls for ever as T
 * grows. One of each kind, with margins m > n, has its least loss where m sigmoid(-m / T) = n sigmoid(n / T). */
Test(temperature, exists_where_some_cases_are_wrong_and_more_are_right)
{
    const float right[4] = {1, 0, 0, 1}, wrong[4] = {0, 1, 1, 0}, more_right[4] = {3, 0, 1, 0},
                more_wrong[4] = {1, 0, 3, 0}, alike[4] = {2, 2, 5, 5};
    const uint32_t labels[2] = {0, 1};
    double t;

    cr_expect_not(medtl_temperature_exists(right, labels, 2, 2));
    cr_expect_not(medtl_temperature_exists(wrong, labels, 2, 2));
    cr_expect_not(medtl_temperature_exists(more_wrong, labels, 2, 2));
    cr_expect_not(medtl_temperature_exists(alike, labels, 2, 2));
    cr_expect_not(medtl_temperature_exists(NULL, NULL, 0, 2));
    cr_expect(medtl_temperature_exists(more_right, labels, 2, 2));
    t = medtl_temperature_fit(more_right, labels, 2, 2);
    cr_expect_float_eq(3.0 / (1.0 + exp(3.0 / t)), 1.0 / (1.0 + exp(-1.0 / t)), 1e-6);
}

Test(temperature, is_what_pytorch_s_lbfgs_finds)
{
    /* PyTorch 1.13, float64: LBFGS on cross_entropy(logits / T, labels), from T = 1. */
    enum { CASES = 12, CLASSES = 3 };
    static const uint32_t labels[CASES] = {0, 1, 1, 1, 2, 2, 2, 0, 0, 0, 1, 1};
    float logits[CASES * CLASSES];
    double fitted;

    for (size_t i = 0; i < CASES * CLASSES; i++)
        logits[i] = (float)((int)((i * 37 + i * i * 5 + 11) % 64) - 32) / 8.0f +
                    (i % CLASSES == labels[i / CLASSES] ? 2.5f : 0.0f);
    fitted = medtl_temperature_fit(logits, labels, CASES, CLASSES);
    cr_assert_float_eq(fitted, 2.251620616, 1e-4);
    cr_assert_float_eq(medtl_log_loss(logits, labels, CASES, CLASSES, fitted), 0.863151879, 1e-8);
}
