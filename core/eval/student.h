/* Student's t: means of few runs with their intervals, and whether one way to train is better than another on the same
 * splits and seeds. */
#ifndef MEDTL_EVAL_STUDENT_H
#define MEDTL_EVAL_STUDENT_H

#include <stddef.h>

/** P(|T| >= |t|) with `freedom` degrees of freedom (above 0, not necessarily whole): the two-sided p. */
double medtl_student_p(double t, double freedom);
/** The t with P(|T| >= t) = p, 0 < p < 1: 2.776 for p = 0.05 and 4 degrees of freedom. */
double medtl_student_quantile(double p, double freedom);

typedef struct medtl_mean {
    size_t count;
    double mean;
    double sd;        /* with count - 1 below; NAN for less than two values */
    double low, high; /* 95 % interval of the mean; NAN for less than two values */
    double
        p; /* two-sided, of the mean being 0; NAN for less than two values, or where all are equal */
} medtl_mean;

/** Mean of values, or of paired differences. Values that are not finite are left out.
 *  @param test_share  0: the values are independent. Above 0: test cases by training cases of each run, where runs share
 *                     their images (repeated cross-validation): the variance is corrected as in Nadeau & Bengio,
 *                     Machine Learning 2003;52:239, (1 / n + share) s^2 in the place of s^2 / n. */
medtl_mean medtl_mean_of(const double *values, size_t count, double test_share);

#endif
