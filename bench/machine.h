/* What every measurement must say of where it was taken, and its clock. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Processor model and number of processors, one line on standard output. */
void machine_print(void);
/** Monotonic seconds. */
double machine_seconds(void);
/** Ascending. */
void machine_sort(double *values, size_t count);

#ifdef __cplusplus
}
#endif
#endif
