#include "schedule.h"

#include <math.h>

/* From `from` to `to` as `part` goes from 0 to 1, level at both ends. */
static double cosine(double from, double to, double part)
{
    return to + (from - to) * 0.5 * (1.0 + cos(3.14159265358979323846 * part));
}

static double one_cycle(double position)
{
    const double peak = 0.3, start = 1.0 / 25.0, end = 1.0 / 25e4;

    return position < peak ? cosine(start, 1.0, position / peak)
                           : cosine(1.0, end, (position - peak) / (1.0 - peak));
}

double medtl_schedule_factor(medtl_schedule schedule, size_t step, size_t steps, size_t warmup)
{
    if (schedule == MEDTL_SCHEDULE_ONE_CYCLE)
        return one_cycle(steps > 1 ? (double)step / (double)(steps - 1) : 0.0);
    if (step < warmup)
        return (double)(step + 1) / (double)(warmup + 1);
    if (schedule == MEDTL_SCHEDULE_CONSTANT || steps <= warmup)
        return 1.0;
    return cosine(1.0, 0.0, (double)(step - warmup) / (double)(steps - warmup));
}
