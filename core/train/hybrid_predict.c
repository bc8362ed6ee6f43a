/* What a fitted classifier says, without a network around it: for choosing its options by validation images. The nodes
 * of core/nn (linear, node_kernel.c, node_neighbours.c) say the same. */
#include "hybrid_parts.h"

#include <math.h>
#include <stdlib.h>

static double squared_distance(const float *a, const float *b, size_t size)
{
    double sum = 0.0;

    for (size_t i = 0; i < size; i++)
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sum;
}

static void linear(const medtl_hybrid *h, const float *x, float *logits)
{
    for (size_t k = 0; k < h->classes; k++) {
        double sum = (double)h->bias[k];

        for (size_t i = 0; i < h->size; i++)
            sum += (double)h->weights[k * h->size + i] * (double)x[i];
        logits[k] = (float)sum;
    }
}

static void kernel(const medtl_hybrid *h, const double *distances, float *logits)
{
    for (size_t k = 0; k < h->classes; k++) {
        double sum = (double)h->bias[k];

        for (size_t i = 0; i < h->vector_count; i++)
            sum += (double)h->shares[k * h->vector_count + i] * exp(-distances[i]);
        logits[k] = (float)sum;
    }
}

/* The nearest one again and again; each is then out of the way. */
static void neighbours(const medtl_hybrid *h, double *distances, float *logits)
{
    for (size_t k = 0; k < h->classes; k++)
        logits[k] = 1.0f / (float)h->classes;
    for (size_t n = 0; n < h->neighbours; n++) {
        size_t nearest = 0;

        for (size_t i = 1; i < h->vector_count; i++)
            if (distances[i] < distances[nearest])
                nearest = i;
        for (size_t k = 0; k < h->classes; k++)
            logits[k] += h->shares[nearest * h->classes + k];
        distances[nearest] = (double)INFINITY;
    }
    for (size_t k = 0; k < h->classes; k++)
        logits[k] = (float)log((double)logits[k] / (double)(h->neighbours + 1));
}

medtl_status medtl_hybrid_predict(const medtl_hybrid *h, const float *features, size_t count,
                                  float *logits, medtl_error *err)
{
    double *distances = calloc(h->vector_count + 1, sizeof *distances);
    float *z = calloc(h->size + 1, sizeof *z);
    medtl_status status = MEDTL_OK;

    if (distances == NULL || z == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a classifier");
    for (size_t n = 0; n < count && status == MEDTL_OK; n++) {
        const float *x = features + n * h->size;
        float *out = logits + n * h->classes;

        if (h->weights != NULL) {
            linear(h, x, out);
            continue;
        }
        medtl_hybrid_standardise(h->standard, x, h->size, z);
        for (size_t i = 0; i < h->vector_count; i++)
            distances[i] = squared_distance(z, h->vectors + i * h->size, h->size);
        if (h->kind == MEDTL_HYBRID_RBF)
            kernel(h, distances, out);
        else
            neighbours(h, distances, out);
    }
    free(distances);
    free(z);
    return status;
}
