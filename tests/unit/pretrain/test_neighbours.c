/* The probe by nearest neighbours against a naive one, and what it refuses. */
#include "core/base/random.h"
#include "core/eval/neighbours.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { COUNT = 60, SIZE = 11, CLASSES = 3, GROUPS = 17 };

static float features[COUNT * SIZE], scores[COUNT * CLASSES];
static uint32_t labels[COUNT], groups[COUNT];

static void make(void)
{
    medtl_random random;

    medtl_random_seed(&random, 4);
    for (size_t i = 0; i < COUNT * SIZE; i++)
        features[i] = (float)medtl_random_normal(&random);
    for (size_t i = 0; i < COUNT; i++) {
        labels[i] = (uint32_t)medtl_random_below(&random, CLASSES);
        groups[i] = (uint32_t)medtl_random_below(&random, GROUPS);
    }
}

TestSuite(neighbours, .init = make, .timeout = 60);

static double cosine(size_t a, size_t b)
{
    double ab = 0.0, aa = 0.0, bb = 0.0;

    for (size_t k = 0; k < SIZE; k++) {
        const double x = (double)features[a * SIZE + k], y = (double)features[b * SIZE + k];

        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return ab / sqrt(aa * bb);
}

/* Take the nearest that is left, k times, in double. */
static void naive(size_t row, size_t k, double temperature, bool grouped, double *votes)
{
    bool taken[COUNT] = {false};
    double total = 0.0;

    memset(votes, 0, CLASSES * sizeof *votes);
    for (size_t n = 0; n < k; n++) {
        size_t best = COUNT;

        for (size_t i = 0; i < COUNT; i++)
            if (!taken[i] && (grouped ? groups[i] != groups[row] : i != row) &&
                (best == COUNT || cosine(row, i) > cosine(row, best)))
                best = i;
        if (best == COUNT)
            break;
        taken[best] = true;
        votes[labels[best]] += exp(cosine(row, best) / temperature);
        total += exp(cosine(row, best) / temperature);
    }
    for (size_t c = 0; c < CLASSES; c++)
        votes[c] /= total;
}

static medtl_neighbours question(size_t k, bool grouped)
{
    return (medtl_neighbours){.features = features,
                              .labels = labels,
                              .groups = grouped ? groups : NULL,
                              .count = COUNT,
                              .size = SIZE,
                              .classes = CLASSES,
                              .neighbours = k,
                              .temperature = 0.07};
}

Test(neighbours, vote_as_a_naive_search_in_double_says)
{
    static const size_t ks[] = {1, 5, 20, 1000};

    for (size_t which = 0; which < 8; which++) {
        const medtl_neighbours n = question(ks[which / 2], which % 2 == 1);

        cr_assert_eq(medtl_neighbours_vote(&n, NULL, scores, NULL), MEDTL_OK);
        for (size_t row = 0; row < COUNT; row++) {
            double votes[CLASSES];

            naive(row, n.neighbours, n.temperature, which % 2 == 1, votes);
            for (size_t c = 0; c < CLASSES; c++)
                cr_assert(fabs(votes[c] - (double)scores[row * CLASSES + c]) < 1e-4,
                          "k %zu, row %zu: %g, not %g", n.neighbours, row,
                          (double)scores[row * CLASSES + c], votes[c]);
        }
    }
}

Test(neighbours, threads_change_no_bit)
{
    const medtl_neighbours n = question(7, true);
    float other[COUNT * CLASSES];
    medtl_pool *pool = NULL;

    cr_assert_eq(medtl_pool_create(3, &pool, NULL), MEDTL_OK);
    cr_assert_eq(medtl_neighbours_vote(&n, NULL, scores, NULL), MEDTL_OK);
    cr_assert_eq(medtl_neighbours_vote(&n, pool, other, NULL), MEDTL_OK);
    cr_assert_eq(memcmp(scores, other, sizeof other), 0);
    medtl_pool_destroy(pool);
}

Test(neighbours, of_the_same_group_are_not_asked)
{
    medtl_neighbours n = question(1, true);

    /* Rows 0 and 1 are the same picture of one patient; nobody else is like them. */
    for (size_t k = 0; k < SIZE; k++)
        features[k] = features[SIZE + k] = k == 0 ? 1.0f : 0.0f;
    groups[0] = groups[1] = 0;
    groups[2] = 1;
    labels[0] = labels[1] = 0;
    labels[2] = 2;
    n.count = 3;
    cr_assert_eq(medtl_neighbours_vote(&n, NULL, scores, NULL), MEDTL_OK);
    cr_assert_eq(scores[2], 1.0f, "row 0 is told by row 2 alone");
}

Test(neighbours, of_one_group_or_without_numbers_are_refused)
{
    medtl_neighbours n = question(3, true);
    medtl_error err = {0};

    memset(groups, 0, sizeof groups);
    cr_assert_eq(medtl_neighbours_vote(&n, NULL, scores, &err), MEDTL_E_ARGUMENT);
    cr_assert_not_null(strstr(err.message, "60 images of one group"), "%s", err.message);
    n.groups = NULL;
    features[5 * SIZE] = NAN;
    cr_assert_eq(medtl_neighbours_vote(&n, NULL, scores, &err), MEDTL_E_ARGUMENT);
    cr_assert_not_null(strstr(err.message, "row 5"), "%s", err.message);
    labels[3] = CLASSES;
    cr_assert_eq(medtl_neighbours_vote(&n, NULL, scores, &err), MEDTL_E_ARGUMENT);
}
