#include "core/base/random.h"
#include "core/eval/class_offsets.h"

#include <criterion/criterion.h>
#include <math.h>

/* Two classes, all cases alike with p = (q, 1 - q): whatever the number of cases of each, the loss is least where both
 * classes are as probable, so the offsets are -logit(q) / 2 and its opposite. */
Test(class_offsets, solve_the_two_class_case_exactly)
{
    const float p[8] = {0.9f, 0.1f, 0.9f, 0.1f, 0.9f, 0.1f, 0.9f, 0.1f};
    const uint32_t labels[4] = {0, 0, 0, 1};
    const medtl_predictions cases = {
        .count = 4, .classes = 2, .probabilities = p, .labels = labels};
    double offsets[2];
    float moved[8];

    cr_assert_eq(medtl_class_offsets_fit(&cases, 1e-9, offsets, NULL), MEDTL_OK);
    cr_assert_float_eq(offsets[0], -log(9.0) / 2.0, 1e-6);
    cr_assert_float_eq(offsets[1], log(9.0) / 2.0, 1e-6);
    medtl_class_offsets_apply(p, 4, 2, offsets, moved);
    for (size_t i = 0; i < 8; i++)
        cr_assert_float_eq(moved[i], 0.5, 1e-6);
}

enum { COUNT = 400, CLASSES = 5 };

typedef struct made {
    float p[COUNT * CLASSES];
    uint32_t labels[COUNT], groups[COUNT];
    medtl_predictions cases;
} made;

/* Class 0 is most frequent, and the probabilities favour it. */
static void make(made *m)
{
    medtl_random random;

    medtl_random_seed(&random, 11);
    for (size_t i = 0; i < COUNT; i++) {
        double sum = 0.0, e[CLASSES];

        m->labels[i] =
            (uint32_t)(medtl_random_below(&random, 3) > 0 ? 0
                                                          : medtl_random_below(&random, CLASSES));
        m->groups[i] = (uint32_t)(i / 2);
        for (size_t k = 0; k < CLASSES; k++)
            sum += e[k] = exp(medtl_random_normal(&random) + (k == 0 ? 1.5 : 0.0) +
                              (k == m->labels[i] ? 1.0 : 0.0));
        for (size_t k = 0; k < CLASSES; k++)
            m->p[i * CLASSES + k] = (float)(e[k] / sum);
    }
    m->cases = (medtl_predictions){COUNT, CLASSES, m->p, m->labels, m->groups, COUNT / 2};
}

/* The formula of the header, as it stands there. */
static double naive_loss(const medtl_predictions *c, const double *b, double shrink)
{
    double loss = 0.0;

    for (uint32_t k = 0; k < c->classes; k++) {
        double of_class = 0.0, count = 0.0;

        for (size_t i = 0; i < c->count; i++) {
            double sum = 0.0;

            if (c->labels[i] != k)
                continue;
            for (size_t j = 0; j < c->classes; j++)
                sum += (double)c->probabilities[i * c->classes + j] * exp(b[j]);
            of_class -= log((double)c->probabilities[i * c->classes + k] * exp(b[k]) / sum);
            count += 1.0;
        }
        loss += of_class / count / (double)c->classes + 0.5 * shrink * b[k] * b[k];
    }
    return loss;
}

Test(class_offsets, are_the_minimum_of_the_formula)
{
    static made m;
    double b[CLASSES], sum = 0.0, least;

    make(&m);
    cr_assert_eq(medtl_class_offsets_fit(&m.cases, 0.02, b, NULL), MEDTL_OK);
    least = naive_loss(&m.cases, b, 0.02);
    for (size_t k = 0; k < CLASSES; k++) {
        const double at = b[k], step = 1e-4;
        double higher, lower;

        sum += at;
        b[k] = at + step;
        higher = naive_loss(&m.cases, b, 0.02);
        b[k] = at - step;
        lower = naive_loss(&m.cases, b, 0.02);
        b[k] = at;
        cr_expect(higher > least && lower > least, "class %zu", k);
        cr_expect_float_eq((higher - lower) / (2.0 * step), 0.0, 1e-6); /* finite difference */
    }
    cr_expect_float_eq(sum, 0.0, 1e-9);
    cr_expect_lt(b[0], 0.0); /* what was favoured is held back */
}

Test(class_offsets, more_shrink_means_smaller_offsets)
{
    static made m;
    double last = INFINITY;

    make(&m);
    for (int power = -4; power < 4; power++) {
        double b[CLASSES], size = 0.0;

        cr_assert_eq(medtl_class_offsets_fit(&m.cases, pow(10.0, power), b, NULL), MEDTL_OK);
        for (size_t k = 0; k < CLASSES; k++)
            size += b[k] * b[k];
        cr_expect_lt(size, last);
        last = size;
    }
    cr_expect_lt(last, 1e-6);
}

Test(class_offsets, bear_probabilities_of_zero_and_one)
{
    const float p[6] = {1.0f, 0.0f, 0.0f, 1.0f, 1.0f, 0.0f};
    const uint32_t labels[3] = {0, 1, 1}; /* the last is as wrong as can be */
    const medtl_predictions cases = {
        .count = 3, .classes = 2, .probabilities = p, .labels = labels};
    double b[2];
    float moved[6];

    cr_assert_eq(medtl_class_offsets_fit(&cases, 1e-3, b, NULL), MEDTL_OK);
    medtl_class_offsets_apply(p, 3, 2, b, moved);
    for (size_t i = 0; i < 6; i += 2)
        cr_expect_float_eq(moved[i] + moved[i + 1], 1.0, 1e-6);
    cr_expect(isfinite(b[0]) && isfinite(b[1]));
}

Test(class_offsets, of_a_class_without_cases_are_refused)
{
    const float p[4] = {0.5f, 0.5f, 0.5f, 0.5f};
    const uint32_t labels[2] = {0, 0};
    const medtl_predictions cases = {
        .count = 2, .classes = 2, .probabilities = p, .labels = labels};
    double b[2];
    medtl_error err = {0};

    cr_assert_eq(medtl_class_offsets_fit(&cases, 0.1, b, &err), MEDTL_E_ARGUMENT);
    cr_expect_str_eq(err.message, "class 2 of 2 has no case to fit its offset on");
}

/* Two parts: the groups of class 0 (a and c) take parts 0 and 1, those of class 1 (b and d) likewise. So a and b get
 * the offsets of c and d, and the other way round. */
Test(class_offsets, are_cross_validated_by_groups)
{
    const float p[10] = {0.9f, 0.1f, 0.7f, 0.3f, 0.8f, 0.2f, 0.95f, 0.05f, 0.6f, 0.4f};
    const uint32_t labels[5] = {0, 1, 0, 1, 0}, groups[5] = {0, 1, 2, 3, 0};
    const medtl_predictions cases = {.count = 5,
                                     .classes = 2,
                                     .probabilities = p,
                                     .labels = labels,
                                     .groups = groups,
                                     .group_count = 4};
    const float first[6] = {0.9f, 0.1f, 0.7f, 0.3f, 0.6f, 0.4f};
    const uint32_t first_labels[3] = {0, 1, 0};
    const medtl_predictions
        of_first = {.count = 3, .classes = 2, .probabilities = first, .labels = first_labels},
        of_second = {.count = 2, .classes = 2, .probabilities = p + 4, .labels = labels + 2};
    double b[2];
    float out[10], expected[10];

    cr_assert_eq(medtl_class_offsets_cross_validate(&cases, 0.05, 2, out, NULL), MEDTL_OK);
    cr_assert_eq(medtl_class_offsets_fit(&of_second, 0.05, b, NULL), MEDTL_OK);
    medtl_class_offsets_apply(p, 5, 2, b, expected);
    for (size_t i = 0; i < 10; i++)
        if (groups[i / 2] < 2)
            cr_expect_float_eq(out[i], expected[i], 1e-6);
    cr_assert_eq(medtl_class_offsets_fit(&of_first, 0.05, b, NULL), MEDTL_OK);
    medtl_class_offsets_apply(p, 5, 2, b, expected);
    for (size_t i = 0; i < 10; i++)
        if (groups[i / 2] >= 2)
            cr_expect_float_eq(out[i], expected[i], 1e-6);
}

Test(class_offsets, balanced_log_loss_is_the_mean_over_classes)
{
    const float p[6] = {0.5f, 0.5f, 0.25f, 0.75f, 0.8f, 0.2f};
    const uint32_t labels[3] = {0, 0, 1};
    const medtl_predictions cases = {
        .count = 3, .classes = 2, .probabilities = p, .labels = labels};

    cr_expect_float_eq(medtl_balanced_log_loss(&cases),
                       ((log(2.0) + log(4.0)) / 2.0 + log(5.0)) / 2.0, 1e-7);
}
