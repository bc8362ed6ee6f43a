/* What does the report of an exam cost beyond the network: from probabilities to a file that is synced and in its place?
 *   bench_report STUDY [REPETITIONS]
 * STUDY is a folder with mammograms (dcm-medtl phantom -o STUDY makes one); the first four are taken. Prints the machine,
 * and for each profile and for all four the smallest, median and largest time, the median without the file, which is the
 * disk's, and the processor's time; says whether the median of each stays within 10 ms (on a machine and a disk that have
 * nothing else to do). Files go to a folder of their own under $TMPDIR (or /tmp), which is removed. */
#include "machine.h"

#include "core/base/file.h"
#include "medtl/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { VIEWS = 4, DEFAULT_REPETITIONS = 200, LIMIT_MS = 10 };

static const medtl_class classes[] = {
    {"no-cancer", {"30807003", "SCT", "Benign"}, {"no-cancer", "99MEDTL", "No cancer found"}},
    {"cancer", {"21594007", "SCT", "Malignant"}, {"cancer", "99MEDTL", "Cancer suspected"}},
};
static const medtl_task task = {.name = "mammography",
                                .title = "Cancer in a mammogram",
                                .normaliser = {.channels = 1, .height = 192, .width = 192},
                                .classes = classes,
                                .class_count = 2,
                                .threshold = 0.5,
                                .positive_class = 1,
                                .finding_site = {"76752008", "SCT", "Breast"},
                                .probability_concept = {"111047", "DCM", "Probability of cancer"},
                                .procedure = {"363679005", "SCT", "Imaging procedure"},
                                .library_modality = {"MG", "DCM", "Mammography"},
                                .exam = MEDTL_EXAM_MEAN,
                                .series_number = 9101,
                                .disclaimer = "Not a diagnosis.",
                                .digest = "a task"};
static const float probabilities[VIEWS][2] = {
    {0.7f, 0.3f}, {0.4f, 0.6f}, {0.8f, 0.2f}, {0.9f, 0.1f}};

typedef struct exam {
    medtl_instance *views[VIEWS];
    medtl_image_result results[VIEWS];
    size_t count;
} exam;

static medtl_status keep_mammograms(void *context, medtl_scan_item *item)
{
    exam *e = context;
    const medtl_facts *facts = item->instance != NULL ? medtl_instance_facts(item->instance) : NULL;

    if (facts == NULL || e->count == VIEWS || strcmp(facts->modality, "MG") != 0) {
        medtl_instance_destroy(item->instance);
        return MEDTL_OK;
    }
    e->results[e->count] =
        (medtl_image_result){.instance = item->instance, .probabilities = probabilities[e->count]};
    e->views[e->count++] = item->instance;
    return MEDTL_OK;
}

/* @param[in,out] built  Seconds until the bytes were there are added. */
static medtl_status write_one(const exam *e, medtl_report_profile profile, const char *folder,
                              double *built, medtl_error *err)
{
    const medtl_report_request request = {.task = &task,
                                          .profile = profile,
                                          .model_name = "bench",
                                          .model_version = "1",
                                          .model_sha256 = "0123456789abcdef",
                                          .software_version = "bench",
                                          .results = e->results,
                                          .result_count = e->count};
    const double start = machine_seconds();
    medtl_report *report = NULL;
    medtl_status status = medtl_report_create(&request, &report, err);
    char path[4096];

    *built += machine_seconds() - start;

    if (status == MEDTL_OK) {
        (void)snprintf(path, sizeof path, "%s/%s.dcm", folder, medtl_report_profile_name(profile));
        status = medtl_file_replace(path, report->bytes, report->size, err);
    }
    medtl_report_destroy(report);
    return status;
}

/* @param profiles  A set. @return Its median in milliseconds; negative where a report failed. */
static double measure(const exam *e, unsigned profiles, const char *name, size_t repetitions,
                      const char *folder)
{
    double *times = calloc(repetitions, sizeof *times), median = -1.0;
    double *built = calloc(repetitions, sizeof *built);
    const clock_t before = clock();
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; times != NULL && built != NULL && i < repetitions && status == MEDTL_OK;
         i++) {
        const double start = machine_seconds();

        for (int p = 0; p < MEDTL_PROFILE_COUNT && status == MEDTL_OK; p++)
            if ((profiles & 1u << p) != 0)
                status = write_one(e, (medtl_report_profile)(1u << p), folder, &built[i], &err);
        times[i] = (machine_seconds() - start) * 1e3;
    }
    if (status == MEDTL_OK && times != NULL && built != NULL) {
        machine_sort(times, repetitions);
        machine_sort(built, repetitions);
        median = times[repetitions / 2];
        printf("%-8s  %6.2f  %6.2f  %6.2f ms  %6.2f ms  %6.2f ms\n", name, times[0], median,
               times[repetitions - 1], built[repetitions / 2] * 1e3,
               (double)(clock() - before) / CLOCKS_PER_SEC / (double)repetitions * 1e3);
    } else {
        fprintf(stderr, "bench_report: %s\n", err.message);
    }
    free(times);
    free(built);
    return median;
}

static void remove_folder(const char *folder)
{
    for (int p = 0; p < MEDTL_PROFILE_COUNT; p++) {
        char path[4096];

        (void)snprintf(path, sizeof path, "%s/%s.dcm", folder,
                       medtl_report_profile_name((medtl_report_profile)(1u << p)));
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static bool measure_all(const exam *e, size_t repetitions, const char *folder)
{
    bool good = true;

    printf(
        "%zu views, %zu repetitions, one thread: smallest, median, largest; median without the file; "
        "processor\n",
        e->count, repetitions);
    for (int p = 0; p < MEDTL_PROFILE_COUNT; p++) {
        const double median =
            measure(e, 1u << p, medtl_report_profile_name((medtl_report_profile)(1u << p)),
                    repetitions, folder);

        good = good && median >= 0.0 && median <= LIMIT_MS;
    }
    good = measure(e, 15u, "all four", repetitions, folder) >= 0.0 && good;
    printf("each within %d ms: %s\n", LIMIT_MS, good ? "yes" : "NO");
    return good;
}

int main(int argc, char **argv)
{
    const char *base = getenv("TMPDIR");
    exam e = {.count = 0};
    medtl_error err = {MEDTL_OK, ""};
    char folder[4000];
    bool good = false;

    if (argc < 2 || argc > 3) {
        fputs("usage: bench_report STUDY [REPETITIONS]\n", stderr);
        return 2;
    }
    (void)snprintf(folder, sizeof folder, "%s/bench-report-XXXXXX", base != NULL ? base : "/tmp");
    if (medtl_scan((const char *const *)&argv[1], 1, NULL, 0, keep_mammograms, &e, &err) !=
            MEDTL_OK ||
        e.count < VIEWS || mkdtemp(folder) == NULL) {
        fprintf(stderr, "bench_report: %s: no four mammograms there, or no room for files\n",
                argv[1]);
    } else {
        machine_print();
        good =
            measure_all(&e, argc == 3 ? strtoul(argv[2], NULL, 10) : DEFAULT_REPETITIONS, folder);
        remove_folder(folder);
    }
    for (size_t i = 0; i < e.count; i++)
        medtl_instance_destroy(e.views[i]);
    return good ? 0 : 1;
}
