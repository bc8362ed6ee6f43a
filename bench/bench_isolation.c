/* What reading in a process of its own costs: studies are classified from bytes in memory, as a PACS hands them
 * over, in turn here and there.
 *   bench_isolation [REPETITIONS] FILE.dcm...
 * Prints the machine, the time of each way (smallest, median) for one pass over all files, and the ratio of medians. */
#include "core/base/file.h"
#include "machine.h"
#include "pipeline/pipeline.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEFAULT_REPETITIONS = 15 };

typedef struct object {
    unsigned char *bytes;
    size_t size;
} object;

/* Seconds for all objects in one batch of one thread; negative where that fails. */
static double classify(const medtl_pipeline *pipeline, const object *objects, int count)
{
    const medtl_batch_options options = {.threads = 1};
    medtl_error err = {MEDTL_OK, ""};
    medtl_batch *batch = NULL;
    const double begin = machine_seconds();
    double seconds = -1;
    medtl_status status = medtl_batch_create(pipeline, &batch, &err);

    for (int i = 0; i < count && status == MEDTL_OK; i++)
        status = medtl_batch_add_memory(batch, objects[i].bytes, objects[i].size, "object", &err);
    if (status == MEDTL_OK && (status = medtl_batch_run(batch, &options, &err)) == MEDTL_OK)
        seconds = machine_seconds() - begin;
    else
        fprintf(stderr, "bench_isolation: %s\n", err.message);
    medtl_batch_destroy(batch);
    return seconds;
}

static medtl_pipeline *make_pipeline(bool isolate)
{
    const medtl_reader_options options = {.isolate = isolate};
    medtl_error err = {MEDTL_OK, ""};
    medtl_pipeline *pipeline = NULL;

    if (medtl_pipeline_create(NULL, 0, &pipeline, &err) == MEDTL_OK &&
        medtl_pipeline_read_with(pipeline, &options, &err) == MEDTL_OK)
        return pipeline;
    fprintf(stderr, "bench_isolation: %s\n", err.message);
    medtl_pipeline_destroy(pipeline);
    return NULL;
}

static int measure(const object *objects, int count, int repetitions)
{
    medtl_pipeline *pipelines[2] = {make_pipeline(false), make_pipeline(true)};
    double *seconds[2] = {calloc((size_t)repetitions, sizeof(double)),
                          calloc((size_t)repetitions, sizeof(double))};
    bool good =
        pipelines[0] != NULL && pipelines[1] != NULL && seconds[0] != NULL && seconds[1] != NULL;

    for (int i = -1; i < repetitions && good; i++) /* the first round only warms up */
        for (int way = 0; way < 2; way++) {
            const double taken = classify(pipelines[way], objects, count);

            good = good && taken > 0;
            if (i >= 0)
                seconds[way][i] = taken;
        }
    if (good) {
        machine_print();
        for (int way = 0; way < 2; way++) {
            machine_sort(seconds[way], (size_t)repetitions);
            printf("%-15s %d objects, 1 thread, %d passes: %.1f / %.1f ms (smallest, median)\n",
                   way == 0 ? "in this process" : "isolated", count, repetitions,
                   seconds[way][0] * 1e3, seconds[way][repetitions / 2] * 1e3);
        }
        printf("isolated takes %.3f (smallest) and %.3f (median) times as long\n",
               seconds[1][0] / seconds[0][0],
               seconds[1][repetitions / 2] / seconds[0][repetitions / 2]);
    }
    for (int way = 0; way < 2; way++) {
        medtl_pipeline_destroy(pipelines[way]);
        free(seconds[way]);
    }
    return good ? 0 : 3;
}

int main(int argc, char **argv)
{
    const int repetitions = argc > 1 && atoi(argv[1]) > 0 ? atoi(argv[1]) : DEFAULT_REPETITIONS;
    const int first = argc > 1 && atoi(argv[1]) > 0 ? 2 : 1;
    object *objects = calloc((size_t)argc + 1, sizeof *objects);
    medtl_error err = {MEDTL_OK, ""};
    int count = 0, code = 0;

    if (objects == NULL)
        return 3;
    for (int i = first; i < argc && code == 0; i++)
        if (medtl_file_read(argv[i], (size_t)1 << 30, &objects[count].bytes, &objects[count].size,
                            &err) == MEDTL_OK) {
            count++;
        } else {
            fprintf(stderr, "bench_isolation: %s\n", err.message);
            code = 3;
        }
    if (code == 0 && count == 0) {
        fputs("usage: bench_isolation [REPETITIONS] FILE.dcm...\n", stderr);
        code = 2;
    }
    if (code == 0)
        code = measure(objects, count, repetitions);
    for (int i = 0; i < count; i++)
        free(objects[i].bytes);
    free(objects);
    return code;
}
