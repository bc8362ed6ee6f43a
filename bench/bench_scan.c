/* How fast folders are scanned, and with how much memory: headers only, no pixels.
 *   bench_scan [--isolate] FOLDER [REPETITIONS]
 *   bench_scan --make FOLDER COUNT FILE.dcm    makes COUNT files, a hundred to a folder, each a copy of FILE of its own
 * Prints the machine, files a second (median, largest) after a first pass that fills the cache, and by how much
 * resident memory grew from the first tenth of a pass to its end. */
#include "core/base/file.h"
#include "machine.h"
#include "medtl/reader.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_REPETITIONS = 5, FILES_A_FOLDER = 100, FILES_TO_BEGIN_WITH = 2000 };

typedef struct tally {
    size_t files, instances;
    double memory_early; /* MiB after FILES_TO_BEGIN_WITH files */
} tally;

static medtl_status count(void *context, medtl_scan_item *item)
{
    tally *seen = context;

    seen->files++;
    seen->instances += item->instance != NULL;
    if (seen->files == FILES_TO_BEGIN_WITH)
        seen->memory_early = machine_memory("VmRSS:");
    medtl_instance_destroy(item->instance);
    return MEDTL_OK;
}

static int make(const char *folder, int files, const char *from)
{
    medtl_error err = {MEDTL_OK, ""};
    unsigned char *bytes = NULL;
    size_t size = 0;
    char path[4096];
    medtl_status status = medtl_file_read(from, (size_t)1 << 30, &bytes, &size, &err);

    for (int i = 0; i < files && status == MEDTL_OK; i++) {
        FILE *file;

        (void)snprintf(path, sizeof path, "%s/%05d", folder, i / FILES_A_FOLDER);
        if (i % FILES_A_FOLDER == 0)
            status = medtl_file_make_folders(path, &err);
        (void)snprintf(path, sizeof path, "%s/%05d/IM%05d", folder, i / FILES_A_FOLDER, i);
        file = status == MEDTL_OK ? fopen(path, "wb") : NULL;
        if (file == NULL || fwrite(bytes, 1, size, file) != size)
            status = medtl_fail(&err, MEDTL_E_IO, "%s: cannot write", path);
        if (file != NULL && fclose(file) != 0)
            status = medtl_fail(&err, MEDTL_E_IO, "%s: cannot write", path);
    }
    free(bytes);
    if (status != MEDTL_OK)
        fprintf(stderr, "bench_scan: %s\n", err.message);
    return status == MEDTL_OK ? 0 : 3;
}

static int measure(medtl_reader *reader, const char *folder, int repetitions)
{
    double *rates = calloc((size_t)repetitions, sizeof *rates);
    tally seen = {0, 0, 0};
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status = rates != NULL ? MEDTL_OK : MEDTL_E_MEMORY;
    double late = 0;

    for (int i = -1; i < repetitions && status == MEDTL_OK; i++) {
        const double begin = machine_seconds();

        seen = (tally){0, 0, 0};
        status = medtl_reader_scan(reader, &folder, 1, NULL, 0, count, &seen, &err);
        late = machine_memory("VmRSS:");
        if (i >= 0)
            rates[i] = (double)seen.files / (machine_seconds() - begin);
    }
    if (status == MEDTL_OK) {
        machine_print();
        machine_sort(rates, (size_t)repetitions);
        printf(
            "%zu files, %zu DICOM, warm cache, 1 thread, %d passes: %.0f / %.0f files/s (median, "
            "largest)\n",
            seen.files, seen.instances, repetitions, rates[repetitions / 2],
            rates[repetitions - 1]);
        printf("resident memory after %d files %.1f MiB, after all %.1f MiB\n", FILES_TO_BEGIN_WITH,
               seen.memory_early, late);
    } else {
        fprintf(stderr, "bench_scan: %s\n", err.message);
    }
    free(rates);
    return status == MEDTL_OK ? 0 : 3;
}

int main(int argc, char **argv)
{
    const bool isolate = argc > 1 && strcmp(argv[1], "--isolate") == 0;
    const medtl_reader_options options = {.isolate = isolate};
    const int first = isolate ? 2 : 1;
    const int repetitions = argc > first + 1 ? atoi(argv[first + 1]) : DEFAULT_REPETITIONS;
    medtl_reader *reader = NULL;
    medtl_error err = {MEDTL_OK, ""};
    int code;

    if (argc == 5 && strcmp(argv[1], "--make") == 0)
        return make(argv[2], atoi(argv[3]), argv[4]);
    if (argc <= first || repetitions < 1) {
        fputs("usage: bench_scan [--isolate] FOLDER [REPETITIONS]\n"
              "       bench_scan --make FOLDER COUNT FILE.dcm\n",
              stderr);
        return 2;
    }
    if (medtl_dicom_start(&err) != MEDTL_OK ||
        medtl_reader_create(&options, &reader, &err) != MEDTL_OK) {
        fprintf(stderr, "bench_scan: %s\n", err.message);
        return 3;
    }
    code = measure(reader, argv[first], repetitions);
    medtl_reader_destroy(reader);
    return code;
}
