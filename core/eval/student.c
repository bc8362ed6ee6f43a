#include "student.h"

#include <math.h>

/* The continued fraction of the incomplete beta function (Abramowitz & Stegun 26.5.8), by the modified method of Lentz.
 * Converges within some dozens of steps for x below (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0), value;

    d = 1.0 / (fabs(d) < tiny ? tiny : d);
    value = d;
    for (int m = 1; m < 1000; m++) {
        const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        const double terms[] = {even, odd};
        double change = 1.0;

        for (int k = 0; k < 2; k++) {
            d = 1.0 + terms[k] * d;
            c = 1.0 + terms[k] / c;
            d = 1.0 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            change = c * d;
            value *= change;
        }
        if (fabs(change - 1.0) < 1e-15)
            break;
    }
    return value;
}

/* The regularised incomplete beta function I_x(a, b). */
static double incomplete_beta(double a, double b, double x)
{
    double front;

    if (x <= 0.0 || x >= 1.0)
        return x <= 0.0 ? 0.0 : 1.0;
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1.0) / (a + b + 2.0) ? front * beta_fraction(a, b, x) / a
                                         : 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

double medtl_student_p(double t, double freedom)
{
    return isnan(t) ? t : incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t));
}

double medtl_student_quantile(double p, double freedom)
{
    double low = 0.0, high = 1.0;

    while (medtl_student_p(high, freedom) > p && high < 1e300)
        high *= 2.0;
    for (int i = 0; i < 200; i++) {
        const double middle = low + (high - low) / 2.0;

        if (medtl_student_p(middle, freedom) > p)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2.0;
}

medtl_mean medtl_mean_of(const double *values, size_t count, double test_share)
{
    medtl_mean m = {0, (double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN};
    double sum = 0.0, squares = 0.0, error;

    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i])) {
            sum += values[i];
            m.count++;
        }
    if (m.count > 0)
        m.mean = sum / (double)m.count;
    if (m.count < 2)
        return m;
    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i]))
            squares += (values[i] - m.mean) * (values[i] - m.mean);
    m.sd = sqrt(squares / (double)(m.count - 1));
    error = m.sd * sqrt(1.0 / (double)m.count + test_share);
    m.low = m.mean - medtl_student_quantile(0.05, (double)(m.count - 1)) * error;
    m.high = 2.0 * m.mean - m.low;
    if (error > 0.0)
        m.p = medtl_student_p(m.mean / error, (double)(m.count - 1));
    return m;
}
