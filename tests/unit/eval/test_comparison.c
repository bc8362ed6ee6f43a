#include "core/eval/comparison.h"

#include <criterion/criterion.h>
#include <math.h>

/* Six cases of two classes in three groups, worked by hand. The second predictions differ in case 1 and 4. */
static const float first_probabilities[6 * 2] = {0.9f, 0.1f, 0.6f, 0.4f, 0.2f, 0.8f,
                                                 0.3f, 0.7f, 0.8f, 0.2f, 0.4f, 0.6f};
static const float second_probabilities[6 * 2] = {0.9f, 0.1f, 0.45f, 0.55f, 0.2f, 0.8f,
                                                  0.3f, 0.7f, 0.35f, 0.65f, 0.4f, 0.6f};
static const uint32_t labels[6] = {0, 0, 1, 1, 1, 1};
static const uint32_t groups[6] = {0, 0, 1, 1, 2, 2};

static medtl_predictions of(const float *probabilities)
{
    return (medtl_predictions){6, 2, probabilities, labels, groups, 3};
}

Test(comparison, numbers_match_hand_calculation)
{
    const medtl_predictions a = of(first_probabilities), b = of(second_probabilities);
    const medtl_evaluation_options how = {.positive_class = -1};
    medtl_comparison c;
    medtl_error err = {0};

    cr_assert_eq(medtl_compare(&a, &b, &how, &c, &err), MEDTL_OK, "%s", err.message);
    /* Class 1 of the first: 0.8, 0.7, 0.2, 0.6 against 0.1, 0.4: 7 of 8; of the second: 0.65 for 0.2, 0.55 for 0.4:
     * all 8. Class 0 is the mirror image. */
    cr_expect_float_eq(c.macro_auc.first.value, 7.0 / 8.0, 1e-12);
    cr_expect_float_eq(c.macro_auc.second.value, 1.0, 1e-12);
    cr_expect_float_eq(c.macro_auc.difference.value, 1.0 / 8.0, 1e-12);
    /* Right of the first: 2 of 2 and 3 of 4; of the second: 1 of 2 and 4 of 4. */
    cr_expect_float_eq(c.balanced_accuracy.first.value, 0.875, 1e-12);
    cr_expect_float_eq(c.balanced_accuracy.second.value, 0.75, 1e-12);
    cr_expect_float_eq(c.balanced_accuracy.difference.value, -0.125, 1e-12);
    cr_expect_float_eq(c.accuracy.first.value, 5.0 / 6.0, 1e-12);
    cr_expect_float_eq(c.accuracy.second.value, 5.0 / 6.0, 1e-12);
    cr_expect_float_eq(c.equal, 4.0 / 6.0, 1e-12);
    cr_expect_float_eq(c.largest, 0.45, 1e-6);
    cr_expect(isnan(c.macro_auc.difference.low), "no resamples were asked for");
    cr_expect(isnan(c.macro_auc.p), "nor can there be a p");
}

/* Two predictions that never differ; and one that is right wherever the other is wrong. */
Test(comparison, p_counts_resamples_on_either_side_of_zero)
{
    const medtl_evaluation_options how = {.positive_class = -1, .resamples = 99, .seed = 3};
    const medtl_predictions a = of(first_probabilities);
    float good[12], bad[12];
    const medtl_predictions better = of(good), worse = of(bad);
    medtl_comparison c;

    cr_assert_eq(medtl_compare(&a, &a, &how, &c, NULL), MEDTL_OK);
    cr_expect_float_eq(c.accuracy.p, 1.0, 0.0);
    cr_expect_float_eq(c.macro_auc.p, 1.0, 0.0);
    for (size_t i = 0; i < 6; i++) {
        good[2 * i + labels[i]] = bad[2 * i + 1 - labels[i]] = 0.9f;
        good[2 * i + 1 - labels[i]] = bad[2 * i + labels[i]] = 0.1f;
    }
    cr_assert_eq(medtl_compare(&worse, &better, &how, &c, NULL), MEDTL_OK);
    cr_expect_float_eq(c.accuracy.difference.value, 1.0, 1e-12);
    cr_expect(isnan(c.accuracy.difference.low) && isnan(c.accuracy.p),
              "each resample says the same");
    cr_expect_float_eq(c.accuracy.second.low, pow(0.025, 1.0 / 3.0), 1e-12,
                       "three groups of three");
    cr_expect_float_eq(c.accuracy.first.high, 1.0 - pow(0.025, 1.0 / 3.0), 1e-12);
    cr_expect_eq(c.accuracy.second.high, 1.0);
    bad[labels[0]] = 0.9f; /* right in both */
    bad[1 - labels[0]] = 0.1f;
    cr_assert_eq(medtl_compare(&worse, &better, &how, &c, NULL), MEDTL_OK);
    cr_expect_float_eq(c.accuracy.difference.value, 5.0 / 6.0, 1e-12);
    cr_expect_float_eq(c.accuracy.p, 2.0 / 100.0, 1e-12, "the least that 99 resamples can say");
}

Test(comparison, of_predictions_with_themselves_has_no_difference_in_any_resample)
{
    const medtl_predictions a = of(first_probabilities);
    const medtl_evaluation_options how = {.resamples = 200, .seed = 1, .positive_class = -1};
    medtl_comparison c;

    cr_assert_eq(medtl_compare(&a, &a, &how, &c, NULL), MEDTL_OK);
    cr_expect_eq(c.macro_auc.difference.low, 0.0);
    cr_expect_eq(c.macro_auc.difference.high, 0.0);
    cr_expect_eq(c.balanced_accuracy.difference.low, 0.0);
    cr_expect_eq(c.balanced_accuracy.difference.high, 0.0);
    cr_expect_lt(c.balanced_accuracy.first.low, c.balanced_accuracy.first.high);
    cr_expect_eq(c.equal, 1.0);
    cr_expect_eq(c.largest, 0.0);
}

Test(comparison, of_other_cases_is_refused)
{
    const medtl_evaluation_options how = {.positive_class = -1};
    const medtl_predictions a = of(first_probabilities);
    medtl_predictions b = a;
    medtl_comparison c;

    b.count = 5;
    cr_expect_eq(medtl_compare(&a, &b, &how, &c, NULL), MEDTL_E_ARGUMENT);
    b = a;
    b.groups = NULL;
    cr_expect_eq(medtl_compare(&b, &a, &how, &c, NULL), MEDTL_E_ARGUMENT);
}
