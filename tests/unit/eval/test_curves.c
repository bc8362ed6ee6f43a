/* ROC points and reliability bins, worked by hand. */
#include "core/eval/curves.h"

#include <criterion/criterion.h>
#include <math.h>

static void expect(const double *got, const double *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_assert(fabs(got[i] - wanted[i]) < 1e-12, "point %zu: %g, expected %g", i, got[i],
                  wanted[i]);
}

Test(roc, steps_up_for_positives_right_for_negatives_and_aslant_for_ties)
{
    /* From the top: 0.9 positive, 0.8 negative, 0.5 one of each, 0.2 negative. */
    static const float scores[] = {0.5f, 0.9f, 0.2f, 0.8f, 0.5f};
    static const uint32_t labels[] = {1, 1, 0, 0, 0};
    static const double rate[] = {0.0, 0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0};
    static const double sensitivity[] = {0.0, 0.5, 0.5, 1.0, 1.0};
    double x[6], y[6], area = 0.0;
    medtl_ranking ranking;
    size_t count;

    cr_assert(medtl_ranking_create(scores, 1, labels, 1, 5, &ranking, NULL) == MEDTL_OK);
    count = medtl_roc_points(&ranking, x, y);
    cr_assert(count == 5, "%zu points", count);
    expect(x, rate, 5);
    expect(y, sensitivity, 5);
    for (size_t i = 1; i < count; i++) /* trapezia: (0.5 + 0.75 + 1) / 3 */
        area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2.0;
    cr_assert(fabs(area - 0.75) < 1e-12 && fabs(area - medtl_ranking_auc(&ranking, NULL)) < 1e-12);
    medtl_ranking_clear(&ranking);
}

Test(roc, has_no_points_where_one_kind_is_missing)
{
    static const float scores[] = {0.5f, 0.9f};
    static const uint32_t labels[] = {1, 1};
    double x[3], y[3];
    medtl_ranking ranking;

    cr_assert(medtl_ranking_create(scores, 1, labels, 1, 2, &ranking, NULL) == MEDTL_OK);
    cr_assert(medtl_roc_points(&ranking, x, y) == 0);
    medtl_ranking_clear(&ranking);
}

Test(reliability, counts_how_often_the_most_probable_class_is_right)
{
    /* 15 bins: 0.95 and 1 lie in the last (0.933 to 1), 0.61 and 0.625 in bin 9 (0.6 to 0.667). */
    static const float probabilities[] = {0.05f, 0.95f, 1.0f, 0.0f, 0.375f, 0.625f, 0.61f, 0.39f};
    static const uint32_t labels[] = {1, 1, 1, 1};
    const medtl_predictions predictions = {
        .count = 4, .classes = 2, .probabilities = probabilities, .labels = labels};
    medtl_reliability_bin bins[MEDTL_CALIBRATION_BINS];

    medtl_reliability(&predictions, bins);
    cr_assert(bins[14].count == 2 && bins[9].count == 2 && bins[0].count == 0);
    cr_assert(fabs(bins[14].confidence - 0.975) < 1e-6 && bins[14].accuracy == 0.5);
    cr_assert(fabs(bins[9].confidence - 0.6175) < 1e-6 && bins[9].accuracy == 0.5);
    cr_assert(isnan(bins[0].confidence) && isnan(bins[0].accuracy));
}
