#include "profile.h"

#include "../machine.h"
#include "core/nn/profile.h"
#include "measure.h"
#include "subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_KINDS = 64, ALGORITHM_SIZE = 64 };

/* A line of the summary. */
typedef struct sum {
    const char *kind, *algorithm;
    size_t nodes;
    double milliseconds, products;
} sum;

typedef struct profile {
    const bench_options *options;
    const medtl_graph *graph;
    double *seconds;  /* [node][round] */
    double *median;   /* [node], milliseconds of the whole batch */
    double *products; /* [node], of the whole batch */
    char (*algorithm)[ALGORITHM_SIZE];
    size_t round;
    double last; /* when the node before was done */
} profile;

static void watch(void *context, const medtl_node_run *run)
{
    profile *p = context;
    const double now = machine_seconds();

    p->seconds[run->index * p->options->rounds + p->round] += now - p->last;
    medtl_node_algorithm(run, p->algorithm[run->index], sizeof p->algorithm[0]);
    p->products[run->index] = (double)p->options->batches[0] * medtl_run_products(run);
    p->last = machine_seconds();
}

/* GFLOP/s, or 0 where nothing is multiplied. */
static double rate(double work, double milliseconds)
{
    return milliseconds > 0 ? 2e-6 * work / milliseconds : 0.0;
}

static double finish(profile *p)
{
    double total = 0.0;

    for (size_t i = 1; i < p->graph->node_count; i++) {
        p->median[i] = 1e3 * bench_median(p->seconds + i * p->options->rounds, p->round);
        total += p->median[i];
    }
    return total;
}

static void print_nodes(const profile *p, double total)
{
    printf("%4s %-24s %-16s %-13s %-50s %9s %6s %9s\n", "#", "node", "kind", "output", "algorithm",
           "ms", "share", "GFLOP/s");
    for (size_t i = 1; i < p->graph->node_count; i++) {
        const medtl_node *node = &p->graph->nodes[i];
        const double speed = rate(p->products[i], p->median[i]);
        char shape[32];

        snprintf(shape, sizeof shape, "%zux%zux%zu", node->shape.channels, node->shape.height,
                 node->shape.width);
        printf("%4zu %-24s %-16s %-13s %-50s %9.3f %5.1f%%", i,
               node->name[0] != '\0' ? node->name : "-", node->ops->kind, shape,
               p->algorithm[i][0] != '\0' ? p->algorithm[i] : "-", p->median[i],
               100 * p->median[i] / total);
        if (speed > 0)
            printf(" %9.1f\n", speed);
        else
            printf(" %9s\n", "-");
    }
}

static int by_time(const void *a, const void *b)
{
    const double x = ((const sum *)a)->milliseconds, y = ((const sum *)b)->milliseconds;

    return (y > x) - (y < x);
}

/* Nodes of one kind and algorithm together, the longest first. */
static size_t sum_up(const profile *p, sum *sums)
{
    size_t count = 0;

    for (size_t i = 1; i < p->graph->node_count; i++) {
        const char *kind = p->graph->nodes[i].ops->kind;
        size_t k = 0;

        while (k < count &&
               (strcmp(sums[k].kind, kind) != 0 || strcmp(sums[k].algorithm, p->algorithm[i]) != 0))
            k++;
        if (k == MOST_KINDS)
            continue; /* there are fewer kinds and algorithms than that */
        if (k == count)
            sums[count++] = (sum){.kind = kind, .algorithm = p->algorithm[i]};
        sums[k].nodes++;
        sums[k].milliseconds += p->median[i];
        sums[k].products += p->products[i];
    }
    qsort(sums, count, sizeof *sums, by_time);
    return count;
}

static void print_sums(const profile *p, double total)
{
    sum sums[MOST_KINDS];
    const size_t count = sum_up(p, sums);

    printf("\n%-16s %-50s %6s %9s %6s %9s\n", "kind", "algorithm", "nodes", "ms", "share",
           "GFLOP/s");
    for (size_t i = 0; i < count; i++)
        printf("%-16s %-50s %6zu %9.3f %5.1f%% %9.1f\n", sums[i].kind,
               sums[i].algorithm[0] != '\0' ? sums[i].algorithm : "-", sums[i].nodes,
               sums[i].milliseconds, 100 * sums[i].milliseconds / total,
               rate(sums[i].products, sums[i].milliseconds));
}

static void print_text(const profile *p, double total, double whole)
{
    double work = 0.0;

    for (size_t i = 1; i < p->graph->node_count; i++)
        work += p->products[i];
    printf("%s, kernels %s, input %dx%ux%u, batch %zu, %zu thread(s), %zu repeats\n",
           p->options->network, medtl_kernels_name(), BENCH_CHANNELS, p->options->size,
           p->options->size, p->options->batches[0], p->options->threads, p->round);
    print_nodes(p, total);
    print_sums(p, total);
    printf("\nall nodes %.3f ms, %.1f GFLOP/s; a whole run %.3f ms (medians)\n", total,
           rate(work, total), whole);
}

static void print_json(const profile *p, double total, double whole)
{
    printf("{\"network\":\"%s\",\"kernels\":\"%s\",\"size\":%u,\"batch\":%zu,\"threads\":%zu,"
           "\"repeats\":%zu,\"nodes_ms\":%.6g,\"run_ms\":%.6g,\"nodes\":[",
           p->options->network, medtl_kernels_name(), p->options->size, p->options->batches[0],
           p->options->threads, p->round, total, whole);
    for (size_t i = 1; i < p->graph->node_count; i++) {
        const medtl_node *node = &p->graph->nodes[i];

        printf("%s{\"name\":\"%s\",\"kind\":\"%s\",\"output\":[%zu,%zu,%zu],\"algorithm\":\"%s\","
               "\"ms\":%.6g,\"gflops\":%.6g}",
               i > 1 ? "," : "", node->name, node->ops->kind, node->shape.channels,
               node->shape.height, node->shape.width, p->algorithm[i], p->median[i],
               rate(p->products[i], p->median[i]));
    }
    printf("]}\n");
}

/* Rounds of the predictor with somebody watching. @return the median of a whole round, in milliseconds. */
static double run_rounds(profile *p, medtl_predictor *predictor, const float *input, float *logits)
{
    const size_t batch = p->options->batches[0];
    double *whole = calloc(p->options->rounds, sizeof *whole), median, begin;

    medtl_predictor_run_logits(predictor, input, batch, logits);
    medtl_predictor_watch(predictor, watch, p);
    begin = machine_seconds();
    while (whole != NULL && p->round < p->options->rounds &&
           (p->round == 0 || p->options->seconds <= 0.0 ||
            machine_seconds() - begin < p->options->seconds)) {
        const double start = p->last = machine_seconds();

        medtl_predictor_run_logits(predictor, input, batch, logits);
        whole[p->round++] = machine_seconds() - start;
    }
    medtl_predictor_watch(predictor, NULL, NULL);
    median = bench_median(whole, p->round);
    free(whole);
    return 1e3 * median;
}

medtl_status bench_profile(const bench_options *o, medtl_error *err)
{
    const size_t batch = o->batches[0];
    profile p = {.options = o};
    medtl_model *model = NULL;
    medtl_predictor *predictor = NULL;
    float *input = bench_subject_noise(o, batch),
          *logits = calloc(batch * o->classes, sizeof(float));
    medtl_status status = bench_subject_model(o, &model, err);

    if (status == MEDTL_OK)
        status = medtl_predictor_create(model, batch, o->threads, &predictor, err);
    if (status != MEDTL_OK)
        goto done;
    p.graph = medtl_predictor_graph(predictor);
    p.seconds = calloc(p.graph->node_count * o->rounds, sizeof *p.seconds);
    p.median = calloc(p.graph->node_count, sizeof *p.median);
    p.products = calloc(p.graph->node_count, sizeof *p.products);
    p.algorithm = calloc(p.graph->node_count, sizeof *p.algorithm);
    if (input == NULL || logits == NULL || p.seconds == NULL || p.median == NULL ||
        p.products == NULL || p.algorithm == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a profile");
    } else {
        const double whole = run_rounds(&p, predictor, input, logits), total = finish(&p);

        (o->json ? print_json : print_text)(&p, total, whole);
    }
done:
    medtl_predictor_destroy(predictor);
    medtl_model_destroy(model);
    free(input);
    free(logits);
    free(p.seconds);
    free(p.median);
    free(p.products);
    free(p.algorithm);
    return status;
}
