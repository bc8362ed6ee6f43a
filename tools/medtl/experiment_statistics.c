#include "experiment_statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const experiment_cell *find(const experiment_state *s, size_t arm,
                                   const experiment_cell *like)
{
    for (size_t i = 0; i < s->cell_count; i++) {
        const experiment_cell *c = &s->cells[i];

        if (c->arm == arm && c->size == like->size && c->seed == like->seed &&
            c->part == like->part)
            return c;
    }
    return NULL;
}

/* The largest value that a measure can have; the least is 0. */
static double most_of(const char *measure)
{
    if (strcmp(measure, "log_loss") == 0)
        return (double)INFINITY;
    return strcmp(measure, "brier") == 0 ? 2.0 : 1.0;
}

/* Student's t does not know that a measure ends. */
static void cut_interval(medtl_mean *m, double most)
{
    if (m->count < 2)
        return;
    m->low = fmax(m->low, 0.0);
    m->high = fmin(m->high, most);
}

medtl_status arm_statistics_of(const experiment_state *s, size_t arm, uint64_t size, size_t measure,
                               arm_statistics *out, medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    const bool shared = e->data[e->arms[arm].data].cross_validation > 0;
    double *values = calloc(s->cell_count + 1, sizeof *values);
    double *differences = calloc(s->cell_count + 1, sizeof *differences);
    double share = 0.0;
    size_t count = 0, pairs = 0;

    *out = (arm_statistics){.expected = 0};
    if (values == NULL || differences == NULL) {
        free(values);
        free(differences);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for statistics");
    }
    for (size_t i = 0; i < s->cell_count; i++) {
        const experiment_cell *c = &s->cells[i], *other;

        if (c->arm != arm || c->size != size)
            continue;
        out->expected++;
        if (!c->done || !isfinite(c->measures[measure].value))
            continue;
        values[count++] = c->measures[measure].value;
        if (shared)
            share += (double)c->counts[DEAL_TEST] / (double)c->counts[DEAL_TRAIN];
        other = arm != e->baseline ? find(s, e->baseline, c) : NULL;
        if (other != NULL && other->done && isfinite(other->measures[measure].value))
            differences[pairs++] = c->measures[measure].value - other->measures[measure].value;
    }
    share = count > 0 ? share / (double)count : 0.0;
    out->value = medtl_mean_of(values, count, share);
    cut_interval(&out->value, most_of(e->measures[measure]));
    out->difference = medtl_mean_of(differences, pairs, share);
    free(values);
    free(differences);
    return MEDTL_OK;
}
