/* Temperature scaling of probabilities. Expected: hand calculation, and the fit on logits, which PyTorch judges in
 * test_calibration.c. */
#include "core/base/random.h"
#include "core/eval/calibration.h"
#include "core/eval/temperature.h"

#include <criterion/criterion.h>
#include <math.h>

/* A share s = 3/4 of cases is of the class that gets p: the loss is least where the tempered p is s, so
 * f = ln(p / (1 - p)) / ln(s / (1 - s)), as for logits in test_calibration.c. */
Test(temperature_factor, solves_the_two_class_case_exactly)
{
    const float p[8] = {0.9f, 0.1f, 0.9f, 0.1f, 0.9f, 0.1f, 0.9f, 0.1f};
    const uint32_t labels[4] = {0, 0, 0, 1};
    double factor = 0.0;

    cr_assert_eq(
        medtl_temperature_factor(
            &(medtl_predictions){.count = 4, .classes = 2, .probabilities = p, .labels = labels},
            &factor, NULL),
        MEDTL_OK);
    cr_expect_float_eq(factor, log(9.0) / log(3.0), 1e-4);
    cr_expect_float_eq(factor, 2.0, 1e-4);
}

/* Logits z at temperature 1.7 and their probabilities have the same best temperature. */
Test(temperature_factor, times_the_temperature_of_the_predictions_is_what_logits_give)
{
    enum { COUNT = 200, CLASSES = 4 };
    float z[COUNT * CLASSES], p[COUNT * CLASSES];
    uint32_t labels[COUNT];
    medtl_random random;
    double factor = 0.0;

    medtl_random_seed(&random, 5);
    for (size_t i = 0; i < COUNT; i++) {
        labels[i] = (uint32_t)medtl_random_below(&random, CLASSES);
        for (size_t k = 0; k < CLASSES; k++)
            z[i * CLASSES + k] =
                (float)(2.0 * medtl_random_normal(&random)) + (k == labels[i] ? 2.0f : 0.0f);
    }
    medtl_softmax(z, COUNT, CLASSES, 1.7, p);
    cr_assert_eq(medtl_temperature_factor(
                     &(medtl_predictions){
                         .count = COUNT, .classes = CLASSES, .probabilities = p, .labels = labels},
                     &factor, NULL),
                 MEDTL_OK);
    cr_expect_float_eq(1.7 * factor, medtl_temperature_fit(z, labels, COUNT, CLASSES), 1e-4);
}

Test(temperature_apply, takes_roots_and_norms)
{
    const float p[4] = {0.9f, 0.1f, 0.0f, 1.0f};
    float out[4];

    medtl_temperature_apply(p, 2, 2, 2.0, out);
    cr_expect_float_eq(out[0], 0.75, 1e-6); /* sqrt(0.9) : sqrt(0.1) = 3 : 1 */
    cr_expect_float_eq(out[1], 0.25, 1e-6);
    cr_expect_float_eq(out[2], 1e-6, 1e-8); /* a zero counts as 1e-12 */
    cr_expect_float_eq(out[3], 1.0, 2e-6);
}

/* As sharp as floats go: the loss is flat long before the range ends, and the search would settle anywhere. */
Test(temperature_factor, none_fits_where_all_are_right)
{
    const float p[4] = {0.99995f, 0.00005f, 0.015f, 0.985f};
    const uint32_t right[2] = {0, 1}, wrong[2] = {1, 0};
    medtl_predictions cases = {.count = 2, .classes = 2, .probabilities = p, .labels = right};
    double factor = 0.0;

    cr_assert_eq(medtl_temperature_factor(&cases, &factor, NULL), MEDTL_OK);
    cr_expect(isnan(factor));
    cases.labels = wrong;
    cr_assert_eq(medtl_temperature_factor(&cases, &factor, NULL), MEDTL_OK);
    cr_expect(isnan(factor));
}

/* Two parts: class 0 deals its groups a, c to parts 0, 1, class 1 its groups b, d likewise. So a and b get the factor of c
 * and d, and the other way round; the fifth case belongs to a. */
Test(temperature_cross_validate, leaves_out_whole_groups)
{
    const float p[10] = {0.9f, 0.1f, 0.7f, 0.3f, 0.8f, 0.2f, 0.55f, 0.45f, 0.6f, 0.4f};
    const uint32_t labels[5] = {0, 1, 0, 1, 0}, groups[5] = {0, 1, 2, 3, 0};
    const float first[6] = {0.9f, 0.1f, 0.7f, 0.3f, 0.6f, 0.4f};
    const uint32_t first_labels[3] = {0, 1, 0};
    const medtl_predictions
        cases = {.count = 5,
                 .classes = 2,
                 .probabilities = p,
                 .labels = labels,
                 .groups = groups,
                 .group_count = 4},
        of_first = {.count = 3, .classes = 2, .probabilities = first, .labels = first_labels},
        of_second = {.count = 2, .classes = 2, .probabilities = p + 4, .labels = labels + 2};
    double for_second = 0.0, for_first = 0.0;
    float out[10], expected[10];

    cr_assert_eq(medtl_temperature_cross_validate(&cases, 2, out, NULL), MEDTL_OK);
    cr_assert_eq(medtl_temperature_factor(&of_first, &for_second, NULL), MEDTL_OK);
    cr_assert_eq(medtl_temperature_factor(&of_second, &for_first, NULL), MEDTL_OK);
    cr_assert(fabs(for_first - for_second) > 0.01, "the parts must differ to be told apart");
    medtl_temperature_apply(p, 5, 2, for_first, expected);
    for (size_t i = 0; i < 10; i++)
        if (groups[i / 2] < 2)
            cr_expect_float_eq(out[i], expected[i], 1e-6);
    medtl_temperature_apply(p, 5, 2, for_second, expected);
    for (size_t i = 0; i < 10; i++)
        if (groups[i / 2] >= 2)
            cr_expect_float_eq(out[i], expected[i], 1e-6);
}

Test(temperature_cross_validate, refuses_a_single_group)
{
    const float p[4] = {0.9f, 0.1f, 0.7f, 0.3f};
    const uint32_t labels[2] = {0, 1}, groups[2] = {0, 0};
    float out[4];

    cr_expect_eq(medtl_temperature_cross_validate(&(medtl_predictions){.count = 2,
                                                                       .classes = 2,
                                                                       .probabilities = p,
                                                                       .labels = labels,
                                                                       .groups = groups,
                                                                       .group_count = 1},
                                                  2, out, NULL),
                 MEDTL_E_ARGUMENT);
}
