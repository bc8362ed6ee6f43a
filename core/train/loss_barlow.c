/* Barlow Twins: the cross-correlation of two views shall be the identity. */
#include "loss_self.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static const double epsilon = 1e-5; /* of the variances */

size_t medtl_loss_barlow_scratch(size_t count, size_t size)
{
    return 3 * count * size + 2 * size + size * size; /* views, pulls, deviations, correlations */
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

/* One view with what its derivative needs. */
typedef struct side {
    const double *own, *other; /* standardised, [count][size] */
    const double *deviation;   /* of `own`, [size] */
    const double *slope; /* [size][size], d loss / d C_kl, k of the first view, l of the second */
    double *pull;        /* [count][size] */
    bool second;         /* `own` is the second view */
    size_t count, size;
} side;

/* How each value pulls at the loss: the other view times the slopes, walked row by row in either direction. */
static void find_pulls(const side *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const double *other = s->other + i * s->size;
        double *pull = s->pull + i * s->size;

        memset(pull, 0, s->size * sizeof *pull);
        for (size_t k = 0; k < s->size; k++) {
            const double *slope = s->slope + k * s->size;
            double sum = 0.0;

            for (size_t l = 0; s->second && l < s->size; l++)
                pull[l] += slope[l] * other[k];
            for (size_t l = 0; !s->second && l < s->size; l++)
                sum += slope[l] * other[l];
            pull[k] += sum;
        }
        for (size_t k = 0; k < s->size; k++)
            pull[k] /= (double)s->count;
    }
}

/* Back through the standardising: with y = (x - mean) / d, dx = (dy - mean(dy) - y mean(dy y)) / d. */
static void derive(const side *s, float *dx)
{
    find_pulls(s);
    for (size_t k = 0; k < s->size; k++) {
        double mean = 0.0, along = 0.0;

        for (size_t i = 0; i < s->count; i++) {
            const double pull = s->pull[i * s->size + k];

            mean += pull / (double)s->count;
            along += pull * s->own[i * s->size + k] / (double)s->count;
        }
        for (size_t i = 0; i < s->count; i++)
            dx[i * s->size + k] =
                (float)((s->pull[i * s->size + k] - mean - s->own[i * s->size + k] * along) /
                        s->deviation[k]);
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
    double *pull = correlation + size * size;
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
        derive(&(side){x, y, deviation_x, correlation, pull, false, count, size}, da);
    if (db != NULL)
        derive(&(side){y, x, deviation_y, correlation, pull, true, count, size}, db);
    return loss;
}
