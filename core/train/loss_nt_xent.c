/* SimCLR's contrastive loss: normalised, temperature-scaled cross-entropy over pairs. */
#include "loss_self.h"

#include <math.h>
#include <string.h>

static const double smallest_norm = 1e-8;

/* The 2 x count embeddings as one list, first all of `a`, then all of `b`. */
typedef struct views {
    size_t count, size;
    double *unit; /* [2 count][size], rows of length 1 */
    double *norm; /* [2 count] */
    double
        *share; /* [2 count][2 count]: similarities, then what each row's softmax gives the other */
    double *pull; /* [size] */
} views;

size_t medtl_loss_nt_xent_scratch(size_t count, size_t size)
{
    return 2 * count * (size + 1 + 2 * count) + size;
}

static void normalise(const float *x, size_t size, double *unit, double *norm)
{
    double square = 0.0;

    for (size_t k = 0; k < size; k++)
        square += (double)x[k] * (double)x[k];
    *norm = fmax(sqrt(square), smallest_norm);
    for (size_t k = 0; k < size; k++)
        unit[k] = (double)x[k] / *norm;
}

static double similarity(const views *v, size_t i, size_t j)
{
    double sum = 0.0;

    for (size_t k = 0; k < v->size; k++)
        sum += v->unit[i * v->size + k] * v->unit[j * v->size + k];
    return sum;
}

/* Replace row i of similarities by the softmax over all but i. @return -log of the partner's share. */
static double share_out(views *v, size_t i)
{
    const size_t all = 2 * v->count, partner = (i + v->count) % all;
    double *row = v->share + i * all, largest = row[partner], sum = 0.0, loss;

    for (size_t j = 0; j < all; j++)
        if (j != i && row[j] > largest)
            largest = row[j];
    for (size_t j = 0; j < all; j++)
        if (j != i)
            sum += exp(row[j] - largest);
    loss = largest + log(sum) - row[partner];
    for (size_t j = 0; j < all; j++)
        row[j] = j == i ? 0.0 : exp(row[j] - largest) / sum;
    return loss;
}

/* How each dimension of unit vector i pulls at the loss: every pair (i, j) is met in row i and in row j, and so
 * is the -1 of partners. */
static void find_pull(const views *v, size_t i)
{
    const size_t all = 2 * v->count, partner = (i + v->count) % all;

    memset(v->pull, 0, v->size * sizeof *v->pull);
    for (size_t j = 0; j < all; j++) {
        const double weight =
            v->share[i * all + j] + v->share[j * all + i] - (j == partner ? 2.0 : 0.0);
        const double *unit = v->unit + j * v->size;

        for (size_t k = 0; j != i && k < v->size; k++)
            v->pull[k] += weight * unit[k];
    }
}

/* Back through the division by the length, which takes away what points along the row. */
static void derive(const views *v, size_t i, double scale, float *out)
{
    const double *unit = v->unit + i * v->size;
    double along = 0.0;

    find_pull(v, i);
    for (size_t k = 0; k < v->size; k++)
        along += v->pull[k] * unit[k];
    for (size_t k = 0; k < v->size; k++)
        out[k] = (float)(scale * (v->pull[k] - along * unit[k]) / v->norm[i]);
}

double medtl_loss_nt_xent(const float *a, const float *b, size_t count, size_t size,
                          double temperature, double *scratch, float *da, float *db)
{
    const size_t all = 2 * count;
    views v = {count,
               size,
               scratch,
               scratch + all * size,
               scratch + all * (size + 1),
               scratch + all * (size + 1 + all)};
    double loss = 0.0;

    for (size_t i = 0; i < all; i++)
        normalise(i < count ? a + i * size : b + (i - count) * size, size, v.unit + i * size,
                  &v.norm[i]);
    for (size_t i = 0; i < all; i++)
        for (size_t j = 0; j < all; j++)
            v.share[i * all + j] = similarity(&v, i, j) / temperature;
    for (size_t i = 0; i < all; i++)
        loss += share_out(&v, i);
    for (size_t i = 0; i < all; i++) {
        float *out = i < count ? da : db;

        if (out != NULL)
            derive(&v, i, 1.0 / (temperature * (double)all), out + (i % count) * size);
    }
    return loss / (double)all;
}
