#include "comparison.h"

#include "auc.h"
#include "width.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDES = 2, EACH = SIDES + 1 }; /* a number of both sides, and the difference */
enum { AUC_AT = 0, BALANCED_AT = EACH, ACCURACY_AT = 2 * EACH, NUMBERS = 3 * EACH };

typedef struct side {
    const medtl_predictions *given;
    size_t *predicted;
    medtl_ranking *rankings; /* [classes] */
} side;

typedef struct sides {
    side of[SIDES];
    double *right, *all; /* [classes], of one resample */
    size_t calls;        /* the first is of the cases as they are */
    size_t low[NUMBERS], high[NUMBERS],
        defined[NUMBERS]; /* resamples with the number <= 0, >= 0, defined */
} sides;

static double macro_auc(const side *s, const uint32_t *weights)
{
    double sum = 0.0, defined = 0.0;

    for (size_t k = 0; k < s->given->classes; k++) {
        const double auc = medtl_ranking_auc(&s->rankings[k], weights);

        if (!isnan(auc)) {
            sum += auc;
            defined += 1.0;
        }
    }
    return defined > 0.0 ? sum / defined : NAN;
}

static double balanced_accuracy(const sides *c, const side *s, const uint32_t *weights)
{
    const medtl_predictions *p = s->given;
    double sum = 0.0, defined = 0.0;

    memset(c->right, 0, p->classes * sizeof *c->right);
    memset(c->all, 0, p->classes * sizeof *c->all);
    for (size_t i = 0; i < p->count; i++) {
        c->all[p->labels[i]] += weights[i];
        if (s->predicted[i] == p->labels[i])
            c->right[p->labels[i]] += weights[i];
    }
    for (size_t k = 0; k < p->classes; k++)
        if (c->all[k] > 0.0) {
            sum += c->right[k] / c->all[k];
            defined += 1.0;
        }
    return defined > 0.0 ? sum / defined : NAN;
}

/* After balanced_accuracy() of the same side and resample. */
static double accuracy(const sides *c, const side *s)
{
    double right = 0.0, all = 0.0;

    for (size_t k = 0; k < s->given->classes; k++) {
        right += c->right[k];
        all += c->all[k];
    }
    return all > 0.0 ? right / all : NAN;
}

static void count_signs(sides *c, const double *values)
{
    if (c->calls++ == 0)
        return;
    for (size_t i = SIDES; i < NUMBERS; i += EACH) {
        c->low[i] += values[i] <= 0.0;
        c->high[i] += values[i] >= 0.0;
        c->defined[i] += !isnan(values[i]);
    }
}

/* Davison & Hinkley (1997), section 4.2: one more than counted, so that p is never zero. */
static double p_of(const sides *c, size_t at)
{
    const size_t fewer = c->low[at] < c->high[at] ? c->low[at] : c->high[at];

    if (c->defined[at] == 0)
        return NAN;
    return fmin(1.0, 2.0 * ((double)fewer + 1.0) / ((double)c->defined[at] + 1.0));
}

static void statistics(void *context, const uint32_t *weights, double *values)
{
    sides *c = context;

    for (size_t i = 0; i < SIDES; i++) {
        values[AUC_AT + i] = macro_auc(&c->of[i], weights);
        values[BALANCED_AT + i] = balanced_accuracy(c, &c->of[i], weights);
        values[ACCURACY_AT + i] = accuracy(c, &c->of[i]);
    }
    for (size_t i = 0; i < NUMBERS; i += EACH)
        values[i + SIDES] = values[i + 1] - values[i];
    count_signs(c, values);
}

static medtl_status prepare(side *s, const medtl_predictions *given,
                            const medtl_evaluation_options *options, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    s->given = given;
    s->predicted = calloc(given->count + 1, sizeof *s->predicted);
    s->rankings = calloc(given->classes + 1, sizeof *s->rankings);
    if (s->predicted == NULL || s->rankings == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for comparing predictions");
    for (size_t i = 0; i < given->count; i++)
        s->predicted[i] = medtl_predicted_class(given->probabilities + i * given->classes,
                                                given->classes, options);
    for (size_t k = 0; k < given->classes && status == MEDTL_OK; k++)
        status = medtl_ranking_create_for_class(given->probabilities, given->classes, given->labels,
                                                (uint32_t)k, given->count, &s->rankings[k], err);
    return status;
}

static void release(side *s)
{
    for (size_t k = 0; s->rankings != NULL && k < s->given->classes; k++)
        medtl_ranking_clear(&s->rankings[k]);
    free(s->rankings);
    free(s->predicted);
}

static void compare_cases(const sides *c, medtl_comparison *out)
{
    const medtl_predictions *a = c->of[0].given, *b = c->of[1].given;
    size_t equal = 0;

    out->largest = 0.0;
    for (size_t i = 0; i < a->count; i++)
        equal += c->of[0].predicted[i] == c->of[1].predicted[i];
    for (size_t i = 0; i < a->count * a->classes; i++)
        out->largest =
            fmax(out->largest, fabs((double)a->probabilities[i] - (double)b->probabilities[i]));
    out->equal = (double)equal / (double)a->count;
}

/* A difference that every resample has alike is none at all, or more than so few cases can tell the size of. */
static medtl_compared hand_over(const sides *c, const medtl_interval *v, size_t at)
{
    medtl_compared out = {medtl_interval_with_width(v[at]), medtl_interval_with_width(v[at + 1]),
                          v[at + SIDES], p_of(c, at + SIDES)};

    if (out.difference.value != 0.0 && !isnan(out.difference.low)) {
        out.difference = medtl_interval_with_width(out.difference);
        if (isnan(out.difference.low))
            out.p = NAN;
    }
    return out;
}

medtl_status medtl_compare(const medtl_predictions *first, const medtl_predictions *second,
                           const medtl_evaluation_options *options, medtl_comparison *out,
                           medtl_error *err)
{
    sides c = {.right = calloc(first->classes + 1, sizeof *c.right),
               .all = calloc(first->classes + 1, sizeof *c.all)};
    medtl_interval v[NUMBERS];
    medtl_status status;

    if (c.right == NULL || c.all == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for comparing predictions");
    else if (first->count == 0 || first->count != second->count ||
             first->classes != second->classes || first->groups == NULL)
        status = medtl_fail(err, MEDTL_E_ARGUMENT, "the predictions are not of the same cases");
    else if ((status = prepare(&c.of[0], first, options, err)) == MEDTL_OK &&
             (status = prepare(&c.of[1], second, options, err)) == MEDTL_OK)
        status =
            medtl_bootstrap(first->groups, first->count, first->group_count, options->resamples,
                            options->seed, statistics, &c, NUMBERS, v, err);
    if (status == MEDTL_OK) {
        out->macro_auc = hand_over(&c, v, AUC_AT);
        out->balanced_accuracy = hand_over(&c, v, BALANCED_AT);
        out->accuracy = hand_over(&c, v, ACCURACY_AT);
        out->accuracy.first = medtl_interval_of_share(v[ACCURACY_AT], first->group_count);
        out->accuracy.second = medtl_interval_of_share(v[ACCURACY_AT + 1], first->group_count);
        compare_cases(&c, out);
    }
    release(&c.of[0]);
    release(&c.of[1]);
    free(c.right);
    free(c.all);
    return status;
}
