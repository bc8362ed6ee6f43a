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
    if (schedule != MEDTL_SCHEDULE_COSINE || steps <= warmup)
        return 1.0;
    return cosine(1.0, 0.0, (double)(step - warmup) / (double)(steps - warmup));
}

double medtl_schedule_step(size_t epoch, size_t every, double factor)
{
    return pow(factor, (double)(epoch / every));
}

double medtl_schedule_plateau(const double *losses, size_t count, double factor, size_t patience)
{
    double rate = 1.0, best = (double)INFINITY;
    size_t bad = 0;

    for (size_t i = 0; i < count; i++) {
        if (losses[i] < best * (1.0 - 1e-4)) {
            best = losses[i];
            bad = 0;
        } else {
            bad++;
        }
        if (bad > patience) {
            rate *= factor;
            bad = 0;
        }
    }
    return rate;
}
