/* What bench_networks is asked for. */
#ifndef BENCH_NETWORKS_OPTIONS_H
#define BENCH_NETWORKS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_MOST_BATCHES = 8 };

typedef struct bench_options {
    bool usual; /* nothing was asked for but, perhaps, ARCHITECTURE [SIZE [WIDTH]] */
    bool peak, profile, logits, json;
    char network[32]; /* "" where none was named */
    uint32_t size, width, classes;
    const char *weights, *input, *kernels; /* or NULL */
    size_t batches[BENCH_MOST_BATCHES], batch_count;
    size_t train; /* images in a training step; 0: none */
    size_t threads, rounds;
    double seconds; /* no further round once so long was measured; 0: no limit */
} bench_options;

/** @return -1 to go on, else the program's exit status: help was asked for, or an argument is wrong; that is said. */
int bench_options_parse(bench_options *options, int argc, char **argv);

#endif
