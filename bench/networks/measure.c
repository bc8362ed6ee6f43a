#include "measure.h"

#include "../machine.h"
#include "core/base/pool.h"
#include "core/nn/kernels_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double bench_median(const double *values, size_t count)
{
    double *sorted = count > 0 ? malloc(count * sizeof *sorted) : NULL, median;

    if (sorted == NULL)
        return 0.0;
    memcpy(sorted, values, count * sizeof *sorted);
    machine_sort(sorted, count);
    median = 0.5 * (sorted[(count - 1) / 2] + sorted[count / 2]);
    free(sorted);
    return median;
}

bench_timing bench_measure(const bench_options *o, void (*run)(void *context), void *context)
{
    double *wall = calloc(2 * o->rounds, sizeof *wall), *cpu = wall + o->rounds;
    bench_timing t = {0};
    double begin;

    if (wall == NULL)
        return t;
    run(context); /* first touch of the memory */
    begin = machine_seconds();
    do {
        const double start = machine_seconds(), cpu_start = cpu_seconds();

        run(context);
        wall[t.runs] = machine_seconds() - start;
        cpu[t.runs++] = cpu_seconds() - cpu_start;
    } while (t.runs < o->rounds && (o->seconds <= 0.0 || machine_seconds() - begin < o->seconds));
    t.median = bench_median(wall, t.runs);
    t.cpu = bench_median(cpu, t.runs);
    machine_sort(wall, t.runs);
    t.best = wall[0];
    t.peak = machine_memory("VmHWM:");
    free(wall);
    return t;
}

enum { PEAK_TRIES = 30, PEAK_ROUNDS = 400000 };

typedef struct peak_work {
    const medtl_kernel_set *set;
    double *products; /* of each thread */
} peak_work;

static void multiply(void *context, size_t item, size_t worker)
{
    const peak_work *w = context;

    (void)worker;
    w->products[item] = w->set->peak_products(PEAK_ROUNDS);
}

double bench_peak(size_t threads)
{
    peak_work w = {medtl_kernel_set_supported(0), calloc(threads, sizeof(double))};
    medtl_pool *pool = NULL;
    double best = 0.0;

    for (size_t i = 0; strcmp(w.set->name, medtl_kernels_name()) != 0; i++)
        w.set = medtl_kernel_set_supported(i);
    if (w.products != NULL && medtl_pool_create(threads, &pool, NULL) == MEDTL_OK)
        for (int i = 0; i < PEAK_TRIES; i++) {
            const double start = machine_seconds();
            double products = 0.0, rate;

            medtl_pool_for(pool, threads, multiply, &w);
            rate = machine_seconds() - start;
            for (size_t t = 0; t < threads; t++)
                products += w.products[t];
            rate = 2e-9 * products / rate;
            best = rate > best ? rate : best;
        }
    medtl_pool_destroy(pool);
    free(w.products);
    return best;
}
