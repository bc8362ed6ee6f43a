#include "core/eval/delong.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

enum { CASES = 60, CLASSES = 3 };

/* Probabilities of class 1; those of class 0 are what is left. */
static void two_classes(const float *scores, size_t count, float *probabilities)
{
    for (size_t i = 0; i < count; i++) {
        probabilities[2 * i] = 1.0f - scores[i];
        probabilities[2 * i + 1] = scores[i];
    }
}

/* Worked by hand. First: positives 0.9, 0.6, 0.4 against 0.5, 0.4, 0.1, a tie at 0.4.
 *   V10 = 1, 1, 1/2   V01 = 2/3, 5/6, 1   AUC 5/6   S10 = 1/12, S01 = 1/36: variance (1/12 + 1/36) / 3 = 1/27
 * Second: positives 0.8, 0.7, 0.9 against 0.2, 0.75, 0.1.
 *   V10 = 1, 2/3, 1   V01 = 1, 2/3, 1     AUC 8/9   S10 = S01 = 1/27: variance 2/81
 * Covariance: S10 = -1/36, S01 = 0, so -1/108. Difference 1/18, variance 13/162, z 0.196116, p 0.844520. */
Test(delong, numbers_match_hand_calculation)
{
    static const float a[6] = {0.9f, 0.6f, 0.4f, 0.5f, 0.4f, 0.1f};
    static const float b[6] = {0.8f, 0.7f, 0.9f, 0.2f, 0.75f, 0.1f};
    static const uint32_t labels[6] = {1, 1, 1, 0, 0, 0};
    float pa[12], pb[12];
    const medtl_predictions first = {
        .count = 6, .classes = 2, .probabilities = pa, .labels = labels};
    const medtl_predictions second = {
        .count = 6, .classes = 2, .probabilities = pb, .labels = labels};
    medtl_delong d;

    two_classes(a, 6, pa);
    two_classes(b, 6, pb);
    cr_assert_eq(medtl_delong_test(&first, &second, 1, &d, NULL), MEDTL_OK);
    cr_expect_float_eq(d.first.value, 5.0 / 6.0, 1e-12);
    cr_expect_float_eq(d.second.value, 8.0 / 9.0, 1e-12);
    cr_expect_float_eq(d.variance[0], 1.0 / 27.0, 1e-12);
    cr_expect_float_eq(d.variance[1], 2.0 / 81.0, 1e-12);
    cr_expect_float_eq(d.covariance, -1.0 / 108.0, 1e-12);
    cr_expect_float_eq(d.difference.value, 1.0 / 18.0, 1e-12);
    cr_expect_float_eq(d.z, 1.0 / 18.0 / sqrt(13.0 / 162.0), 1e-12);
    cr_expect_float_eq(d.z, 0.196116, 1e-6);
    cr_expect_float_eq(d.p, 0.844520, 1e-5);
    cr_expect_float_eq(d.first.low, 5.0 / 6.0 - 1.959964 * sqrt(1.0 / 27.0), 1e-6);
    cr_expect_float_eq(d.first.high, 1.0, 0.0, "cut at 1");
    /* Two classes mirror one another, so their mean is the same test. */
    cr_assert_eq(medtl_delong_test(&first, &second, MEDTL_ALL_CLASSES, &d, NULL), MEDTL_OK);
    cr_expect_float_eq(d.covariance, -1.0 / 108.0, 1e-9);
    cr_expect_float_eq(d.z, 0.196116, 1e-6);
}

/* Rounded to tenths, so that there are ties. */
static void make_cases(float *p, uint32_t *labels, uint32_t *groups, unsigned seed)
{
    for (size_t i = 0; i < CASES; i++) {
        float sum = 0.0f;

        seed = seed * 1664525u + 1013904223u;
        labels[i] = (seed >> 16) % CLASSES;
        groups[i] = (uint32_t)(i / 2);
        for (size_t k = 0; k < CLASSES; k++) {
            seed = seed * 1664525u + 1013904223u;
            p[i * CLASSES + k] =
                ((float)(1 + (seed >> 16) % 10) / 10.0f + (labels[i] == k ? 0.3f : 0.0f)) / 4.0f;
            sum += p[i * CLASSES + k];
        }
        (void)sum; /* ranks alone count here, so the rows need not add up to 1 */
    }
}

static double wins(float positive, float negative)
{
    return positive > negative ? 1.0 : positive < negative ? 0.0 : 0.5;
}

/* DeLong's components by the double loop of their definition. */
static void naive_components(const float *p, const uint32_t *labels, size_t k, double *v,
                             double *auc, double count[2])
{
    double sum = 0.0;

    count[0] = count[1] = 0.0;
    for (size_t i = 0; i < CASES; i++)
        count[labels[i] == k] += 1.0;
    for (size_t i = 0; i < CASES; i++) {
        const bool positive = labels[i] == k;

        v[i] = 0.0;
        for (size_t j = 0; j < CASES; j++)
            if ((labels[j] == k) != positive)
                v[i] += positive ? wins(p[i * CLASSES + k], p[j * CLASSES + k])
                                 : wins(p[j * CLASSES + k], p[i * CLASSES + k]);
        v[i] /= count[!positive];
        sum += positive ? v[i] : 0.0;
    }
    *auc = sum / count[1];
}

Test(delong, agrees_with_the_double_loop_of_its_definition)
{
    float a[CASES * CLASSES], b[CASES * CLASSES];
    uint32_t labels[CASES], groups[CASES];
    double va[CASES], vb[CASES], aucs[2], count[2];

    make_cases(b, labels, groups, 99);
    make_cases(a, labels, groups, 7);
    for (size_t k = 0; k < CLASSES; k++) {
        const medtl_predictions first = {
            .count = CASES, .classes = CLASSES, .probabilities = a, .labels = labels};
        const medtl_predictions second = {
            .count = CASES, .classes = CLASSES, .probabilities = b, .labels = labels};
        double s[2][3] = {{0}};
        medtl_delong d;

        naive_components(a, labels, k, va, &aucs[0], count);
        naive_components(b, labels, k, vb, &aucs[1], count);
        for (size_t i = 0; i < CASES; i++) {
            const size_t kind = labels[i] == k;
            const double da = va[i] - aucs[0], db = vb[i] - aucs[1];

            s[kind][0] += da * da / (count[kind] - 1.0) / count[kind];
            s[kind][1] += db * db / (count[kind] - 1.0) / count[kind];
            s[kind][2] += da * db / (count[kind] - 1.0) / count[kind];
        }
        cr_assert_eq(medtl_delong_test(&first, &second, k, &d, NULL), MEDTL_OK);
        cr_expect_float_eq(d.first.value, aucs[0], 1e-12);
        cr_expect_float_eq(d.variance[0], s[0][0] + s[1][0], 1e-12);
        cr_expect_float_eq(d.variance[1], s[0][1] + s[1][1], 1e-12);
        cr_expect_float_eq(d.covariance, s[0][2] + s[1][2], 1e-12);
    }
}

/* Obuchowski 1997, equations 4 to 6, as written there. */
Test(delong, groups_give_the_clustered_variance)
{
    float a[CASES * CLASSES];
    uint32_t labels[CASES], groups[CASES];
    double v[CASES], auc, count[2], sums[2][CASES / 2] = {{0}}, s[3] = {0}, with[2] = {0}, expected;
    const double clusters = CASES / 2.0;
    medtl_predictions p = {.count = CASES,
                           .classes = CLASSES,
                           .probabilities = a,
                           .labels = labels,
                           .groups = groups,
                           .group_count = CASES / 2};
    medtl_delong d;

    make_cases(a, labels, groups, 5);
    naive_components(a, labels, 1, v, &auc, count);
    for (size_t i = 0; i < CASES; i++)
        sums[labels[i] == 1][groups[i]] += v[i] - auc;
    for (size_t g = 0; g < CASES / 2; g++)
        for (size_t kind = 0; kind < 2; kind++)
            with[kind] += (labels[2 * g] == 1) == kind || (labels[2 * g + 1] == 1) == kind;
    for (size_t g = 0; g < CASES / 2; g++) {
        s[0] += sums[0][g] * sums[0][g] * with[0] / (with[0] - 1.0) / (count[0] * count[0]);
        s[1] += sums[1][g] * sums[1][g] * with[1] / (with[1] - 1.0) / (count[1] * count[1]);
        s[2] += 2.0 * sums[0][g] * sums[1][g] * clusters / (clusters - 1.0) / (count[0] * count[1]);
    }
    expected = s[0] + s[1] + s[2];
    cr_assert_eq(medtl_delong_test(&p, NULL, 1, &d, NULL), MEDTL_OK);
    cr_expect(fabs(d.variance[0] - expected) < 0.02 * expected, "%g, not %g", d.variance[0],
              expected);
    cr_expect(isnan(d.p) && isnan(d.second.value));
}

/* Every case twice, in groups of two: nothing has been learned by that. */
Test(delong, copies_in_a_group_do_not_narrow_the_interval)
{
    float a[CASES * CLASSES], twice[2 * CASES * CLASSES];
    uint32_t labels[CASES], groups[CASES], labels_twice[2 * CASES], groups_twice[2 * CASES];
    medtl_predictions once = {
        .count = CASES, .classes = CLASSES, .probabilities = a, .labels = labels};
    medtl_predictions both = {.count = 2 * CASES,
                              .classes = CLASSES,
                              .probabilities = twice,
                              .labels = labels_twice,
                              .groups = groups_twice,
                              .group_count = CASES};
    medtl_delong d, e;

    make_cases(a, labels, groups, 3);
    for (size_t i = 0; i < 2 * CASES; i++) {
        labels_twice[i] = labels[i / 2];
        groups_twice[i] = (uint32_t)(i / 2);
        for (size_t k = 0; k < CLASSES; k++)
            twice[i * CLASSES + k] = a[i / 2 * CLASSES + k];
    }
    cr_assert_eq(medtl_delong_test(&once, NULL, MEDTL_ALL_CLASSES, &d, NULL), MEDTL_OK);
    cr_assert_eq(medtl_delong_test(&both, NULL, MEDTL_ALL_CLASSES, &e, NULL), MEDTL_OK);
    cr_expect_float_eq(d.first.value, e.first.value, 1e-12);
    cr_expect_float_eq(d.variance[0], e.variance[0], 1e-12);
}

Test(delong, the_same_ranking_does_not_differ)
{
    static const float a[4] = {0.9f, 0.2f, 0.6f, 0.1f}, b[4] = {0.8f, 0.3f, 0.7f, 0.2f};
    static const uint32_t labels[4] = {1, 1, 0, 0}, other[4] = {1, 0, 0, 0}, none[4] = {0, 0, 0, 0};
    float pa[8], pb[8];
    medtl_predictions first = {.count = 4, .classes = 2, .probabilities = pa, .labels = labels};
    medtl_predictions second = {.count = 4, .classes = 2, .probabilities = pb, .labels = labels};
    medtl_delong d;

    two_classes(a, 4, pa);
    two_classes(b, 4, pb);
    cr_assert_eq(medtl_delong_test(&first, &second, 1, &d, NULL), MEDTL_OK);
    cr_expect(d.z == 0.0 && d.p == 1.0 && d.difference.value == 0.0);
    second.labels = other;
    cr_expect_eq(medtl_delong_test(&first, &second, 1, &d, NULL), MEDTL_E_ARGUMENT);
    cr_expect_eq(medtl_delong_test(&first, NULL, 2, &d, NULL), MEDTL_E_ARGUMENT);
    first.labels = none;
    cr_assert_eq(medtl_delong_test(&first, NULL, 1, &d, NULL), MEDTL_OK);
    cr_expect(isnan(d.first.value) && isnan(d.first.low), "one kind is missing");
    first.labels = other;
    cr_assert_eq(medtl_delong_test(&first, NULL, 1, &d, NULL), MEDTL_OK);
    cr_expect(isfinite(d.first.value) && isnan(d.first.low),
              "of one positive there is no variance");
}

/* Ranked without a fault against all alike: V10 and V01 are 1 for each case of the one and 1/2 for each of the other, so both
 * variances are 0, and dividing by them would make ten images proof. */
Test(delong, a_difference_without_variance_has_no_p)
{
    static const float alike[4] = {0.5f, 0.5f, 0.5f, 0.5f}, faultless[4] = {0.8f, 0.9f, 0.1f, 0.2f};
    static const uint32_t labels[4] = {1, 1, 0, 0};
    float pa[8], pb[8];
    const medtl_predictions first = {
        .count = 4, .classes = 2, .probabilities = pa, .labels = labels};
    const medtl_predictions second = {
        .count = 4, .classes = 2, .probabilities = pb, .labels = labels};
    medtl_delong d;

    two_classes(alike, 4, pa);
    two_classes(faultless, 4, pb);
    cr_assert_eq(medtl_delong_test(&first, &second, 1, &d, NULL), MEDTL_OK);
    cr_expect_eq(d.difference.value, 0.5);
    cr_expect(isnan(d.p) && isnan(d.z) && isnan(d.difference.low) && isnan(d.difference.high));
    cr_expect(d.second.value == 1.0 && isnan(d.second.low) && isnan(d.second.high));
}
