/* Barlow Twins: the cross-correlation of two views shall be the identity. */
#include "loss_self.h"

#include <math.h>
#include <string.h>

static const double epsilon = 1e-5; /* of the variances */

size_t medtl_loss_barlow_scratch(size_t count, size_t size)
{
    return 2 * count * size + 2 * size + size * size; /* views, deviations, correlations */
}

/* Columns to mean 0 and variance 1. */
static void standardise(const float *x, size_t count, size_t size, double *out, double *deviation)
{
    for (size_t k = 0; k < size; k++) {
        double mean = 0.0, square = 0.0;

        for (size_t i = 0; i < count; i++)
            mean += (double)x[i * size + k];
        mean /= (double)count;
        for (size_t i = 0; i < count; i++) {
            out[i * size + k] = (double)x[i * size + k] - mean;
            square += out[i * size + k] * out[i * size + k];
        }
        deviation[k] = sqrt(square / (double)count + epsilon);
        for (size_t i = 0; i < count; i++)
            out[i * size + k] /= deviation[k];
    }
}

/* Back through the standardising: with y = (x - mean) / s, dx = (dy - mean(dy) - y mean(dy y)) / s.
 * @param slope  [size][size], d loss / d C_kl; `turned` where `y` is the second view (l runs over the first). */
static void derive(const double *y, const double *other, const double *deviation,
                   const double *slope, int turned, size_t count, size_t size, float *dx)
{
    for (size_t k = 0; k < size; k++) {
        double mean = 0.0, along = 0.0;

        for (int apply = 0; apply <= 1; apply++) /* the means first, then the result */
            for (size_t i = 0; i < count; i++) {
                double dy = 0.0;

                for (size_t l = 0; l < size; l++)
                    dy += (turned ? slope[l * size + k] : slope[k * size + l]) *
                          other[i * size + l] / (double)count;
                if (apply == 0) {
                    mean += dy / (double)count;
                    along += dy * y[i * size + k] / (double)count;
                } else {
                    dx[i * size + k] =
                        (float)((dy - mean - y[i * size + k] * along) / deviation[k]);
                }
            }
    }
}

/* The loss; each correlation is replaced by the loss's slope along it. */
static double compare(double *correlation, size_t size, double off_diagonal)
{
    double loss = 0.0;

    for (size_t k = 0; k < size; k++)
        for (size_t l = 0; l < size; l++) {
            double *c = &correlation[k * size + l];
            const double wrong = k == l ? *c - 1.0 : *c, weight = k == l ? 1.0 : off_diagonal;

            loss += weight * wrong * wrong;
            *c = 2.0 * weight * wrong;
        }
    return loss;
}

double medtl_loss_barlow(const float *a, const float *b, size_t count, size_t size,
                         double off_diagonal, double *scratch, float *da, float *db)
{
    double *x = scratch, *y = x + count * size, *deviation_x = y + count * size;
    double *deviation_y = deviation_x + size, *correlation = deviation_y + size;
    double loss;

    standardise(a, count, size, x, deviation_x);
    standardise(b, count, size, y, deviation_y);
    memset(correlation, 0, size * size * sizeof *correlation);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < size; k++)
            for (size_t l = 0; l < size; l++)
                correlation[k * size + l] += x[i * size + k] * y[i * size + l] / (double)count;
    loss = compare(correlation, size, off_diagonal);
    if (da != NULL)
        derive(x, y, deviation_x, correlation, 0, count, size, da);
    if (db != NULL)
        derive(y, x, deviation_y, correlation, 1, count, size, db);
    return loss;
}
