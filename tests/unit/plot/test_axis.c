/* Ticks, worked by hand: 1, 2 or 5 times a power of ten. */
#include "tools/plot/axis.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static void expect_ticks(const axis *a, const double *wanted, size_t count)
{
    cr_assert(a->tick_count == count, "%zu ticks, expected %zu", a->tick_count, count);
    for (size_t i = 0; i < count; i++)
        cr_assert(fabs(a->ticks[i] - wanted[i]) < 1e-9 * fabs(wanted[i]) + 1e-12,
                  "tick %zu: %g, expected %g", i, a->ticks[i], wanted[i]);
}

Test(axis, goes_out_to_round_numbers)
{
    static const double wanted[] = {0.0, 0.2, 0.4, 0.6, 0.8, 1.0};
    axis a;
    char label[AXIS_LABEL_SIZE];

    axis_fit(&a, 0.03, 0.97, false);
    cr_assert(a.low == 0.0 && a.high == 1.0);
    expect_ticks(&a, wanted, 6);
    axis_label(&a, 0.2, label);
    cr_assert(strcmp(label, "0.2") == 0, "%s", label);
}

Test(axis, keeps_the_ends_it_is_given)
{
    static const double wanted[] = {0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0};
    axis a;

    axis_fix(&a, 0.0, 32.0);
    cr_assert(a.low == 0.0 && a.high == 32.0);
    expect_ticks(&a, wanted, 7);
}

Test(axis, of_logarithms_has_decades_and_places_them_evenly)
{
    static const double wanted[] = {1e-4, 1e-3, 1e-2, 1e-1, 1.0};
    axis a;
    char label[AXIS_LABEL_SIZE];

    axis_fit(&a, 1.3e-4, 0.9, true);
    expect_ticks(&a, wanted, 5);
    a.from = 0.0;
    a.to = 400.0;
    cr_assert(fabs(axis_place(&a, 1e-2) - 200.0) < 1e-9);
    axis_label(&a, 1e-4, label);
    cr_assert(strcmp(label, "0.0001") == 0, "%s", label);
}

Test(axis, of_one_decade_of_logarithms_names_twos_and_fives)
{
    static const double wanted[] = {50, 100, 200, 500, 1000};
    axis a;

    axis_fit(&a, 50, 800, true);
    expect_ticks(&a, wanted, 5);
}

Test(axis, of_a_single_value_has_a_length)
{
    axis a;

    axis_fit(&a, 3.0, 3.0, false);
    cr_assert(a.low < 3.0 && a.high > 3.0 && a.tick_count >= 2);
    axis_fit(&a, 0.0, 0.0, false);
    cr_assert(a.low < 0.0 && a.high > 0.0);
    axis_fit(&a, 1e-3, 1e-3, true);
    cr_assert(a.high > a.low);
}
