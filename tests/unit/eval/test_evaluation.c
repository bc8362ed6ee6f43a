#include "core/eval/evaluation.h"

#include <criterion/criterion.h>
#include <math.h>

/* Six cases of three classes, worked by hand. Predicted: 0, 1, 1, 1, 2, 0; truth: 0, 0, 1, 1, 2, 2. */
static const float probabilities[6 * 3] = {
    0.7f, 0.2f, 0.1f, /* 0, right */
    0.3f, 0.6f, 0.1f, /* 0, called 1 */
    0.1f, 0.8f, 0.1f, /* 1, right */
    0.2f, 0.5f, 0.3f, /* 1, right */
    0.1f, 0.1f, 0.8f, /* 2, right */
    0.5f, 0.1f, 0.4f, /* 2, called 0 */
};
static const uint32_t labels[6] = {0, 0, 1, 1, 2, 2};
static const medtl_evaluation_options plain = {.positive_class = -1};

static medtl_evaluation *evaluate(const medtl_evaluation_options *options)
{
    const medtl_predictions predictions = {
        .count = 6, .classes = 3, .probabilities = probabilities, .labels = labels};
    medtl_evaluation *evaluation = NULL;
    medtl_error err = {0};

    cr_assert_eq(medtl_evaluation_create(&predictions, options, &evaluation, &err), MEDTL_OK, "%s",
                 err.message);
    return evaluation;
}

#define SAME(interval, expected) cr_assert_float_eq((interval).value, (expected), 1e-6)

Test(evaluation, confusion_and_rates_match_hand_calculation)
{
    static const uint64_t confusion[9] = {1, 1, 0, 0, 2, 0, 1, 0, 1};
    medtl_evaluation *e = evaluate(&plain);

    cr_assert_arr_eq(e->confusion, confusion, sizeof confusion);
    SAME(e->accuracy, 4.0 / 6.0);
    SAME(e->balanced_accuracy, (0.5 + 1.0 + 0.5) / 3.0);
    SAME(e->per_class[0].sensitivity, 0.5);
    SAME(e->per_class[0].specificity, 0.75); /* one of four others was called 0 */
    SAME(e->per_class[0].precision, 0.5);
    SAME(e->per_class[1].sensitivity, 1.0);
    SAME(e->per_class[1].specificity, 0.75);
    SAME(e->per_class[1].precision, 2.0 / 3.0);
    SAME(e->per_class[2].specificity, 1.0);
    SAME(e->per_class[0].f1, 2.0 / (2.0 + 2.0));
    SAME(e->per_class[1].f1, 4.0 / (2.0 + 3.0));
    SAME(e->per_class[2].f1, 2.0 / (2.0 + 1.0));
    SAME(e->macro_f1, (0.5 + 0.8 + 2.0 / 3.0) / 3.0);
    SAME(e->macro_auc_delong, e->macro_auc.value);
    SAME(e->per_class[1].auc_delong, e->per_class[1].auc.value);
    cr_assert_eq(e->per_class[2].support, 2);
    cr_assert(isnan(e->accuracy.low), "no resamples were asked for");
    medtl_evaluation_destroy(e);
}

Test(evaluation, areas_and_losses_match_hand_calculation)
{
    medtl_evaluation *e = evaluate(&plain);
    double log_loss = 0.0, brier = 0.0;

    /* Class 0: positives 0.7, 0.3 against 0.1, 0.2, 0.1, 0.5: 4 + 3 of 8 pairs. Class 1: 0.8, 0.5 against
     * 0.2, 0.6, 0.1, 0.1: 4 + 3 of 8. Class 2: 0.8, 0.4 against 0.1, 0.1, 0.1, 0.3: all 8. */
    SAME(e->per_class[0].auc, 7.0 / 8.0);
    SAME(e->per_class[1].auc, 7.0 / 8.0);
    SAME(e->per_class[2].auc, 1.0);
    SAME(e->macro_auc, 22.0 / 24.0);
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 3; k++) {
            const double p = (double)probabilities[3 * i + k], t = k == labels[i] ? 1.0 : 0.0;

            log_loss -= t * log(p) / 6.0;
            brier += (p - t) * (p - t) / 6.0;
        }
    SAME(e->log_loss, log_loss);
    SAME(e->brier, brier);
    /* Confidences 0.7 right | 0.6 wrong | 0.8 right, 0.8 right | 0.5 right, 0.5 wrong, in 15 bins of 1/15:
     * |1-.7|/6 + |0-.6|/6 + |2-1.6|/6 + |1-1|/6. */
    SAME(e->calibration_error, (0.3 + 0.6 + 0.4 + 0.0) / 6.0);
    medtl_evaluation_destroy(e);
}

Test(evaluation, a_threshold_moves_only_the_positive_class)
{
    /* Class 2 from 0.3 on: the fourth, fifth and sixth case; the others by the larger of classes 0 and 1. */
    const medtl_evaluation_options options = {.positive_class = 2, .threshold = 0.3};
    static const uint64_t confusion[9] = {1, 1, 0, 0, 1, 1, 0, 0, 2};
    medtl_evaluation *e = evaluate(&options);
    const float two[2] = {0.9f, 0.1f};
    const medtl_evaluation_options half = {.positive_class = 0, .threshold = 0.95};

    cr_assert_arr_eq(e->confusion, confusion, sizeof confusion);
    SAME(e->macro_auc, 22.0 / 24.0);
    cr_assert_eq(medtl_predicted_class(two, 2, &half), 1, "0.9 does not reach 0.95");
    medtl_evaluation_destroy(e);
}

Test(evaluation, a_class_without_cases_is_left_out_of_the_means)
{
    const float p[4] = {0.9f, 0.1f, 0.8f, 0.2f};
    const uint32_t truth[2] = {0, 0};
    const medtl_predictions predictions = {
        .count = 2, .classes = 2, .probabilities = p, .labels = truth};
    medtl_evaluation *e = NULL;

    cr_assert_eq(medtl_evaluation_create(&predictions, &plain, &e, NULL), MEDTL_OK);
    SAME(e->balanced_accuracy, 1.0);
    cr_assert(isnan(e->macro_auc.value));
    cr_assert(isnan(e->per_class[1].sensitivity.value));
    cr_assert(isnan(e->per_class[1].precision.value), "never predicted");
    medtl_evaluation_destroy(e);
}

Test(evaluation, intervals_hold_the_value_and_repeat)
{
    const medtl_evaluation_options options = {.positive_class = -1, .resamples = 500, .seed = 4};
    medtl_evaluation *a = evaluate(&options), *b = evaluate(&options);

    cr_assert(a->accuracy.low <= a->accuracy.value && a->accuracy.value <= a->accuracy.high);
    cr_assert(a->macro_auc.low < a->macro_auc.high);
    cr_assert_eq(a->macro_auc.low, b->macro_auc.low);
    cr_assert_eq(a->brier.high, b->brier.high);
    medtl_evaluation_destroy(a);
    medtl_evaluation_destroy(b);
}

/* 2 of 2 cases of class 1 are right, none of 2 others are called 2: resamples of these are right, too. The exact intervals are
 * 0.025^(1/2) to 1 and, of four cases, 0.025^(1/4) to 1 (Clopper & Pearson 1934). */
Test(evaluation, shares_of_all_or_none_have_the_exact_interval)
{
    const medtl_evaluation_options options = {.positive_class = -1, .resamples = 200, .seed = 4};
    medtl_evaluation *e = evaluate(&options);

    cr_expect_eq(e->per_class[1].sensitivity.value, 1.0);
    cr_expect_float_eq(e->per_class[1].sensitivity.low, sqrt(0.025), 1e-12);
    cr_expect_eq(e->per_class[1].sensitivity.high, 1.0);
    cr_expect_float_eq(e->per_class[2].specificity.low, pow(0.025, 0.25), 1e-12);
    cr_expect_float_eq(e->per_class[2].precision.low, 0.025, 1e-12, "one case is called 2");
    cr_expect(e->per_class[2].auc.value == 1.0 && isnan(e->per_class[2].auc.low),
              "no resample can rank worse");
    cr_expect_lt(e->accuracy.low, e->accuracy.high);
    medtl_evaluation_destroy(e);
}

/* Logit differences of 30, 25 and 20 are all the probability 1 in float; what is left for the other class is not 0 and ranks
 * them. Both positives lie above the negative, and of two classes both areas are the same. */
Test(evaluation, sure_cases_are_told_apart)
{
    const float p[6] = {(float)exp(-30.0), 1.0f, (float)exp(-25.0), 1.0f, (float)exp(-20.0), 1.0f};
    const uint32_t truth[3] = {1, 1, 0};
    const medtl_predictions predictions = {
        .count = 3, .classes = 2, .probabilities = p, .labels = truth};
    medtl_evaluation *e = NULL;

    cr_assert_eq(medtl_evaluation_create(&predictions, &plain, &e, NULL), MEDTL_OK);
    SAME(e->per_class[0].auc, 1.0);
    SAME(e->per_class[1].auc, 1.0);
    medtl_evaluation_destroy(e);
}

Test(evaluation, refuses_what_is_no_prediction)
{
    const float bad[2] = {NAN, 0.5f}, good[2] = {0.5f, 0.5f};
    const uint32_t out_of_range[1] = {2}, label[1] = {0}, group[1] = {1};
    const medtl_predictions cases[] = {
        {.count = 0, .classes = 2, .probabilities = good, .labels = label},
        {.count = 1, .classes = 2, .probabilities = bad, .labels = label},
        {.count = 1, .classes = 2, .probabilities = good, .labels = out_of_range},
        {.count = 1,
         .classes = 2,
         .probabilities = good,
         .labels = label,
         .groups = group,
         .group_count = 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        medtl_evaluation *e = NULL;

        cr_assert_eq(medtl_evaluation_create(&cases[i], &plain, &e, NULL), MEDTL_E_ARGUMENT, "%zu",
                     i);
        cr_assert_null(e);
    }
}
