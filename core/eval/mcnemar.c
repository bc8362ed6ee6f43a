#include "mcnemar.h"

#include <math.h>

/* Of `count` fair coins, exactly `heads`. */
static double binomial(uint64_t count, uint64_t heads)
{
    const double n = (double)count, k = (double)heads;
    int sign; /* lgamma() would set a global one */

    return exp(lgamma_r(n + 1.0, &sign) - lgamma_r(k + 1.0, &sign) - lgamma_r(n - k + 1.0, &sign) -
               n * log(2.0));
}

medtl_mcnemar medtl_mcnemar_test(uint64_t first_only, uint64_t second_only)
{
    const uint64_t fewer = first_only < second_only ? first_only : second_only;
    const uint64_t both = first_only + second_only;
    medtl_mcnemar out = {first_only, second_only, 1.0, 1.0, 0.0, 1.0};
    double tail = 0.0, distance;

    if (both == 0)
        return out;
    /* From the observed outcome outwards, until the terms no longer count. */
    for (uint64_t k = fewer + 1; k-- > 0;) {
        const double term = binomial(both, k);

        tail += term;
        if (term < 1e-18 * tail)
            break;
    }
    out.exact = fmin(1.0, 2.0 * tail);
    out.mid_p = first_only == second_only ? 1.0 - 0.5 * binomial(both, fewer)
                                          : fmin(1.0, 2.0 * tail - binomial(both, fewer));
    distance = (double)(both - 2 * fewer);
    distance = distance > 1.0 ? distance - 1.0 : 0.0;
    out.chi2 = distance * distance / (double)both;
    out.p = erfc(sqrt(out.chi2 / 2.0));
    return out;
}
