/* VICReg: invariance between the views, variance and covariance within each. */
#include "loss_self.h"

#include <math.h>
#include <string.h>

size_t medtl_loss_vicreg_scratch(size_t count, size_t size)
{
    return count * size + size * size + count * size; /* centred values, covariances, derivatives */
}

/* Values less the mean of their column. */
static void centre(const float *x, size_t count, size_t size, double *out)
{
    for (size_t k = 0; k < size; k++) {
        double mean = 0.0;

        for (size_t i = 0; i < count; i++)
            mean += (double)x[i * size + k];
        mean /= (double)count;
        for (size_t i = 0; i < count; i++)
            out[i * size + k] = (double)x[i * size + k] - mean;
    }
}

static void covariances(const double *centred, size_t count, size_t size, double *out)
{
    memset(out, 0, size * size * sizeof *out);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < size; k++)
            for (size_t l = 0; l < size; l++)
                out[k * size + l] += centred[i * size + k] * centred[i * size + l];
    for (size_t k = 0; k < size * size; k++)
        out[k] /= (double)(count - 1);
}

/* The terms of one view; its derivatives are added to `dx`. Derivatives by centred values sum to 0 in each
 * column (they are products with centred values), so that the mean needs no term of its own. */
static double within(const medtl_vicreg *w, const double *centred, const double *covariance,
                     size_t count, size_t size, double *dx)
{
    const double degrees = (double)(count - 1);
    double hinge = 0.0, off = 0.0;

    for (size_t k = 0; k < size; k++) {
        const double deviation = sqrt(covariance[k * size + k] + w->epsilon);
        const double short_of = w->deviation - deviation;

        if (short_of > 0.0) {
            hinge += short_of;
            for (size_t i = 0; i < count; i++)
                dx[i * size + k] -=
                    w->variance * centred[i * size + k] / (degrees * deviation * (double)size);
        }
        for (size_t l = 0; l < size; l++)
            if (l != k) {
                const double c = covariance[k * size + l];

                off += c * c;
                for (size_t i = 0; i < count; i++)
                    dx[i * size + k] +=
                        w->covariance * 4.0 * c * centred[i * size + l] / (degrees * (double)size);
            }
    }
    return (w->variance * hinge + w->covariance * off) / (double)size;
}

static double one_view(const medtl_vicreg *w, const float *x, const float *other, size_t count,
                       size_t size, double *scratch, float *out)
{
    double *centred = scratch, *covariance = centred + count * size;
    double *dx = covariance + size * size, loss;

    for (size_t i = 0; i < count * size; i++)
        dx[i] = 2.0 * w->invariance * ((double)x[i] - (double)other[i]) / (double)count;
    centre(x, count, size, centred);
    covariances(centred, count, size, covariance);
    loss = within(w, centred, covariance, count, size, dx);
    for (size_t i = 0; i < count * size && out != NULL; i++)
        out[i] = (float)dx[i];
    return loss;
}

double medtl_loss_vicreg(const medtl_vicreg *weights, const float *a, const float *b, size_t count,
                         size_t size, double *scratch, float *da, float *db)
{
    double distance = 0.0;

    for (size_t i = 0; i < count * size; i++) {
        const double d = (double)a[i] - (double)b[i];

        distance += d * d;
    }
    return weights->invariance * distance / (double)count +
           one_view(weights, a, b, count, size, scratch, da) +
           one_view(weights, b, a, count, size, scratch, db);
}
