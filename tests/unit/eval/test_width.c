#include "core/eval/width.h"

#include <criterion/criterion.h>
#include <math.h>

/* The tables of Clopper & Pearson's interval: 8 of 8 are 0.6306 to 1, 0 of 10 are 0 to 0.3085, 1 of 1 are 0.025 to 1. */
Test(width, of_all_and_of_none_is_the_exact_one)
{
    const medtl_interval all = {1.0, 1.0, 1.0}, none = {0.0, 0.0, 0.0};
    medtl_interval i = medtl_interval_of_share(all, 8);

    cr_expect_float_eq(i.low, 0.6306, 5e-5);
    cr_expect_eq(i.high, 1.0);
    i = medtl_interval_of_share(none, 10);
    cr_expect_eq(i.low, 0.0);
    cr_expect_float_eq(i.high, 0.3085, 5e-5);
    i = medtl_interval_of_share(all, 1);
    cr_expect_float_eq(i.low, 0.025, 1e-12);
    i = medtl_interval_of_share(all, 0);
    cr_expect(isnan(i.low));
}

/* Of one group every resample is the group itself. */
Test(width, between_is_not_known)
{
    const medtl_interval half = {0.5, 0.5, 0.5};
    medtl_interval i = medtl_interval_of_share(half, 1);

    cr_expect(i.value == 0.5 && isnan(i.low) && isnan(i.high));
    i = medtl_interval_with_width(half);
    cr_expect(i.value == 0.5 && isnan(i.low) && isnan(i.high));
}

Test(width, an_interval_that_has_one_stays)
{
    const medtl_interval wide = {1.0, 0.8, 1.0}, unasked = {1.0, NAN, NAN};
    medtl_interval i = medtl_interval_of_share(wide, 8);

    cr_expect(i.value == 1.0 && i.low == 0.8 && i.high == 1.0);
    i = medtl_interval_with_width(wide);
    cr_expect(i.low == 0.8 && i.high == 1.0);
    i = medtl_interval_of_share(unasked, 8);
    cr_expect(isnan(i.low) && isnan(i.high), "no resamples were asked for");
}
