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
/** A line of /proc/self/status in MiB, e.g. "VmHWM:" for the peak of resident memory; 0 where there is none. */
double machine_memory(const char *key);
/** Set the peak back to what is resident now, where the system allows it. */
void machine_forget_peak(void);
/** Ascending. */
void machine_sort(double *values, size_t count);

#ifdef __cplusplus
}
#endif
#endif
