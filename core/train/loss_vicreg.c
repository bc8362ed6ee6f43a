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

/* Row after row, so that a row stays in the nearest cache; the matrix is symmetric. */
static void covariances(const double *centred, size_t count, size_t size, double *out)
{
    for (size_t k = 0; k < size; k++) {
        double *row = out + k * size;

        memset(row + k, 0, (size - k) * sizeof *row);
        for (size_t i = 0; i < count; i++) {
            const double *x = centred + i * size;

            for (size_t l = k; l < size; l++)
                row[l] += x[k] * x[l];
        }
        for (size_t l = k; l < size; l++) {
            row[l] /= (double)(count - 1);
            out[l * size + k] = row[l];
        }
    }
}

/* The hinge of one dimension's deviation, times the weight; its derivatives are added to column k of `dx`. */
static double hinge(const medtl_vicreg *w, const double *centred, double variance, size_t k,
                    size_t count, size_t size, double *dx)
{
    const double deviation = sqrt(variance + w->epsilon), short_of = w->deviation - deviation;

    if (!(short_of > 0.0))
        return 0.0;
    for (size_t i = 0; i < count; i++)
        dx[i * size + k] -=
            w->variance * centred[i * size + k] / ((double)(count - 1) * deviation * (double)size);
    return w->variance * short_of;
}

/* The terms of one view; its derivatives are added to `dx`. Derivatives by centred values sum to 0 in each
 * column (they are products with centred values), so that the mean needs no term of its own.
 * The diagonal of `covariance` is zero afterwards. */
static double within(const medtl_vicreg *w, const double *centred, double *covariance, size_t count,
                     size_t size, double *dx)
{
    const double scale = w->covariance * 4.0 / ((double)(count - 1) * (double)size);
    double loss = 0.0;

    for (size_t k = 0; k < size; k++) {
        double *row = covariance + k * size, off = 0.0;

        loss += hinge(w, centred, row[k], k, count, size, dx);
        row[k] = 0.0;
        for (size_t l = 0; l < size; l++)
            off += row[l] * row[l];
        loss += w->covariance * off;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < size; k++) {
            const double x = scale * centred[i * size + k], *row = covariance + k * size;
            double *out = dx + i * size;

            for (size_t l = 0; l < size; l++)
                out[l] += x * row[l];
        }
    return loss / (double)size;
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
