#include "bootstrap.h"

#include "core/base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Linear interpolation between order statistics (Hyndman & Fan 1996, definition 7). */
static double quantile(const double *sorted, size_t count, double q)
{
    const double position = q * (double)(count - 1);
    const size_t below = (size_t)position;
    const double rest = position - (double)below;

    return below + 1 < count ? sorted[below] + rest * (sorted[below + 1] - sorted[below])
                             : sorted[below];
}

/* The defined values move to the front, sorted. @return how many. */
static size_t sort_defined(double *values, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            values[kept++] = values[i];
    qsort(values, kept, sizeof *values, by_value);
    return kept;
}

static void draw_weights(medtl_random *random, const uint32_t *groups, size_t count,
                         uint32_t *times, size_t group_count, uint32_t *weights)
{
    memset(times, 0, group_count * sizeof *times);
    for (size_t g = 0; g < group_count; g++)
        times[medtl_random_below(random, group_count)]++;
    for (size_t i = 0; i < count; i++)
        weights[i] = times[groups[i]];
}

medtl_status medtl_bootstrap(const uint32_t *groups, size_t count, size_t group_count,
                             size_t resamples, uint64_t seed, medtl_bootstrap_statistic statistic,
                             void *context, size_t statistics, medtl_interval *result,
                             medtl_error *err)
{
    uint32_t *weights = calloc(count + 1, sizeof *weights);
    uint32_t *times = calloc(group_count + 1, sizeof *times);
    double *values = calloc(statistics + 1, sizeof *values);
    double *drawn = calloc(statistics * resamples + 1, sizeof *drawn); /* [statistic][resample] */
    medtl_status status = MEDTL_OK;
    medtl_random root, random;

    if (weights == NULL || times == NULL || values == NULL || drawn == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu resamples", resamples);
        goto done;
    }
    for (size_t i = 0; i < count; i++)
        weights[i] = 1;
    statistic(context, weights, values);
    for (size_t s = 0; s < statistics; s++)
        result[s] = (medtl_interval){values[s], (double)NAN, (double)NAN};

    medtl_random_seed(&root, seed);
    for (size_t r = 0; r < resamples; r++) {
        medtl_random_fork(&root, r, &random);
        draw_weights(&random, groups, count, times, group_count, weights);
        statistic(context, weights, values);
        for (size_t s = 0; s < statistics; s++)
            drawn[s * resamples + r] = values[s];
    }
    for (size_t s = 0; s < statistics; s++) {
        const size_t kept = sort_defined(drawn + s * resamples, resamples);

        if (kept > 0) {
            result[s].low = quantile(drawn + s * resamples, kept, 0.025);
            result[s].high = quantile(drawn + s * resamples, kept, 0.975);
        }
    }
done:
    free(weights);
    free(times);
    free(values);
    free(drawn);
    return status;
}
