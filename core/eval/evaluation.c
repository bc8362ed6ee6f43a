/* All numbers are one vector of statistics of weighted cases, so that the bootstrap runs the very same
 * code as the plain evaluation does (there every weight is 1). */
#include "evaluation.h"

#include "auc.h"
#include "delong.h"
#include "width.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Places in the vector; after them come PER_CLASS numbers for each class. */
enum { ACCURACY, BALANCED, MACRO_F1, MACRO_AUC, LOG_LOSS, BRIER, ECE, OVERALL };
enum { SENSITIVITY, SPECIFICITY, PRECISION, F1, AUC, PER_CLASS };

typedef struct cases {
    const medtl_predictions *given;
    size_t *predicted;        /* [count] */
    float *confidence;        /* [count]: probability of the predicted class */
    double *log_loss, *brier; /* [count] */
    medtl_ranking *rankings;  /* [classes] */
    double *counts;           /* [3][classes]: of the truth, of the prediction, of both */
} cases;

size_t medtl_predicted_class(const float *probabilities, size_t classes,
                             const medtl_evaluation_options *options)
{
    const size_t positive = (size_t)options->positive_class;
    size_t best = classes;

    if (options->positive_class >= 0 && positive < classes &&
        (double)probabilities[positive] >= options->threshold)
        return positive;
    for (size_t k = 0; k < classes; k++)
        if ((options->positive_class < 0 || k != positive || classes == 1) &&
            (best == classes || probabilities[k] > probabilities[best]))
            best = k;
    return best;
}

static double ratio(double part, double whole) { return whole > 0.0 ? part / whole : (double)NAN; }

static double calibration_error(const cases *c, const uint32_t *weights, double total)
{
    double weight[MEDTL_CALIBRATION_BINS] = {0}, right[MEDTL_CALIBRATION_BINS] = {0};
    double sure[MEDTL_CALIBRATION_BINS] = {0}, sum = 0.0;

    for (size_t i = 0; i < c->given->count; i++) {
        int bin = (int)((double)c->confidence[i] * MEDTL_CALIBRATION_BINS);

        if (bin >= MEDTL_CALIBRATION_BINS)
            bin = MEDTL_CALIBRATION_BINS - 1; /* a probability of exactly 1 */
        weight[bin] += weights[i];
        sure[bin] += weights[i] * (double)c->confidence[i];
        if (c->predicted[i] == c->given->labels[i])
            right[bin] += weights[i];
    }
    for (int bin = 0; bin < MEDTL_CALIBRATION_BINS; bin++)
        sum += fabs(right[bin] - sure[bin]);
    return ratio(sum, total);
}

static void class_statistics(const cases *c, const uint32_t *weights, double total, double *values)
{
    const size_t classes = c->given->classes;
    const double *truth = c->counts, *predicted = truth + classes, *both = predicted + classes;
    double sensitivities = 0.0, aucs = 0.0, with_cases = 0.0, with_auc = 0.0, right = 0.0;
    double f1s = 0.0, with_f1 = 0.0;

    for (size_t k = 0; k < classes; k++) {
        double *v = values + OVERALL + k * PER_CLASS;

        v[SENSITIVITY] = ratio(both[k], truth[k]);
        v[SPECIFICITY] = ratio(total - truth[k] - predicted[k] + both[k], total - truth[k]);
        v[PRECISION] = ratio(both[k], predicted[k]);
        v[F1] = ratio(2.0 * both[k], truth[k] + predicted[k]);
        v[AUC] = medtl_ranking_auc(&c->rankings[k], weights);
        right += both[k];
        if (!isnan(v[F1])) {
            f1s += v[F1];
            with_f1 += 1.0;
        }
        if (!isnan(v[SENSITIVITY])) {
            sensitivities += v[SENSITIVITY];
            with_cases += 1.0;
        }
        if (!isnan(v[AUC])) {
            aucs += v[AUC];
            with_auc += 1.0;
        }
    }
    values[ACCURACY] = ratio(right, total);
    values[BALANCED] = ratio(sensitivities, with_cases);
    values[MACRO_F1] = ratio(f1s, with_f1);
    values[MACRO_AUC] = ratio(aucs, with_auc);
}

static void statistics(void *context, const uint32_t *weights, double *values)
{
    cases *c = context;
    const size_t classes = c->given->classes;
    double total = 0.0, log_loss = 0.0, brier = 0.0;

    memset(c->counts, 0, 3 * classes * sizeof *c->counts);
    for (size_t i = 0; i < c->given->count; i++) {
        const double weight = weights[i];
        const size_t truth = c->given->labels[i], predicted = c->predicted[i];

        total += weight;
        log_loss += weight * c->log_loss[i];
        brier += weight * c->brier[i];
        c->counts[truth] += weight;
        c->counts[classes + predicted] += weight;
        if (truth == predicted)
            c->counts[2 * classes + truth] += weight;
    }
    class_statistics(c, weights, total, values);
    values[LOG_LOSS] = ratio(log_loss, total);
    values[BRIER] = ratio(brier, total);
    values[ECE] = calibration_error(c, weights, total);
}

static medtl_status check(const medtl_predictions *p, medtl_error *err)
{
    if (p->count == 0 || p->classes == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "there are no cases to evaluate");
    for (size_t i = 0; i < p->count; i++) {
        if (p->labels[i] >= p->classes)
            return medtl_fail(err, MEDTL_E_ARGUMENT, "case %zu: class %u of %zu", i,
                              (unsigned)p->labels[i], p->classes);
        if (p->groups != NULL && p->groups[i] >= p->group_count)
            return medtl_fail(err, MEDTL_E_ARGUMENT, "case %zu: group %u of %zu", i,
                              (unsigned)p->groups[i], p->group_count);
        for (size_t k = 0; k < p->classes; k++) {
            const float value = p->probabilities[i * p->classes + k];

            if (!(value >= 0.0f && value <= 1.0001f))
                return medtl_fail(err, MEDTL_E_ARGUMENT, "case %zu: %g is not a probability", i,
                                  (double)value);
        }
    }
    return MEDTL_OK;
}

static medtl_status prepare(cases *c, const medtl_evaluation_options *options, medtl_error *err)
{
    const medtl_predictions *p = c->given;
    medtl_status status = MEDTL_OK;

    c->predicted = calloc(p->count, sizeof *c->predicted);
    c->confidence = calloc(p->count, sizeof *c->confidence);
    c->log_loss = calloc(p->count, sizeof *c->log_loss);
    c->brier = calloc(p->count, sizeof *c->brier);
    c->rankings = calloc(p->classes, sizeof *c->rankings);
    c->counts = calloc(3 * p->classes, sizeof *c->counts);
    if (c->predicted == NULL || c->confidence == NULL || c->log_loss == NULL || c->brier == NULL ||
        c->rankings == NULL || c->counts == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for evaluating %zu cases", p->count);
    for (size_t i = 0; i < p->count; i++) {
        const float *row = p->probabilities + i * p->classes;

        c->predicted[i] = medtl_predicted_class(row, p->classes, options);
        c->confidence[i] = row[c->predicted[i]];
        c->log_loss[i] = -log(fmax((double)row[p->labels[i]], 1e-12));
        for (size_t k = 0; k < p->classes; k++) {
            const double gap = (double)row[k] - (k == p->labels[i] ? 1.0 : 0.0);

            c->brier[i] += gap * gap;
        }
    }
    for (size_t k = 0; k < p->classes && status == MEDTL_OK; k++)
        status = medtl_ranking_create_for_class(p->probabilities, p->classes, p->labels,
                                                (uint32_t)k, p->count, &c->rankings[k], err);
    return status;
}

static void release(cases *c)
{
    for (size_t k = 0; c->rankings != NULL && k < c->given->classes; k++)
        medtl_ranking_clear(&c->rankings[k]);
    free(c->predicted);
    free(c->confidence);
    free(c->log_loss);
    free(c->brier);
    free(c->rankings);
    free(c->counts);
}

/* What a share is of: all cases, those of the class k, those of the others, or those that are called k. */
typedef enum share { OF_ALL, OF_CLASS, OF_OTHERS, OF_CALLED } share;

static bool share_has(const cases *c, size_t i, share of, size_t k)
{
    switch (of) {
    case OF_CLASS:
        return c->given->labels[i] == k;
    case OF_OTHERS:
        return c->given->labels[i] != k;
    case OF_CALLED:
        return c->predicted[i] == k;
    default:
        return true;
    }
}

/* @param seen  [groups], for this count's own use. */
static size_t count_groups(const cases *c, const uint32_t *groups, size_t group_count, share of,
                           size_t k, bool *seen)
{
    size_t count = 0;

    memset(seen, 0, group_count * sizeof *seen);
    for (size_t i = 0; i < c->given->count; i++)
        if (share_has(c, i, of, k) && !seen[groups[i]]) {
            seen[groups[i]] = true;
            count++;
        }
    return count;
}

/* Give intervals without width another one, or none. */
static void widen(const cases *c, const uint32_t *groups, size_t group_count, bool *seen,
                  medtl_interval *values)
{
    static const struct {
        size_t place;
        share of;
    } shares[] = {{SENSITIVITY, OF_CLASS}, {SPECIFICITY, OF_OTHERS}, {PRECISION, OF_CALLED}};

    values[ACCURACY] = medtl_interval_of_share(values[ACCURACY], group_count);
    for (size_t k = 0; k < c->given->classes; k++)
        for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
            medtl_interval *v = &values[OVERALL + k * PER_CLASS + shares[i].place];

            *v = medtl_interval_of_share(
                *v, count_groups(c, groups, group_count, shares[i].of, k, seen));
        }
    for (size_t i = 0; i < OVERALL + c->given->classes * PER_CLASS; i++)
        values[i] = medtl_interval_with_width(values[i]);
}

static void hand_over(const cases *c, const medtl_interval *values, medtl_evaluation *out)
{
    out->accuracy = values[ACCURACY];
    out->balanced_accuracy = values[BALANCED];
    out->macro_f1 = values[MACRO_F1];
    out->macro_auc = values[MACRO_AUC];
    out->log_loss = values[LOG_LOSS];
    out->brier = values[BRIER];
    out->calibration_error = values[ECE];
    for (size_t k = 0; k < out->classes; k++) {
        const medtl_interval *v = values + OVERALL + k * PER_CLASS;
        medtl_class_evaluation *one = &out->per_class[k];

        one->sensitivity = v[SENSITIVITY];
        one->specificity = v[SPECIFICITY];
        one->precision = v[PRECISION];
        one->f1 = v[F1];
        one->auc = v[AUC];
    }
    for (size_t i = 0; i < out->count; i++) {
        out->per_class[c->given->labels[i]].support++;
        out->confusion[c->given->labels[i] * out->classes + c->predicted[i]]++;
    }
}

/* Intervals of the AUCs by another way than resampling. */
static medtl_status add_delong(const medtl_predictions *p, medtl_evaluation *out, medtl_error *err)
{
    medtl_delong test;
    medtl_status status = medtl_delong_test(p, NULL, MEDTL_ALL_CLASSES, &test, err);

    if (status != MEDTL_OK)
        return status;
    out->macro_auc_delong = test.first;
    for (size_t k = 0; k < p->classes; k++) {
        if ((status = medtl_delong_test(p, NULL, k, &test, err)) != MEDTL_OK)
            return status;
        out->per_class[k].auc_delong = test.first;
    }
    return MEDTL_OK;
}

static medtl_status evaluate(cases *c, const medtl_evaluation_options *options,
                             medtl_evaluation *out, medtl_error *err)
{
    const medtl_predictions *p = c->given;
    const size_t count = OVERALL + p->classes * PER_CLASS;
    medtl_interval *values = calloc(count, sizeof *values);
    const uint32_t *groups = p->groups;
    uint32_t *own = NULL;
    bool *seen;
    medtl_status status = MEDTL_OK;

    out->count = p->count;
    out->classes = p->classes;
    out->groups = p->groups != NULL ? p->group_count : p->count;
    out->confusion = calloc(p->classes * p->classes, sizeof *out->confusion);
    out->per_class = calloc(p->classes, sizeof *out->per_class);
    seen = calloc(out->groups + 1, sizeof *seen);
    if (groups == NULL && (groups = own = calloc(p->count, sizeof *own)) != NULL)
        for (size_t i = 0; i < p->count; i++)
            own[i] = (uint32_t)i;
    if (values == NULL || out->confusion == NULL || out->per_class == NULL || groups == NULL ||
        seen == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an evaluation");
    if (status == MEDTL_OK)
        status = medtl_bootstrap(groups, p->count, out->groups, options->resamples, options->seed,
                                 statistics, c, count, values, err);
    if (status == MEDTL_OK) {
        widen(c, groups, out->groups, seen, values);
        hand_over(c, values, out);
        status = add_delong(p, out, err);
    }
    free(values);
    free(seen);
    free(own);
    return status;
}

medtl_status medtl_evaluation_create(const medtl_predictions *predictions,
                                     const medtl_evaluation_options *options,
                                     medtl_evaluation **out, medtl_error *err)
{
    cases c = {.given = predictions};
    medtl_evaluation *evaluation = NULL;
    medtl_status status;

    *out = NULL;
    if ((status = check(predictions, err)) != MEDTL_OK ||
        (status = prepare(&c, options, err)) != MEDTL_OK)
        goto done;
    evaluation = calloc(1, sizeof *evaluation);
    if (evaluation == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an evaluation");
        goto done;
    }
    if ((status = evaluate(&c, options, evaluation, err)) != MEDTL_OK)
        goto done;
    *out = evaluation;
    evaluation = NULL;
done:
    medtl_evaluation_destroy(evaluation);
    release(&c);
    return status;
}

void medtl_evaluation_destroy(medtl_evaluation *evaluation)
{
    if (evaluation == NULL)
        return;
    free(evaluation->confusion);
    free(evaluation->per_class);
    free(evaluation);
}
