#include "core/eval/mcnemar.h"

#include <criterion/criterion.h>
#include <math.h>

/* The two examples of the encyclopedia's article on the test, which gives these numbers: 6 and 16 discordant pairs have
 * an exact p of 0.053, a mid-p of 0.035 and, with continuity correction, chi-square 3.68 and p 0.055; 121 and 59 have
 * (without correction) 21.35, so 61^2 / 180 with it. */
Test(mcnemar, numbers_are_the_published_ones)
{
    medtl_mcnemar m = medtl_mcnemar_test(6, 16);

    cr_expect_float_eq(m.exact, 0.0525, 5e-5);
    cr_expect_float_eq(m.mid_p, 0.0347, 5e-5);
    cr_expect_float_eq(m.chi2, 81.0 / 22.0, 1e-12);
    cr_expect_float_eq(m.p, 0.0550, 5e-5);
    m = medtl_mcnemar_test(121, 59);
    cr_expect_float_eq(m.chi2, 61.0 * 61.0 / 180.0, 1e-12);
    cr_expect(m.exact < 1e-5 && m.p < 1e-5);
}

/* Ten coins: 1 + 10 + 45 of 1024 outcomes have at most two heads. */
Test(mcnemar, the_exact_p_counts_coins)
{
    const medtl_mcnemar m = medtl_mcnemar_test(2, 8), turned = medtl_mcnemar_test(8, 2);

    cr_expect_float_eq(m.exact, 2.0 * 56.0 / 1024.0, 1e-12);
    cr_expect_float_eq(m.mid_p, (2.0 * 56.0 - 45.0) / 1024.0, 1e-12);
    cr_expect_float_eq(turned.exact, m.exact, 0.0);
    cr_expect_float_eq(medtl_mcnemar_test(5, 0).exact, 2.0 / 32.0, 1e-12);
    cr_expect_float_eq(medtl_mcnemar_test(1, 0).exact, 1.0, 1e-12);
    cr_expect_float_eq(medtl_mcnemar_test(3, 3).exact, 1.0, 1e-12);
    /* 20 of 64 outcomes are 3 : 3; of these half counts. */
    cr_expect_float_eq(medtl_mcnemar_test(3, 3).mid_p, 1.0 - 10.0 / 64.0, 1e-12);
}

Test(mcnemar, without_discordant_pairs_nothing_differs)
{
    const medtl_mcnemar m = medtl_mcnemar_test(0, 0);

    cr_expect(m.exact == 1.0 && m.mid_p == 1.0 && m.p == 1.0 && m.chi2 == 0.0);
}

Test(mcnemar, many_cases_agree_with_the_normal_distribution)
{
    const medtl_mcnemar m = medtl_mcnemar_test(500300, 499700);

    cr_expect(isfinite(m.exact) && fabs(m.exact - m.p) < 1e-3);
}
