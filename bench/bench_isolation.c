/* What reading in a process of its own costs: studies are classified from bytes in memory, as a PACS hands them
 * over, in turn here and there.
 *   bench_isolation [REPETITIONS] FILE.dcm...
 * Prints the machine; for each way the time and the processor time (of this process and its children together) of one
 * pass over all files, smallest and median; and the medians of isolated / here of the single rounds. Other load on
 * the machine disturbs the processor time less. */
#include "core/base/file.h"
#include "machine.h"
#include "pipeline/pipeline.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_REPETITIONS = 15 };

typedef struct object {
    unsigned char *bytes;
    size_t size;
} object;

/* Of one way, for each pass. */
typedef struct timings {
    double *seconds, *processor;
} timings;

/* Seconds of processor time that the children of this process have used so far. */
static double children_seconds(void)
{
    char path[64], pids[4096];
    double seconds = 0;
    FILE *file;
    int at = 0, used;
    long pid;

    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    pids[fread(pids, 1, sizeof pids - 1, file)] = '\0';
    fclose(file);
    for (; sscanf(pids + at, "%ld%n", &pid, &used) == 1; at += used) {
        struct timespec time;
        clockid_t clock;

        if (clock_getcpuclockid((pid_t)pid, &clock) == 0 && clock_gettime(clock, &time) == 0)
            seconds += (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
    }
    return seconds;
}

static double processor_seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec + children_seconds();
}

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

static double median(double *values, int count)
{
    machine_sort(values, (size_t)count);
    return values[count / 2];
}

/* Medians of there / here, round by round. */
static double median_ratio(const double *here, const double *there, int count)
{
    double *ratios = malloc((size_t)count * sizeof *ratios);
    double middle = 0;

    for (int i = 0; i < count && ratios != NULL; i++)
        ratios[i] = there[i] / here[i];
    if (ratios != NULL)
        middle = median(ratios, count);
    free(ratios);
    return middle;
}

static void print(timings ways[2], int objects, int passes)
{
    const double time = median_ratio(ways[0].seconds, ways[1].seconds, passes);
    const double processor = median_ratio(ways[0].processor, ways[1].processor, passes);
    double middle[2], processor_middle[2];

    machine_print();
    for (int way = 0; way < 2; way++) {
        middle[way] = median(ways[way].seconds, passes);
        processor_middle[way] = median(ways[way].processor, passes);
        printf("%-15s %d objects, 1 thread, %d passes: %.1f / %.1f ms, processor %.1f / %.1f ms "
               "(smallest, median)\n",
               way == 0 ? "in this process" : "isolated", objects, passes,
               ways[way].seconds[0] * 1e3, middle[way] * 1e3, ways[way].processor[0] * 1e3,
               processor_middle[way] * 1e3);
    }
    printf(
        "isolated takes %.3f (median of rounds; of medians %.3f, of smallest %.3f) times as long\n",
        time, middle[1] / middle[0], ways[1].seconds[0] / ways[0].seconds[0]);
    printf("and %.3f (of medians %.3f, of smallest %.3f) times the processor time\n", processor,
           processor_middle[1] / processor_middle[0], ways[1].processor[0] / ways[0].processor[0]);
}

static int measure(const object *objects, int count, int passes)
{
    medtl_pipeline *pipelines[2] = {make_pipeline(false), make_pipeline(true)};
    timings ways[2];
    bool good = pipelines[0] != NULL && pipelines[1] != NULL;

    for (int way = 0; way < 2; way++) {
        ways[way].seconds = calloc((size_t)passes, sizeof(double));
        ways[way].processor = calloc((size_t)passes, sizeof(double));
        good = good && ways[way].seconds != NULL && ways[way].processor != NULL;
    }
    for (int i = -1; i < passes && good; i++) /* the first round only warms up */
        for (int each = 0; each < 2 && good; each++) {
            const int way = i & 1 ? 1 - each : each; /* neither always comes first */
            const double before = processor_seconds();
            const double taken = classify(pipelines[way], objects, count);

            good = taken > 0;
            if (i >= 0) {
                ways[way].seconds[i] = taken;
                ways[way].processor[i] = processor_seconds() - before;
            }
        }
    if (good)
        print(ways, count, passes);
    for (int way = 0; way < 2; way++) {
        medtl_pipeline_destroy(pipelines[way]);
        free(ways[way].seconds);
        free(ways[way].processor);
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
