#include "class_offsets.h"

#include "core/eval/deal.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STEPS = 100, MOST_HALVINGS = 40 };
static const double least_probability = 1e-12, least_gradient = 1e-9, armijo = 1e-4;

static double shifted(float probability, double offset)
{
    return log(fmax((double)probability, least_probability)) + offset;
}

/* Some of the cases, and room for one step over them. */
typedef struct fit {
    const medtl_predictions *cases;
    const size_t *chosen; /* [count] */
    size_t count, classes;
    double shrink;
    double *weight;   /* [classes]: of each case of a class; 1 over cases and classes */
    double *row;      /* [classes]: log p + offset of one case, then its softmax */
    double *gradient; /* [classes] */
    double *hessian;  /* [classes][classes], lower triangle; then its Cholesky factor */
    double *step;     /* [classes] */
    double *trial;    /* [classes] */
} fit;

static void fit_clear(fit *f)
{
    free(f->weight);
    free(f->row);
    free(f->gradient);
    free(f->hessian);
    free(f->step);
    free(f->trial);
}

static medtl_status fit_init(fit *f, medtl_error *err)
{
    const size_t n = f->classes;
    size_t *counts = calloc(n, sizeof *counts);
    medtl_status status = MEDTL_OK;

    f->weight = calloc(n, sizeof *f->weight);
    f->row = calloc(n, sizeof *f->row);
    f->gradient = calloc(n, sizeof *f->gradient);
    f->hessian = calloc(n * n, sizeof *f->hessian);
    f->step = calloc(n, sizeof *f->step);
    f->trial = calloc(n, sizeof *f->trial);
    if (counts == NULL || f->weight == NULL || f->row == NULL || f->gradient == NULL ||
        f->hessian == NULL || f->step == NULL || f->trial == NULL) {
        free(counts);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for offsets of %zu classes", n);
    }
    for (size_t i = 0; i < f->count; i++)
        counts[f->cases->labels[f->chosen[i]]]++;
    for (size_t k = 0; k < n; k++) {
        if (counts[k] == 0 && status == MEDTL_OK)
            status = medtl_fail(err, MEDTL_E_ARGUMENT,
                                "class %zu of %zu has no case to fit its offset on", k + 1, n);
        f->weight[k] = 1.0 / ((double)n * (double)(counts[k] > 0 ? counts[k] : 1));
    }
    free(counts);
    return status;
}

/* Leaves softmax(log p + offsets) in f->row. @return -log of the label's. */
static double soften(const fit *f, size_t i, const double *offsets)
{
    const float *p = f->cases->probabilities + f->chosen[i] * f->classes;
    double largest = -INFINITY, sum = 0.0, of_label;

    for (size_t k = 0; k < f->classes; k++) {
        f->row[k] = shifted(p[k], offsets[k]);
        largest = fmax(largest, f->row[k]);
    }
    of_label = f->row[f->cases->labels[f->chosen[i]]] - largest;
    for (size_t k = 0; k < f->classes; k++)
        sum += f->row[k] = exp(f->row[k] - largest);
    for (size_t k = 0; k < f->classes; k++)
        f->row[k] /= sum;
    return log(sum) - of_label;
}

static double loss_at(const fit *f, const double *offsets)
{
    double loss = 0.0;

    for (size_t i = 0; i < f->count; i++)
        loss += f->weight[f->cases->labels[f->chosen[i]]] * soften(f, i, offsets);
    for (size_t k = 0; k < f->classes; k++)
        loss += 0.5 * f->shrink * offsets[k] * offsets[k];
    return loss;
}

/* Loss, gradient and the Hessian's lower triangle. */
static double derive(fit *f, const double *offsets)
{
    const size_t n = f->classes;
    double loss = 0.0;

    memset(f->hessian, 0, n * n * sizeof *f->hessian);
    for (size_t k = 0; k < n; k++) {
        loss += 0.5 * f->shrink * offsets[k] * offsets[k];
        f->gradient[k] = f->shrink * offsets[k];
        f->hessian[k * n + k] = f->shrink;
    }
    for (size_t i = 0; i < f->count; i++) {
        const uint32_t label = f->cases->labels[f->chosen[i]];
        const double weight = f->weight[label];

        loss += weight * soften(f, i, offsets);
        f->gradient[label] -= weight;
        for (size_t k = 0; k < n; k++) {
            f->gradient[k] += weight * f->row[k];
            f->hessian[k * n + k] += weight * f->row[k];
            for (size_t j = 0; j <= k; j++)
                f->hessian[k * n + j] -= weight * f->row[k] * f->row[j];
        }
    }
    return loss;
}

/* f->step = hessian^-1 gradient. The Hessian is positive definite, shrink being above 0. */
static void solve(fit *f)
{
    const size_t n = f->classes;
    double *a = f->hessian, *x = f->step;

    for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j <= k; j++) {
            double sum = a[k * n + j];

            for (size_t m = 0; m < j; m++)
                sum -= a[k * n + m] * a[j * n + m];
            a[k * n + j] = j < k ? sum / a[j * n + j] : sqrt(sum);
        }
    for (size_t k = 0; k < n; k++) {
        double sum = f->gradient[k];

        for (size_t m = 0; m < k; m++)
            sum -= a[k * n + m] * x[m];
        x[k] = sum / a[k * n + k];
    }
    for (size_t k = n; k-- > 0;) {
        double sum = x[k];

        for (size_t m = k + 1; m < n; m++)
            sum -= a[m * n + k] * x[m];
        x[k] = sum / a[k * n + k];
    }
}

/* One step of Newton's method, halved until the loss falls. @return false at the minimum. */
static bool improve(fit *f, double *offsets)
{
    const double loss = derive(f, offsets);
    double largest = 0.0, slope = 0.0, length = 1.0;

    for (size_t k = 0; k < f->classes; k++)
        largest = fmax(largest, fabs(f->gradient[k]));
    if (largest < least_gradient)
        return false;
    solve(f);
    for (size_t k = 0; k < f->classes; k++)
        slope += f->gradient[k] * f->step[k];
    for (int i = 0; i < MOST_HALVINGS; i++) {
        for (size_t k = 0; k < f->classes; k++)
            f->trial[k] = offsets[k] - length * f->step[k];
        if (loss_at(f, f->trial) <= loss - armijo * length * slope) {
            memcpy(offsets, f->trial, f->classes * sizeof *offsets);
            return true;
        }
        length /= 2.0;
    }
    return false; /* as near as rounding lets it come */
}

static medtl_status fit_chosen(const medtl_predictions *cases, const size_t *chosen, size_t count,
                               double shrink, double *offsets, medtl_error *err)
{
    fit f = {.cases = cases,
             .chosen = chosen,
             .count = count,
             .classes = cases->classes,
             .shrink = shrink};
    const medtl_status status = fit_init(&f, err);

    for (size_t k = 0; k < cases->classes; k++)
        offsets[k] = 0.0;
    for (int i = 0; status == MEDTL_OK && i < MOST_STEPS && improve(&f, offsets); i++)
        ;
    fit_clear(&f);
    return status;
}

medtl_status medtl_class_offsets_fit(const medtl_predictions *cases, double shrink, double *offsets,
                                     medtl_error *err)
{
    size_t *all = calloc(cases->count, sizeof *all);
    medtl_status status;

    if (all == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu cases", cases->count);
    for (size_t i = 0; i < cases->count; i++)
        all[i] = i;
    status = fit_chosen(cases, all, cases->count, shrink, offsets, err);
    free(all);
    return status;
}

void medtl_class_offsets_apply(const float *p, size_t count, size_t classes, const double *offsets,
                               float *out)
{
    for (size_t i = 0; i < count * classes; i += classes) {
        double largest = -INFINITY, sum = 0.0;

        for (size_t k = 0; k < classes; k++)
            largest = fmax(largest, shifted(p[i + k], offsets[k]));
        for (size_t k = 0; k < classes; k++)
            sum += exp(shifted(p[i + k], offsets[k]) - largest);
        for (size_t k = 0; k < classes; k++)
            out[i + k] = (float)(exp(shifted(p[i + k], offsets[k]) - largest) / sum);
    }
}

double medtl_balanced_log_loss(const medtl_predictions *cases)
{
    double sum = 0.0;
    size_t classes = 0;

    for (uint32_t k = 0; k < cases->classes; k++) {
        double of_class = 0.0;
        size_t count = 0;

        for (size_t i = 0; i < cases->count; i++)
            if (cases->labels[i] == k) {
                of_class -= log(
                    fmax((double)cases->probabilities[i * cases->classes + k], least_probability));
                count++;
            }
        if (count > 0) {
            sum += of_class / (double)count;
            classes++;
        }
    }
    return sum / (double)classes;
}

/* ---- cross-validation ----------------------------------------------------------------- */

/* Fit on all other parts and apply to this one. */
static medtl_status leave_out(const medtl_predictions *cases, const size_t *part, size_t left_out,
                              double shrink, size_t *chosen, double *offsets, float *out,
                              medtl_error *err)
{
    const size_t n = cases->classes;
    size_t count = 0;
    medtl_status status;

    for (size_t i = 0; i < cases->count; i++)
        if (part[i] != left_out)
            chosen[count++] = i;
    status = fit_chosen(cases, chosen, count, shrink, offsets, err);
    for (size_t i = 0; i < cases->count && status == MEDTL_OK; i++)
        if (part[i] == left_out)
            medtl_class_offsets_apply(cases->probabilities + i * n, 1, n, offsets, out + i * n);
    return status;
}

medtl_status medtl_class_offsets_cross_validate(const medtl_predictions *cases, double shrink,
                                                size_t parts, float *out, medtl_error *err)
{
    size_t *part = medtl_deal_cases(cases, parts), *chosen = calloc(cases->count, sizeof *chosen);
    double *offsets = calloc(cases->classes, sizeof *offsets);
    const bool memory = part != NULL && chosen != NULL && offsets != NULL;
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; memory && i < parts && status == MEDTL_OK; i++)
        status = leave_out(cases, part, i, shrink, chosen, offsets, out, err);
    free(part);
    free(chosen);
    free(offsets);
    return memory ? status
                  : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu cases", cases->count);
}
