/* Timing a thing that can be done again and again. */
#ifndef BENCH_NETWORKS_MEASURE_H
#define BENCH_NETWORKS_MEASURE_H

#include "options.h"

typedef struct bench_timing {
    double median, best, cpu; /* seconds a run; CPU time of all threads together */
    size_t runs;
    double peak; /* MiB resident at most since the process began */
} bench_timing;

/** Once to warm up, then as often as the options say. */
bench_timing bench_measure(const bench_options *options, void (*run)(void *context), void *context);

/** Billions of floating point operations a second that the multiply-add units of options->threads cores do
 *  together, two for a multiply-add, by the kernels in use. */
double bench_peak(size_t threads);

/** Of a sorted copy; 0 for none. */
double bench_median(const double *values, size_t count);

#endif
