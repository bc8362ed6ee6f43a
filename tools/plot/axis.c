#include "axis.h"

#include <math.h>
#include <stdio.h>

enum { WANTED_TICKS = 6 };

/* 1, 2 or 5 times a power of ten, so that about WANTED_TICKS of them span the range. */
static double round_step(double range)
{
    const double raw = range / WANTED_TICKS, power = pow(10.0, floor(log10(raw))),
                 digit = raw / power;

    return power * (digit < 1.5 ? 1.0 : digit < 3.5 ? 2.0 : digit < 7.5 ? 5.0 : 10.0);
}

static void set_linear_ticks(axis *a, double step)
{
    const double first = ceil(a->low / step - 1e-9);

    a->tick_count = 0;
    for (size_t i = 0; i < AXIS_TICKS && (first + (double)i) * step <= a->high + 1e-9 * step; i++)
        a->ticks[a->tick_count++] = (first + (double)i) * step;
    a->decimals = step < 1.0 ? (int)ceil(-log10(step) - 1e-9) : 0;
}

/* Powers of ten; with less than two of them also 2 and 5 times each. */
static void set_log_ticks(axis *a)
{
    static const double digits[] = {1.0, 2.0, 5.0};
    const double low = log10(a->low), high = log10(a->high);
    const double stride = fmax(1.0, ceil((high - low) / 10.0));
    const size_t per_decade = high - low < 2.5 ? 3 : 1;

    a->tick_count = 0;
    for (double decade = floor(low); decade <= high + 1e-9; decade += stride)
        for (size_t k = 0; k < per_decade; k++) {
            const double tick = digits[k] * pow(10.0, decade);

            if (tick >= a->low * (1.0 - 1e-9) && tick <= a->high * (1.0 + 1e-9) &&
                a->tick_count < AXIS_TICKS)
                a->ticks[a->tick_count++] = tick;
        }
}

/* The largest of 1, 2, 5 times a power of ten that is not above `value`; upwards: the smallest not below. */
static double round_log(double value, bool upwards)
{
    const double power = pow(10.0, floor(log10(value) + 1e-12)), digit = value / power;

    if (upwards)
        return power * (digit <= 1.0 + 1e-9 ? 1.0 : digit <= 2.0 ? 2.0 : digit <= 5.0 ? 5.0 : 10.0);
    return power * (digit >= 5.0 ? 5.0 : digit >= 2.0 ? 2.0 : 1.0);
}

void axis_fit(axis *a, double low, double high, bool log)
{
    double step;

    a->log = log;
    a->decimals = 0;
    if (log) {
        a->low = round_log(low, false);
        a->high = round_log(high, true);
        if (!(a->high > a->low * 1.5))
            a->high = a->low * 10.0;
        set_log_ticks(a);
        return;
    }
    if (!(high - low > 1e-12 * fmax(fabs(high), fabs(low)))) {
        const double half = high != 0.0 ? 0.1 * fabs(high) : 0.5;

        low -= half;
        high += half;
    }
    step = round_step(high - low);
    a->low = floor(low / step + 1e-9) * step;
    a->high = ceil(high / step - 1e-9) * step;
    set_linear_ticks(a, step);
}

void axis_fix(axis *a, double low, double high)
{
    a->log = false;
    a->low = low;
    a->high = high;
    set_linear_ticks(a, round_step(high - low));
}

double axis_place(const axis *a, double value)
{
    const double share = a->log ? log(value / a->low) / log(a->high / a->low)
                                : (value - a->low) / (a->high - a->low);

    return a->from + share * (a->to - a->from);
}

void axis_label(const axis *a, double value, char out[AXIS_LABEL_SIZE])
{
    if (!a->log && a->decimals > 4) /* 0.000205 takes too much room */
        snprintf(out, AXIS_LABEL_SIZE, "%.2e", value);
    else if (a->log || fabs(value) >= 1e6)
        snprintf(out, AXIS_LABEL_SIZE, "%g", fabs(value) < 1e-300 ? 0.0 : value);
    else
        snprintf(out, AXIS_LABEL_SIZE, "%.*f", a->decimals, fabs(value) < 1e-12 ? 0.0 : value);
}
