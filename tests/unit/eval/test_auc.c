#include "core/base/random.h"
#include "core/eval/auc.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>

enum { MOST = 200 };

/* The definition itself: every positive against every negative, each pair as often as it is weighted. */
static double naive_auc(const float *scores, const uint32_t *labels, const uint32_t *weights,
                        size_t count)
{
    double wins = 0.0, pairs = 0.0;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            if (labels[i] == 1 && labels[j] != 1) {
                const double weight = (double)weights[i] * weights[j];

                pairs += weight;
                wins += weight * (scores[i] > scores[j] ? 1.0 : scores[i] == scores[j] ? 0.5 : 0.0);
            }
    return pairs > 0.0 ? wins / pairs : (double)NAN;
}

static double auc(const float *scores, const uint32_t *labels, const uint32_t *weights,
                  size_t count)
{
    medtl_ranking ranking;
    double value;

    cr_assert_eq(medtl_ranking_create(scores, 1, labels, 1, count, &ranking, NULL), MEDTL_OK);
    value = medtl_ranking_auc(&ranking, weights);
    medtl_ranking_clear(&ranking);
    return value;
}

/* Worked by hand: pairs won of pairs there are. */
struct auc_case {
    char label[40];
    float scores[4];
    uint32_t labels[4];
    double expected;
};

ParameterizedTestParameters(auc, counts_pairs_won)
{
    static struct auc_case cases[] = {
        {"perfect", {0.1f, 0.2f, 0.8f, 0.9f}, {0, 0, 1, 1}, 1.0},
        {"reversed", {0.9f, 0.8f, 0.2f, 0.1f}, {0, 0, 1, 1}, 0.0},
        {"one pair of four lost", {0.1f, 0.4f, 0.35f, 0.8f}, {0, 0, 1, 1}, 0.75},
        {"all tied", {0.5f, 0.5f, 0.5f, 0.5f}, {0, 1, 0, 1}, 0.5},
        {"one tie of four", {0.1f, 0.5f, 0.5f, 0.8f}, {0, 0, 1, 1}, 0.875},
    };
    return cr_make_param_array(struct auc_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct auc_case *c, auc, counts_pairs_won)
{
    const double got = auc(c->scores, c->labels, NULL, 4);

    cr_assert(fabs(got - c->expected) < 1e-12, "%s: got %g, expected %g", c->label, got,
              c->expected);
}

Test(auc, agrees_with_the_double_loop_on_random_scores_with_ties_and_weights)
{
    float scores[MOST];
    uint32_t labels[MOST], weights[MOST];
    medtl_random random;

    medtl_random_seed(&random, 7);
    for (int round = 0; round < 100; round++) {
        const size_t count = 2 + medtl_random_below(&random, MOST - 2);
        double expected, got;

        for (size_t i = 0; i < count; i++) {
            scores[i] = (float)medtl_random_below(&random, 20) / 20.0f;
            labels[i] = (uint32_t)medtl_random_below(&random, 3);
            weights[i] = (uint32_t)medtl_random_below(&random, 4);
        }
        expected = naive_auc(scores, labels, weights, count);
        got = auc(scores, labels, weights, count);
        cr_assert((isnan(expected) && isnan(got)) || fabs(got - expected) < 1e-12,
                  "round %d, %zu cases: got %.15g, expected %.15g", round, count, got, expected);
    }
}

Test(auc, is_undefined_where_one_kind_is_missing)
{
    const float scores[3] = {0.1f, 0.2f, 0.3f};
    const uint32_t only_positive[3] = {1, 1, 1}, mixed[3] = {0, 1, 1}, weights[3] = {0, 1, 2};

    cr_assert(isnan(auc(scores, only_positive, NULL, 3)));
    cr_assert(isnan(auc(scores, mixed, weights, 3)), "the only negative has weight 0");
}

Test(youden, threshold_is_where_sensitivity_plus_specificity_is_largest)
{
    /* By rising score - + - + +: cutting after 0.3 keeps 2 of 3 positives and refuses 2 of 2 negatives (index
     * 2/3); after 0.1 it is 3 of 3 and 1 of 2 (1/2). */
    const float scores[5] = {0.1f, 0.2f, 0.3f, 0.5f, 0.9f};
    const uint32_t labels[5] = {0, 1, 0, 1, 1};
    const float tied[4] = {0.5f, 0.5f, 0.5f, 0.5f}, pair[4] = {0.9f, 0.1f, 0.2f, 0.8f};
    const uint32_t mixed[4] = {0, 1, 0, 1}, same[4] = {1, 1, 1, 1}, rows[2] = {0, 1};

    cr_assert_float_eq(medtl_youden_threshold(scores, 1, labels, 1, 5), 0.4, 1e-6);
    cr_assert_float_eq(medtl_youden_threshold(pair + 1, 2, rows, 1, 2), 0.45, 1e-6, "stride");
    cr_assert(isnan(medtl_youden_threshold(tied, 1, mixed, 1, 4)), "nothing to cut between");
    cr_assert(isnan(medtl_youden_threshold(scores, 1, same, 1, 4)), "one kind only");
}
