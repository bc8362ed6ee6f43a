#include "neighbours.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct neighbour {
    float similarity;
    size_t row;
} neighbour;

typedef struct search {
    const medtl_neighbours *n;
    float *unit;      /* [count][size]: features of length 1 */
    neighbour *found; /* [workers][neighbours] */
    double *votes;    /* [workers][classes] */
    float *scores;
} search;

static medtl_status check(const medtl_neighbours *n, medtl_error *err)
{
    bool others = false;

    if (n->count == 0 || n->size == 0 || n->classes == 0 || n->neighbours == 0 ||
        !(n->temperature > 0.0))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "a search for neighbours of nothing");
    for (size_t i = 0; i < n->count; i++) {
        if (n->labels[i] >= n->classes)
            return medtl_fail(err, MEDTL_E_ARGUMENT, "row %zu: class %u of %zu", i,
                              (unsigned)n->labels[i], n->classes);
        others = others || (i > 0 && (n->groups == NULL || n->groups[i] != n->groups[0]));
    }
    for (size_t i = 0; i < n->count * n->size; i++)
        if (!isfinite(n->features[i]))
            return medtl_fail(err, MEDTL_E_ARGUMENT, "a feature of row %zu is no number",
                              i / n->size);
    return others ? MEDTL_OK
                  : medtl_fail(err, MEDTL_E_ARGUMENT,
                               "%zu images of one group: there are no neighbours to ask", n->count);
}

static void to_unit_length(const float *from, size_t size, float *to)
{
    double sum = 0.0;

    for (size_t k = 0; k < size; k++)
        sum += (double)from[k] * (double)from[k];
    sum = fmax(sqrt(sum), 1e-12);
    for (size_t k = 0; k < size; k++)
        to[k] = (float)((double)from[k] / sum);
}

/* Several sums side by side, which the vectoriser may keep in one register. */
static float dot(const float *a, const float *b, size_t size)
{
    float sums[8] = {0.0f}, sum = 0.0f;
    size_t k = 0;

    for (; k + 8 <= size; k += 8)
        for (size_t lane = 0; lane < 8; lane++)
            sums[lane] += a[k + lane] * b[k + lane];
    for (; k < size; k++)
        sum += a[k] * b[k];
    for (size_t lane = 0; lane < 8; lane++)
        sum += sums[lane];
    return sum;
}

/* Keep the list sorted, nearest first; rows come in ascending order, so that the first of equals stays ahead. */
static void insert(neighbour *found, size_t *kept, size_t most, neighbour candidate)
{
    size_t at = *kept;

    if (at == most && !(candidate.similarity > found[most - 1].similarity))
        return;
    if (at < most)
        (*kept)++;
    else
        at--;
    for (; at > 0 && candidate.similarity > found[at - 1].similarity; at--)
        found[at] = found[at - 1];
    found[at] = candidate;
}

static void ask(void *context, size_t row, size_t worker)
{
    const search *s = context;
    const medtl_neighbours *n = s->n;
    neighbour *found = s->found + worker * n->neighbours;
    double *votes = s->votes + worker * n->classes, total = 0.0;
    size_t kept = 0;

    for (size_t i = 0; i < n->count; i++)
        if (n->groups == NULL ? i != row : n->groups[i] != n->groups[row])
            insert(found, &kept, n->neighbours,
                   (neighbour){dot(s->unit + row * n->size, s->unit + i * n->size, n->size), i});
    memset(votes, 0, n->classes * sizeof *votes);
    for (size_t i = 0; i < kept; i++) {
        /* Less the nearest: no overflow at low temperatures. */
        const double vote =
            exp((double)(found[i].similarity - found[0].similarity) / n->temperature);

        votes[n->labels[found[i].row]] += vote;
        total += vote;
    }
    for (size_t k = 0; k < n->classes; k++)
        s->scores[row * n->classes + k] = (float)(votes[k] / total);
}

medtl_status medtl_neighbours_vote(const medtl_neighbours *n, medtl_pool *pool, float *scores,
                                   medtl_error *err)
{
    const size_t workers = pool != NULL ? medtl_pool_threads(pool) : 1;
    search s = {.n = n, .scores = scores};
    medtl_status status = check(n, err);

    if (status != MEDTL_OK)
        return status;
    s.unit = malloc(n->count * n->size * sizeof *s.unit);
    s.found = malloc(workers * n->neighbours * sizeof *s.found);
    s.votes = malloc(workers * n->classes * sizeof *s.votes);
    if (s.unit == NULL || s.found == NULL || s.votes == NULL) {
        status =
            medtl_fail(err, MEDTL_E_MEMORY, "out of memory for neighbours of %zu images", n->count);
        goto done;
    }
    for (size_t i = 0; i < n->count; i++)
        to_unit_length(n->features + i * n->size, n->size, s.unit + i * n->size);
    if (pool != NULL)
        medtl_pool_for(pool, n->count, ask, &s);
    for (size_t i = 0; pool == NULL && i < n->count; i++)
        ask(&s, i, 0);
done:
    free(s.unit);
    free(s.found);
    free(s.votes);
    return status;
}
