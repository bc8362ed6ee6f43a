#include "temperature.h"

#include "core/eval/calibration.h"
#include "core/eval/deal.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double least_probability = 1e-12;

static void to_logits(const float *p, size_t count, float *logits)
{
    for (size_t i = 0; i < count; i++)
        logits[i] = (float)log(fmax((double)p[i], least_probability));
}

medtl_status medtl_temperature_factor(const medtl_predictions *cases, double *factor,
                                      medtl_error *err)
{
    float *logits = calloc(cases->count * cases->classes, sizeof *logits);

    if (logits == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu cases", cases->count);
    to_logits(cases->probabilities, cases->count * cases->classes, logits);
    *factor = (double)NAN;
    if (medtl_temperature_exists(logits, cases->labels, cases->count, cases->classes))
        *factor = medtl_temperature_fit(logits, cases->labels, cases->count, cases->classes);
    free(logits);
    return MEDTL_OK;
}

void medtl_temperature_apply(const float *p, size_t count, size_t classes, double factor,
                             float *out)
{
    to_logits(p, count * classes, out);
    medtl_softmax(out, count, classes, factor, out);
}

/* ---- cross-validation ----------------------------------------------------------------- */

/* The cases of all parts but one. */
typedef struct others {
    float *probabilities; /* [count][classes] */
    uint32_t *labels;     /* [count] */
    size_t count;
} others;

static void take_others(const medtl_predictions *cases, const size_t *part, size_t left_out,
                        others *o)
{
    const size_t n = cases->classes;

    o->count = 0;
    for (size_t i = 0; i < cases->count; i++)
        if (part[i] != left_out) {
            memcpy(o->probabilities + o->count * n, cases->probabilities + i * n,
                   n * sizeof *o->probabilities);
            o->labels[o->count++] = cases->labels[i];
        }
}

static medtl_status leave_out(const medtl_predictions *cases, const size_t *part, size_t left_out,
                              others *o, float *out, medtl_error *err)
{
    const size_t n = cases->classes;
    double factor = 1.0;
    medtl_status status;

    take_others(cases, part, left_out, o);
    if (o->count == 0 || o->count == cases->count)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%zu cases in too few groups", cases->count);
    status = medtl_temperature_factor(&(medtl_predictions){.count = o->count,
                                                           .classes = n,
                                                           .probabilities = o->probabilities,
                                                           .labels = o->labels},
                                      &factor, err);
    if (isnan(factor))
        factor = 1.0;
    for (size_t i = 0; i < cases->count && status == MEDTL_OK; i++)
        if (part[i] == left_out)
            medtl_temperature_apply(cases->probabilities + i * n, 1, n, factor, out + i * n);
    return status;
}

medtl_status medtl_temperature_cross_validate(const medtl_predictions *cases, size_t parts,
                                              float *out, medtl_error *err)
{
    size_t *part = medtl_deal_cases(cases, parts);
    others o = {calloc(cases->count * cases->classes, sizeof *o.probabilities),
                calloc(cases->count, sizeof *o.labels), 0};
    const bool memory = part != NULL && o.probabilities != NULL && o.labels != NULL;
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; memory && i < parts && status == MEDTL_OK; i++)
        status = leave_out(cases, part, i, &o, out, err);
    free(part);
    free(o.probabilities);
    free(o.labels);
    return memory ? status
                  : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu cases", cases->count);
}
