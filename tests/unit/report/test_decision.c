#include "dicom/report/decision.h"

#include "medtl/report.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>

/* The rule of report.h, worked by hand. */
struct decision_case {
    char label[64];
    int positive;
    double threshold;
    float probabilities[3];
    size_t expected;
};

ParameterizedTestParameters(decision, follows_the_tasks_operating_point)
{
    static struct decision_case cases[] = {
        {"no positive class: the most probable", -1, 0.5, {0.2f, 0.5f, 0.3f}, 1},
        {"no positive class: the first of equals", -1, 0.5, {0.2f, 0.4f, 0.4f}, 1},
        {"positive at its threshold", 2, 0.25, {0.7f, 0.05f, 0.25f}, 2},
        {"positive below its threshold, though most probable", 0, 0.6, {0.5f, 0.3f, 0.2f}, 1},
        {"positive below its threshold", 2, 0.3, {0.7f, 0.05f, 0.25f}, 0},
        {"an index out of range counts as none", 9, 0.0, {0.2f, 0.5f, 0.3f}, 1},
    };
    return cr_make_param_array(struct decision_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct decision_case *c, decision, follows_the_tasks_operating_point)
{
    const medtl_task task = {
        .class_count = 3, .positive_class = c->positive, .threshold = c->threshold};

    cr_assert_eq(medtl_report_decision(&task, c->probabilities), c->expected, "%s", c->label);
}

Test(decision, lists_classes_by_falling_probability_and_equals_in_the_tasks_order)
{
    const float probabilities[] = {0.1f, 0.3f, 0.1f, 0.4f, 0.1f};
    const size_t expected[] = {3, 1, 0, 2, 4};
    size_t order[5];

    medtl_order_by_probability(probabilities, 5, order);
    cr_assert_arr_eq(order, expected, sizeof expected);
}

Test(decision, knows_what_is_no_distribution)
{
    const float good[] = {0.25f, 0.75f}, negative[] = {-0.25f, 1.25f}, nan_in_it[] = {NAN, 1.0f},
                short_sum[] = {0.4f, 0.5f};

    cr_assert(medtl_probabilities_are_valid(good, 2));
    cr_assert_not(medtl_probabilities_are_valid(negative, 2));
    cr_assert_not(medtl_probabilities_are_valid(nan_in_it, 2));
    cr_assert_not(medtl_probabilities_are_valid(short_sum, 2));
    cr_assert_not(medtl_probabilities_are_valid(NULL, 2));
    cr_assert_not(medtl_probabilities_are_valid(good, 0));
}
