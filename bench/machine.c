#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void machine_print(void)
{
    char line[256], model[200] = "unknown processor";
    FILE *file = fopen("/proc/cpuinfo", "r");

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "model name : %199[^\n]", model) == 1)
            break;
    if (file != NULL)
        fclose(file);
    printf("machine: %s, %ld processors\n", model, sysconf(_SC_NPROCESSORS_ONLN));
}

double machine_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double machine_memory(const char *key)
{
    char line[256];
    double kibibytes = 0.0;
    FILE *file = fopen("/proc/self/status", "r");

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            kibibytes = strtod(line + strlen(key), NULL);
    if (file != NULL)
        fclose(file);
    return kibibytes / 1024.0;
}

void machine_forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w"); /* 5: set VmHWM to VmRSS (proc(5)) */

    if (file == NULL)
        return;
    fputs("5", file);
    fclose(file);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void machine_sort(double *values, size_t count) { qsort(values, count, sizeof *values, compare); }
