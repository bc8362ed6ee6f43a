/* Against published tables of Student's t, closed forms, and an example worked by hand. */
#include "core/eval/student.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>

struct table_case {
    double freedom, p, t;
};

/* Two-sided critical values, as any table of the t distribution gives them. */
ParameterizedTestParameters(student, quantiles_are_those_of_the_tables)
{
    static struct table_case cases[] = {
        {1, 0.05, 12.706}, {2, 0.05, 4.303},  {4, 0.05, 2.776},  {4, 0.01, 4.604},
        {9, 0.05, 2.262},  {10, 0.10, 1.812}, {30, 0.05, 2.042}, {120, 0.05, 1.980},
    };
    return cr_make_param_array(struct table_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct table_case *c, student, quantiles_are_those_of_the_tables)
{
    const double t = medtl_student_quantile(c->p, c->freedom);

    cr_assert(fabs(t - c->t) < 6e-4, "%g, expected %g", t, c->t);
    cr_assert(fabs(medtl_student_p(t, c->freedom) - c->p) < 1e-12);
    cr_assert(medtl_student_p(-t, c->freedom) == medtl_student_p(t, c->freedom));
}

Test(student, p_follows_the_closed_forms_of_one_and_two_degrees)
{
    const double pi = acos(-1.0);

    for (double t = 0.0; t < 50.0; t += 0.7) {
        const double one = 1.0 - 2.0 / pi * atan(t), two = 1.0 - t / sqrt(2.0 + t * t);

        cr_assert(fabs(medtl_student_p(t, 1.0) - one) < 1e-12, "t %g", t);
        cr_assert(fabs(medtl_student_p(t, 2.0) - two) < 1e-12, "t %g", t);
    }
}

Test(mean, of_five_differences_is_as_worked_by_hand)
{
    /* Mean 2, sum of squares 10, sd sqrt(2.5) = 1.5811, standard error 0.70711, t = 2.8284 with 4 degrees:
     * p = 0.0474, interval 2 -+ 2.7764 * 0.70711 = 0.0368 to 3.9632. */
    static const double values[] = {0, 1, 2, 3, 4};
    const medtl_mean m = medtl_mean_of(values, 5, 0.0);

    cr_assert(m.count == 5 && m.mean == 2.0);
    cr_assert(fabs(m.sd - sqrt(2.5)) < 1e-12);
    cr_assert(fabs(m.low - 0.0368) < 1e-4 && fabs(m.high - 3.9632) < 1e-4, "%g %g", m.low, m.high);
    cr_assert(fabs(m.p - 0.0474) < 1e-4, "%g", m.p);
}

Test(mean, of_runs_that_share_images_is_less_sure)
{
    /* Ten runs of 10-fold cross-validation: (1/10 + 1/9) in the place of 1/10. */
    static const double values[] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2};
    const medtl_mean plain = medtl_mean_of(values, 10, 0.0),
                     corrected = medtl_mean_of(values, 10, 1.0 / 9.0);
    const double ratio = (corrected.high - corrected.low) / (plain.high - plain.low);

    cr_assert(fabs(ratio - sqrt((0.1 + 1.0 / 9.0) / 0.1)) < 1e-12);
    cr_assert(corrected.p > plain.p);
}

Test(mean, says_nothing_that_the_values_do_not)
{
    static const double one[] = {0.7}, equal[] = {0.5, 0.5, 0.5}, missing[] = {NAN, 0.7, INFINITY};

    cr_assert(isnan(medtl_mean_of(NULL, 0, 0.0).mean));
    cr_assert(medtl_mean_of(one, 1, 0.0).mean == 0.7 && isnan(medtl_mean_of(one, 1, 0.0).sd));
    cr_assert(medtl_mean_of(equal, 3, 0.0).sd == 0.0 && isnan(medtl_mean_of(equal, 3, 0.0).p));
    cr_assert(medtl_mean_of(missing, 3, 0.0).count == 1);
}
