/* How long from nothing to the first probability, and how much memory: the program starts itself again as
 * a child that loads configuration and models, reads one DICOM file and answers, and watches it.
 *   bench_start FILE.dcm [REPETITIONS]
 * Prints the machine, the times (smallest, median, largest) and the child's peak resident memory. Before each
 * start the page cache is asked to forget the DICOM file and the shipped data; the program's own pages and shared
 * libraries may stay warm. */
#include "machine.h"
#include "pipeline/pipeline.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEFAULT_REPETITIONS = 15, LIMIT_MS = 150, LIMIT_MB = 150 };

static int answer_one(const char *path)
{
    medtl_error err = {MEDTL_OK, ""};
    medtl_pipeline *pipeline = NULL;
    medtl_batch *batch = NULL;
    const medtl_batch_options options = {.threads = 1};
    int status = 1;

    if (medtl_pipeline_create(NULL, 0, &pipeline, &err) == MEDTL_OK &&
        medtl_batch_create(pipeline, &batch, &err) == MEDTL_OK &&
        medtl_batch_add_path(batch, path, &err) == MEDTL_OK &&
        medtl_batch_run(batch, &options, &err) == MEDTL_OK &&
        medtl_batch_outcome_count(batch, MEDTL_OUTCOME_ANALYSED) == 1) {
        status = 0;
        if (write(STDOUT_FILENO, "1", 1) != 1)
            status = 1;
    } else if (err.message[0] != '\0') {
        fprintf(stderr, "bench_start: %s\n", err.message);
    } else {
        fprintf(stderr, "bench_start: %s: no task takes this file\n", path);
    }
    medtl_batch_destroy(batch);
    medtl_pipeline_destroy(pipeline);
    return status;
}

static int forget(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
    const int fd = kind == FTW_F ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    (void)facts;
    (void)where;
    if (fd >= 0) {
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        close(fd);
    }
    return 0;
}

/* Milliseconds until the child's first probability, or a negative number. */
static double start_once(const char *self, const char *path, long *peak_kib)
{
    int ends[2];
    char byte;
    struct rusage usage;
    int status = 0;
    const double begin = machine_seconds();
    double first = -1;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(self, self, "--answer", path, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    if (child > 0 && read(ends[0], &byte, 1) == 1)
        first = (machine_seconds() - begin) * 1e3;
    close(ends[0]);
    if (child > 0 && wait4(child, &status, 0, &usage) == child && status == 0)
        *peak_kib = usage.ru_maxrss > *peak_kib ? usage.ru_maxrss : *peak_kib;
    else
        first = -1;
    return first;
}

int main(int argc, char **argv)
{
    char data[4096];
    double *ms;
    long peak_kib = 0;
    const int repetitions = argc > 2 ? atoi(argv[2]) : DEFAULT_REPETITIONS;

    if (argc == 3 && strcmp(argv[1], "--answer") == 0)
        return answer_one(argv[2]);
    if (argc < 2 || repetitions < 1) {
        fputs("usage: bench_start FILE.dcm [REPETITIONS]\n", stderr);
        return 2;
    }
    ms = malloc((size_t)repetitions * sizeof *ms);
    if (ms == NULL)
        return 3;
    for (int i = 0; i < repetitions; i++) {
        (void)nftw(argv[1], forget, 8, FTW_PHYS);
        if (medtl_config_data_folder(data, sizeof data, NULL) == MEDTL_OK)
            (void)nftw(data, forget, 8, FTW_PHYS);
        ms[i] = start_once("/proc/self/exe", argv[1], &peak_kib);
        if (ms[i] < 0) {
            free(ms);
            return 3;
        }
    }
    machine_print();
    machine_sort(ms, (size_t)repetitions);
    printf(
        "start to first probability, 1 thread, %d starts: %.1f / %.1f / %.1f ms (smallest, median, "
        "largest); limit %d ms\n",
        repetitions, ms[0], ms[repetitions / 2], ms[repetitions - 1], LIMIT_MS);
    printf("peak resident memory: %.1f MB; limit %d MB\n", (double)peak_kib * 1024 / 1e6, LIMIT_MB);
    free(ms);
    return 0;
}
