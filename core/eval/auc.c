#include "auc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct scored {
    double score;
    size_t index;
} scored;

static int by_score(const void *a, const void *b)
{
    const scored *x = a, *y = b;

    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Rank the cases of `sorted`, which is sorted and freed here; NULL: there was no memory for it. */
static medtl_status rank(scored *sorted, const uint32_t *labels, uint32_t positive_label,
                         size_t count, medtl_ranking *out, medtl_error *err)
{
    const size_t room = count > 0 ? count : 1;

    memset(out, 0, sizeof *out);
    out->count = count;
    out->order = malloc(room * sizeof *out->order);
    out->ends_tie = malloc(room * sizeof *out->ends_tie);
    out->positive = malloc(room * sizeof *out->positive);
    if (sorted == NULL || out->order == NULL || out->ends_tie == NULL || out->positive == NULL) {
        free(sorted);
        medtl_ranking_clear(out);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for ranking %zu cases", count);
    }
    qsort(sorted, count, sizeof *sorted, by_score);
    for (size_t i = 0; i < count; i++) {
        out->positive[i] = labels[i] == positive_label;
        out->order[i] = sorted[i].index;
        out->ends_tie[i] = i + 1 == count || sorted[i].score != sorted[i + 1].score;
    }
    free(sorted);
    return MEDTL_OK;
}

medtl_status medtl_ranking_create(const float *scores, size_t stride, const uint32_t *labels,
                                  uint32_t positive_label, size_t count, medtl_ranking *out,
                                  medtl_error *err)
{
    scored *sorted = malloc((count > 0 ? count : 1) * sizeof *sorted);

    for (size_t i = 0; i < count && sorted != NULL; i++)
        sorted[i] = (scored){(double)scores[i * stride], i};
    return rank(sorted, labels, positive_label, count, out, err);
}

/* The logarithm of p / (1 - p). A probability near 1 is the same float as its neighbours, so there what is missing from 1
 * comes from the other classes, which are small numbers with digits of their own. */
static double log_odds(const float *p, size_t classes, size_t k)
{
    static const float coarse =
        0.999f; /* from here on a float's steps lose the odds' fourth digit */
    double others = 0.0;

    if (p[k] < coarse)
        return log((double)p[k]) - log1p(-(double)p[k]);
    for (size_t j = 0; j < classes; j++)
        if (j != k)
            others += (double)p[j];
    return log1p(-others) - log(others);
}

medtl_status medtl_ranking_create_for_class(const float *probabilities, size_t classes,
                                            const uint32_t *labels, uint32_t class_index,
                                            size_t count, medtl_ranking *out, medtl_error *err)
{
    scored *sorted = malloc((count > 0 ? count : 1) * sizeof *sorted);

    for (size_t i = 0; i < count && sorted != NULL; i++)
        sorted[i] = (scored){log_odds(probabilities + i * classes, classes, class_index), i};
    return rank(sorted, labels, class_index, count, out, err);
}

void medtl_ranking_clear(medtl_ranking *ranking)
{
    free(ranking->order);
    free(ranking->ends_tie);
    free(ranking->positive);
    memset(ranking, 0, sizeof *ranking);
}

double medtl_ranking_auc(const medtl_ranking *ranking, const uint32_t *weights)
{
    /* Walk up the scores: each positive beats the negatives below it and half of those it ties with. */
    double wins = 0.0, negatives = 0.0, positives = 0.0, tied_negatives = 0.0, tied_positives = 0.0;

    for (size_t i = 0; i < ranking->count; i++) {
        const size_t index = ranking->order[i];
        const double weight = weights != NULL ? weights[index] : 1.0;

        if (ranking->positive[index])
            tied_positives += weight;
        else
            tied_negatives += weight;
        if (ranking->ends_tie[i]) {
            wins += tied_positives * (negatives + 0.5 * tied_negatives);
            negatives += tied_negatives;
            positives += tied_positives;
            tied_negatives = tied_positives = 0.0;
        }
    }
    return negatives > 0.0 && positives > 0.0 ? wins / (negatives * positives) : (double)NAN;
}

double medtl_youden_threshold(const float *scores, size_t stride, const uint32_t *labels,
                              uint32_t positive_label, size_t count)
{
    medtl_ranking ranking;
    double positives = 0.0, below = 0.0, missed = 0.0, best = -1.0, threshold = (double)NAN;

    if (medtl_ranking_create(scores, stride, labels, positive_label, count, &ranking, NULL) !=
        MEDTL_OK)
        return (double)NAN;
    for (size_t i = 0; i < count; i++)
        positives += ranking.positive[i] ? 1.0 : 0.0;
    /* Cut after each run of ties: what lies below is called negative. */
    for (size_t i = 0; i + 1 < count && positives > 0.0 && positives < (double)count; i++) {
        const double low = (double)scores[ranking.order[i] * stride];
        double index;

        missed += ranking.positive[ranking.order[i]] ? 1.0 : 0.0;
        below += ranking.positive[ranking.order[i]] ? 0.0 : 1.0;
        index = below / ((double)count - positives) - missed / positives;
        if (ranking.ends_tie[i] && index >= best) {
            best = index;
            threshold = low + 0.5 * ((double)scores[ranking.order[i + 1] * stride] - low);
        }
    }
    medtl_ranking_clear(&ranking);
    return threshold;
}
