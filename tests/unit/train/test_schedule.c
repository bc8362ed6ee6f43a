#include "core/train/schedule.h"

#include <criterion/criterion.h>
#include <math.h>

Test(schedule, one_cycle_is_pytorch_s)
{
    /* PyTorch 1.13: OneCycleLR(max_lr=1, total_steps=21, pct_start=.3, div_factor=25,
     * final_div_factor=1e4). Its peak lies at step 0.3 * 21 - 1 = 5.3, ours at 0.3 * 20 = 6: the two agree
     * at both ends and, stretched to each other, in between. */
    cr_assert_float_eq(medtl_schedule_factor(MEDTL_SCHEDULE_ONE_CYCLE, 0, 21, 0), 0.04, 1e-9);
    cr_assert_float_eq(medtl_schedule_factor(MEDTL_SCHEDULE_ONE_CYCLE, 20, 21, 0), 4e-6, 1e-12);
    cr_assert_float_eq(medtl_schedule_factor(MEDTL_SCHEDULE_ONE_CYCLE, 6, 21, 0), 1.0, 1e-9);
    /* Half way up and half way down a cosine lies in the middle. */
    cr_assert_float_eq(medtl_schedule_factor(MEDTL_SCHEDULE_ONE_CYCLE, 3, 21, 0), 0.52, 1e-9);
    cr_assert_float_eq(medtl_schedule_factor(MEDTL_SCHEDULE_ONE_CYCLE, 13, 21, 0), 0.500002, 1e-9);
}

Test(schedule, cosine_is_pytorch_s)
{
    /* PyTorch 1.13: CosineAnnealingLR(T_max=8). */
    static const double expected[8] = {1.000000000, 0.961939766, 0.853553391, 0.691341716,
                                       0.500000000, 0.308658284, 0.146446609, 0.038060234};

    for (size_t i = 0; i < 8; i++)
        cr_assert_float_eq(medtl_schedule_factor(MEDTL_SCHEDULE_COSINE, i, 8, 0), expected[i],
                           1e-9);
}

Test(schedule, warm_up_rises_in_equal_steps_before_cosine_and_constant)
{
    for (size_t i = 0; i < 4; i++)
        for (int s = MEDTL_SCHEDULE_CONSTANT; s <= MEDTL_SCHEDULE_PLATEAU; s++)
            if (s != MEDTL_SCHEDULE_ONE_CYCLE)
                cr_assert_float_eq(medtl_schedule_factor((medtl_schedule)s, i, 10, 4),
                                   (double)(i + 1) / 5.0, 1e-12);
    cr_assert_eq(medtl_schedule_factor(MEDTL_SCHEDULE_CONSTANT, 4, 10, 4), 1.0);
    cr_assert_eq(medtl_schedule_factor(MEDTL_SCHEDULE_CONSTANT, 9, 10, 4), 1.0);
    cr_assert_eq(medtl_schedule_factor(MEDTL_SCHEDULE_COSINE, 4, 10, 4), 1.0);
    cr_assert_float_eq(medtl_schedule_factor(MEDTL_SCHEDULE_COSINE, 7, 10, 4), 0.5, 1e-12);
}

Test(schedule, stays_between_0_and_1_for_short_runs)
{
    for (size_t steps = 1; steps < 5; steps++)
        for (size_t i = 0; i < steps; i++)
            for (int s = MEDTL_SCHEDULE_CONSTANT; s <= MEDTL_SCHEDULE_PLATEAU; s++) {
                const double factor = medtl_schedule_factor((medtl_schedule)s, i, steps, 10);

                cr_assert(factor >= 0.0 && factor <= 1.0, "schedule %d, %zu of %zu", s, i, steps);
            }
}

Test(schedule, step_is_pytorch_s)
{
    /* PyTorch 1.13: StepLR(step_size=3, gamma=0.1). */
    static const double expected[8] = {1.0, 1.0, 1.0, 0.1, 0.1, 0.1, 0.01, 0.01};

    for (size_t i = 0; i < 8; i++)
        cr_assert_float_eq(medtl_schedule_step(i, 3, 0.1), expected[i], 1e-12);
}

Test(schedule, plateau_is_pytorch_s)
{
    /* PyTorch 1.13: ReduceLROnPlateau(factor=0.5, patience=2), the rate after each loss. The third and eighth are better,
     * but by less than a part of 1e-4; a loss that is no number is not. */
    static const double losses[16] = {1.0, 0.9, 0.90005, 0.8999, 0.91, 0.92, 0.5, 0.49997,
                                      0.6, 0.7, 0.8,     NAN,    0.3,  0.3,  0.3, 0.3};
    static const double expected[16] = {1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0,
                                        1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25};

    for (size_t i = 0; i < 16; i++)
        cr_assert_eq(medtl_schedule_plateau(losses, i + 1, 0.5, 2), expected[i], "after %zu",
                     i + 1);
    cr_assert_eq(medtl_schedule_plateau(losses, 0, 0.5, 2), 1.0);
}

Test(schedule, plateau_without_patience_falls_with_every_rise)
{
    /* The same with factor=0.1, patience=0: Romero's baseline. */
    static const double losses[5] = {1.0, 0.9, 0.95, 0.9, 0.8},
                        expected[5] = {1, 1, 0.1, 0.01, 0.01};

    for (size_t i = 0; i < 5; i++)
        cr_assert_float_eq(medtl_schedule_plateau(losses, i + 1, 0.1, 0), expected[i], 1e-12);
}
