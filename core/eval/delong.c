#include "delong.h"

#include "auc.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double quantile_975 = 1.959963984540054;

/* What the cases of one scoring say, added up within groups: a sum over groups of products of these is a covariance. */
typedef struct parts {
    double auc;
    double *of_group; /* owned; [groups] */
} parts;

static size_t group_of(const medtl_predictions *p, size_t index)
{
    return p->groups != NULL ? p->groups[index] : index;
}

static size_t group_count(const medtl_predictions *p)
{
    return p->groups != NULL ? p->group_count : p->count;
}

/* How many groups have a case of this kind, and how many such cases there are. */
static size_t count_groups(const medtl_predictions *p, const medtl_ranking *r, bool positive,
                           bool *seen, double *cases)
{
    size_t count = 0;

    *cases = 0.0;
    memset(seen, 0, group_count(p) * sizeof *seen);
    for (size_t i = 0; i < p->count; i++)
        if (r->positive[i] == positive) {
            *cases += 1.0;
            count += !seen[group_of(p, i)];
            seen[group_of(p, i)] = true;
        }
    return count;
}

/* The share of the other kind that each case outranks (a positive) or is outranked by (a negative): the structural
 * components V10 and V01 of DeLong et al. @return their mean, the AUC. */
static double components(const medtl_ranking *r, double positives, double negatives, double *v)
{
    double positives_below = 0.0, negatives_below = 0.0, sum = 0.0;

    for (size_t first = 0, end; first < r->count; first = end) {
        double tied[2] = {0.0, 0.0};

        for (end = first; end == first || !r->ends_tie[end - 1]; end++)
            tied[r->positive[r->order[end]]] += 1.0;
        for (size_t i = first; i < end; i++) {
            const size_t index = r->order[i];

            if (r->positive[index]) {
                v[index] = (negatives_below + 0.5 * tied[0]) / negatives;
                sum += v[index];
            } else {
                v[index] = (positives - positives_below - 0.5 * tied[1]) / positives;
            }
        }
        positives_below += tied[1];
        negatives_below += tied[0];
    }
    return sum / positives;
}

/* n / (n - 1) makes a mean of squares an unbiased variance; nothing can be said of a single group. */
static double unbiased(size_t groups)
{
    return groups > 1 ? sqrt((double)groups / ((double)groups - 1.0)) : (double)NAN;
}

/* Add the parts of one class, `share` of them. @return false where its AUC is not defined. */
static bool add_class(const medtl_predictions *p, const medtl_ranking *r, double *v, bool *seen,
                      parts *out)
{
    double positives, negatives, auc;
    const size_t with_positives = count_groups(p, r, true, seen, &positives);
    const size_t with_negatives = count_groups(p, r, false, seen, &negatives);

    if (with_positives == 0 || with_negatives == 0)
        return false;
    auc = components(r, positives, negatives, v);
    out->auc += auc;
    for (size_t i = 0; i < p->count; i++)
        out->of_group[group_of(p, i)] += r->positive[i]
                                             ? unbiased(with_positives) * (v[i] - auc) / positives
                                             : unbiased(with_negatives) * (v[i] - auc) / negatives;
    return true;
}

static medtl_status find_parts(const medtl_predictions *p, size_t class_index, parts *out,
                               medtl_error *err)
{
    const bool all = class_index == MEDTL_ALL_CLASSES;
    double *v = calloc(p->count + 1, sizeof *v), defined = 0.0;
    bool *seen = calloc(group_count(p) + 1, sizeof *seen);
    medtl_status status = MEDTL_OK;

    out->auc = 0.0;
    out->of_group = calloc(group_count(p) + 1, sizeof *out->of_group);
    if (v == NULL || seen == NULL || out->of_group == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu cases", p->count);
        goto done;
    }
    for (size_t k = all ? 0 : class_index;
         k < (all ? p->classes : class_index + 1) && status == MEDTL_OK; k++) {
        medtl_ranking ranking;

        status = medtl_ranking_create_for_class(p->probabilities, p->classes, p->labels,
                                                (uint32_t)k, p->count, &ranking, err);
        if (status == MEDTL_OK && add_class(p, &ranking, v, seen, out))
            defined += 1.0;
        if (status == MEDTL_OK)
            medtl_ranking_clear(&ranking);
    }
    out->auc = defined > 0.0 ? out->auc / defined : (double)NAN;
    for (size_t g = 0; g < group_count(p) && defined > 0.0; g++)
        out->of_group[g] /= defined;
done:
    free(v);
    free(seen);
    return status;
}

static double product(const parts *a, const parts *b, size_t groups)
{
    double sum = 0.0;

    for (size_t g = 0; g < groups; g++)
        sum += a->of_group[g] * b->of_group[g];
    return sum;
}

static medtl_interval interval(double value, double variance, double low, double high)
{
    const double reach = quantile_975 * sqrt(variance);

    return (medtl_interval){value, isnan(value) ? (double)NAN : fmax(value - reach, low),
                            isnan(value) ? (double)NAN : fmin(value + reach, high)};
}

/* Cases that are ranked without a fault, or all alike, have no variance, and that says nothing of other cases. */
static medtl_interval keep_undefined(medtl_interval i, double variance)
{
    if (isnan(variance) || variance <= 0.0) /* fmax() and fmin() lose a NAN */
        i.low = i.high = (double)NAN;
    return i;
}

/* Rounding leaves a trace of variance where the two scorings rank alike, or differ by the same for every case: how far
 * others would differ cannot be told from those. */
static void test_difference(medtl_delong *out, double difference)
{
    const double variance = out->variance[0] + out->variance[1] - 2.0 * out->covariance;
    const double noise = 1e-12 * (out->variance[0] + out->variance[1]);

    if (isnan(variance))
        return;
    if (variance <= noise) {
        if (fabs(difference) > 1e-12)
            return;
        out->difference = (medtl_interval){difference, difference, difference};
        out->z = 0.0;
        out->p = 1.0;
        return;
    }
    out->difference = interval(difference, variance, -1.0, 1.0);
    out->z = difference / sqrt(variance);
    out->p = erfc(fabs(out->z) / sqrt(2.0));
}

static medtl_status check(const medtl_predictions *first, const medtl_predictions *second,
                          size_t class_index, medtl_error *err)
{
    if (class_index != MEDTL_ALL_CLASSES && class_index >= first->classes)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "class %zu of %zu", class_index, first->classes);
    if (second == NULL)
        return MEDTL_OK;
    if (first->count != second->count || first->classes != second->classes ||
        group_count(first) != group_count(second))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "the predictions are not of the same cases");
    for (size_t i = 0; i < first->count; i++)
        if (first->labels[i] != second->labels[i] || group_of(first, i) != group_of(second, i))
            return medtl_fail(err, MEDTL_E_ARGUMENT,
                              "case %zu has another label or group in the second predictions", i);
    return MEDTL_OK;
}

medtl_status medtl_delong_test(const medtl_predictions *first, const medtl_predictions *second,
                               size_t class_index, medtl_delong *out, medtl_error *err)
{
    const medtl_interval none = {(double)NAN, (double)NAN, (double)NAN};
    parts a = {0}, b = {0};
    medtl_status status;

    *out = (medtl_delong){.first = none,
                          .second = none,
                          .difference = none,
                          .variance = {(double)NAN, (double)NAN},
                          .covariance = (double)NAN,
                          .z = (double)NAN,
                          .p = (double)NAN};
    if ((status = check(first, second, class_index, err)) != MEDTL_OK ||
        (status = find_parts(first, class_index, &a, err)) != MEDTL_OK ||
        (second != NULL && (status = find_parts(second, class_index, &b, err)) != MEDTL_OK) ||
        isnan(a.auc))
        goto done;
    out->variance[0] = product(&a, &a, group_count(first));
    out->first = keep_undefined(interval(a.auc, out->variance[0], 0.0, 1.0), out->variance[0]);
    if (second == NULL)
        goto done;
    out->variance[1] = product(&b, &b, group_count(first));
    out->covariance = product(&a, &b, group_count(first));
    out->second = keep_undefined(interval(b.auc, out->variance[1], 0.0, 1.0), out->variance[1]);
    out->difference.value = b.auc - a.auc;
    test_difference(out, b.auc - a.auc);
done:
    free(a.of_group);
    free(b.of_group);
    return status;
}
