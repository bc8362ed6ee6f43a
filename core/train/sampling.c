#include "sampling.h"

#include "core/base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Split `count` places in proportion to `shares`, by largest remainder, so that they add up. */
static void split(const double *shares, size_t classes, size_t count, size_t *quota)
{
    double sum = 0.0;
    size_t given = 0;

    for (size_t k = 0; k < classes; k++)
        sum += shares[k];
    for (size_t k = 0; k < classes; k++) {
        quota[k] = (size_t)((double)count * shares[k] / sum);
        given += quota[k];
    }
    while (given < count) {
        size_t best = 0;
        double largest = -1.0;

        for (size_t k = 0; k < classes; k++) {
            const double missing = (double)count * shares[k] / sum - (double)quota[k];

            if (shares[k] > 0.0 && missing > largest) {
                largest = missing;
                best = k;
            }
        }
        quota[best]++;
        given++;
    }
}

/* `quota` images of one class, round after round of random order. */
static void fill_class(medtl_random *random, size_t *members, size_t count, size_t quota,
                       size_t *order)
{
    for (size_t i = 0; i < quota; i++) {
        if (i % count == 0)
            medtl_random_shuffle(random, members, count);
        order[i] = members[i % count];
    }
}

static void plan_by_class(const medtl_dataset_spec *data, const size_t *indices, size_t count,
                          double power, medtl_random *random, size_t *order, size_t *members,
                          double *shares, size_t *quota)
{
    size_t at = 0;

    memset(shares, 0, data->classes * sizeof *shares);
    for (size_t i = 0; i < count; i++)
        shares[data->labels[indices[i]]] += 1.0;
    for (size_t k = 0; k < data->classes; k++)
        shares[k] = shares[k] > 0.0 ? pow(shares[k], 1.0 - power) : 0.0;
    split(shares, data->classes, count, quota);
    for (size_t k = 0; k < data->classes; k++) {
        size_t found = 0;

        for (size_t i = 0; i < count; i++)
            if (data->labels[indices[i]] == k)
                members[found++] = indices[i];
        if (found > 0)
            fill_class(random, members, found, quota[k], order + at);
        at += quota[k];
    }
}

medtl_status medtl_sampling_plan(const medtl_dataset *dataset, const size_t *indices, size_t count,
                                 double power, uint64_t seed, uint64_t epoch, size_t *order,
                                 medtl_error *err)
{
    const medtl_dataset_spec *data = medtl_dataset_get_spec(dataset);
    medtl_random root, parent, random;

    medtl_random_seed(&root, seed);
    medtl_random_fork(&root, epoch, &parent);
    medtl_random_fork(&parent, 0, &random); /* 1 and 2 are the loader's */
    memcpy(order, indices, count * sizeof *order);
    if (power > 0.0 && count > 0) {
        size_t *members = malloc(count * sizeof *members);
        double *shares = malloc(data->classes * sizeof *shares);
        size_t *quota = calloc(data->classes, sizeof *quota);
        const int complete = members != NULL && shares != NULL && quota != NULL;

        if (complete)
            plan_by_class(data, indices, count, power, &random, order, members, shares, quota);
        free(members);
        free(shares);
        free(quota);
        if (!complete)
            return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an epoch's plan");
    }
    medtl_random_shuffle(&random, order, count);
    return MEDTL_OK;
}
