/* Negative cosine similarity of pairs of embeddings. */
#include "loss_self.h"

#include <math.h>

static const double smallest_norm = 1e-8;

static double dot(const float *a, const float *b, size_t size)
{
    double sum = 0.0;

    for (size_t k = 0; k < size; k++)
        sum += (double)a[k] * (double)b[k];
    return sum;
}

/* d(-cos)/dx for x = a row of one side, y of the other. A norm at its lower bound no longer moves. */
static void derive(const float *x, const float *y, size_t size, double norm_x, double norm_y,
                   double cosine, double scale, float *dx)
{
    const double along = norm_x > smallest_norm ? cosine / (norm_x * norm_x) : 0.0;

    for (size_t k = 0; k < size; k++)
        dx[k] = (float)(-scale * ((double)y[k] / (norm_x * norm_y) - along * (double)x[k]));
}

double medtl_loss_cosine(const float *a, const float *b, size_t count, size_t size, float *da,
                         float *db)
{
    const double scale = 1.0 / (double)count;
    double sum = 0.0;

    for (size_t i = 0; i < count; i++) {
        const float *x = a + i * size, *y = b + i * size;
        const double norm_x = fmax(sqrt(dot(x, x, size)), smallest_norm);
        const double norm_y = fmax(sqrt(dot(y, y, size)), smallest_norm);
        const double cosine = dot(x, y, size) / (norm_x * norm_y);

        sum += cosine;
        if (da != NULL)
            derive(x, y, size, norm_x, norm_y, cosine, scale, da + i * size);
        if (db != NULL)
            derive(y, x, size, norm_y, norm_x, cosine, scale, db + i * size);
    }
    return -scale * sum;
}
