/* Several studies at once: reports of different threads must not disturb one another. */
#include "report_fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 20 };

typedef struct job {
    report_fixture fixture;
    unsigned char *expected;
    size_t size;
    bool same;
} job;

static void *run(void *context)
{
    job *work = context;

    work->same = true;
    for (int i = 0; i < ROUNDS; i++) {
        medtl_report *report = NULL;

        work->same =
            work->same && medtl_report_create(&work->fixture.request, &report, NULL) == MEDTL_OK &&
            report->size == work->size && memcmp(report->bytes, work->expected, work->size) == 0;
        medtl_report_destroy(report);
    }
    return NULL;
}

Test(threads, make_the_same_reports_as_one_after_the_other)
{
    static job jobs[THREADS];
    pthread_t threads[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        fixture_set_up(&jobs[i].fixture, i % 2 == 0 ? SAMPLE_MAMMOGRAM : SAMPLE_DERMOSCOPY, i + 1);
        fixture_make(&jobs[i].fixture);
        jobs[i].size = jobs[i].fixture.report->size;
        jobs[i].expected = malloc(jobs[i].size);
        cr_assert_not_null(jobs[i].expected);
        memcpy(jobs[i].expected, jobs[i].fixture.report->bytes, jobs[i].size);
    }
    for (unsigned i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, run, &jobs[i]), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < THREADS; i++) {
        cr_assert(jobs[i].same, "thread %u", i);
        fixture_tear_down(&jobs[i].fixture);
        free(jobs[i].expected);
    }
}
