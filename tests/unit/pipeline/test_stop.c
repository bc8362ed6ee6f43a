/* Cancelling, sinks that fail, and reports that are there already. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(stop, .init = setup, .fini = teardown);

static void add_images(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char name[16], sop[32];

        snprintf(name, sizeof name, "%02u", i);
        snprintf(sop, sizeof sop, "1.2.3.4.5.%u", i + 1);
        add_object(name, &(raw_dicom){.sop = sop, .seed = i});
    }
}

typedef struct watcher {
    medtl_batch *batch;
    medtl_phase phase;
    size_t after, last, steps;
} watcher;

static void cancel_after(void *context, const medtl_progress *progress)
{
    watcher *w = context;

    if (progress->phase != w->phase)
        return;
    cr_assert_eq(progress->done, w->last + 1, "steps are told one by one");
    w->last = progress->done;
    w->steps++;
    if (progress->done == w->after)
        medtl_batch_cancel(w->batch);
}

Test(stop, leaves_the_rest_cancelled_and_unreported)
{
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0};
    watcher w = {.phase = MEDTL_PHASE_ANALYSE, .after = 2};
    const medtl_batch_options options = {.threads = 1,
                                         .sink = keep,
                                         .sink_context = &k,
                                         .progress = cancel_after,
                                         .progress_context = &w};

    add_images(5);
    w.batch = batch_of_folder(pipeline);
    cr_assert_eq(medtl_batch_run(w.batch, &options, NULL), MEDTL_E_CANCELLED);
    cr_assert_eq(medtl_batch_outcome_count(w.batch, MEDTL_OUTCOME_ANALYSED), 2);
    cr_assert_eq(medtl_batch_outcome_count(w.batch, MEDTL_OUTCOME_CANCELLED), 3);
    cr_assert_eq(medtl_batch_record(w.batch, 4)->status, MEDTL_E_CANCELLED);
    cr_assert_eq(k.count, 0, "half a study is not reported");
    cr_assert_eq(medtl_batch_report_count(w.batch), 1);
    cr_assert_eq(medtl_batch_report_at(w.batch, 0)->status, MEDTL_E_CANCELLED);
    medtl_batch_destroy(w.batch);
    medtl_pipeline_destroy(pipeline);
}

Test(stop, works_during_the_scan)
{
    medtl_pipeline *pipeline = load_pipeline();
    watcher w = {.phase = MEDTL_PHASE_SCAN, .after = 3};
    const medtl_batch_options options = {.progress = cancel_after, .progress_context = &w};

    add_images(5);
    w.batch = batch_of_folder(pipeline);
    cr_assert_eq(medtl_batch_run(w.batch, &options, NULL), MEDTL_E_CANCELLED);
    cr_assert_eq(medtl_batch_record_count(w.batch), 3);
    cr_assert_eq(medtl_batch_outcome_count(w.batch, MEDTL_OUTCOME_CANCELLED), 3);
    medtl_batch_destroy(w.batch);
    medtl_pipeline_destroy(pipeline);
}

Test(stop, before_the_run_stops_it)
{
    medtl_pipeline *pipeline = load_pipeline();
    medtl_batch *batch;

    add_images(2);
    batch = batch_of_folder(pipeline);
    medtl_batch_cancel(batch);
    cr_assert_eq(medtl_batch_run(batch, NULL, NULL), MEDTL_E_CANCELLED);
    cr_assert_eq(medtl_batch_outcome_count(batch, MEDTL_OUTCOME_ANALYSED), 0);
    medtl_batch_destroy(batch);
    medtl_pipeline_destroy(pipeline);
}

Test(stop, progress_tells_every_image)
{
    medtl_pipeline *pipeline = load_pipeline();
    watcher w = {.phase = MEDTL_PHASE_ANALYSE, .after = 100};
    const medtl_batch_options options = {
        .threads = 3, .progress = cancel_after, .progress_context = &w};

    add_images(7);
    w.batch = batch_of_folder(pipeline);
    cr_assert_eq(medtl_batch_run(w.batch, &options, NULL), MEDTL_OK);
    cr_assert_eq(w.steps, 7);
    medtl_batch_destroy(w.batch);
    medtl_pipeline_destroy(pipeline);
}

/* A full disk under one study is no reason to lose the others. */
Test(stop, a_sink_that_fails_does_not_stop_the_run)
{
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0, .answer = MEDTL_E_IO};
    const medtl_batch_options options = {.threads = 1, .sink = keep, .sink_context = &k};
    medtl_batch *batch;

    add_object("a", &(raw_dicom){.study = "1.1"});
    add_object("b", &(raw_dicom){.study = "1.2"});
    batch = batch_of_folder(pipeline);
    cr_assert_eq(medtl_batch_run(batch, &options, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_outcome_count(batch, MEDTL_OUTCOME_ANALYSED), 2);
    cr_assert_eq(medtl_batch_report_count(batch), 2);
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(medtl_batch_report_at(batch, i)->status, MEDTL_E_IO);
        cr_assert_str_eq(medtl_batch_report_at(batch, i)->reason, "the sink is full");
        cr_assert_neq(medtl_batch_report_at(batch, i)->sop_instance_uid[0], '\0');
    }
    medtl_batch_destroy(batch);
    medtl_pipeline_destroy(pipeline);
}

Test(stop, a_sink_may_stop_the_run)
{
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0, .answer = MEDTL_E_CANCELLED};
    const medtl_batch_options options = {.threads = 1, .sink = keep, .sink_context = &k};
    medtl_batch *batch;

    add_object("a", &(raw_dicom){.study = "1.1"});
    add_object("b", &(raw_dicom){.study = "1.2"});
    batch = batch_of_folder(pipeline);
    cr_assert_eq(medtl_batch_run(batch, &options, NULL), MEDTL_E_CANCELLED);
    cr_assert_eq(record_of(batch, "a")->outcome, MEDTL_OUTCOME_ANALYSED);
    cr_assert_eq(record_of(batch, "b")->outcome, MEDTL_OUTCOME_CANCELLED);
    medtl_batch_destroy(batch);
    medtl_pipeline_destroy(pipeline);
}

typedef struct memory {
    char sop[65];
    size_t asked;
} memory;

static bool remembers(void *context, const char *study, const char *sop)
{
    memory *m = context;

    (void)study;
    m->asked++;
    return strcmp(m->sop, sop) == 0;
}

Test(stop, skips_the_study_whose_report_is_known)
{
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0}, again = {.count = 0};
    memory m = {.asked = 0};
    const medtl_batch_options first = {.sink = keep, .sink_context = &k};
    const medtl_batch_options second = {
        .sink = keep, .sink_context = &again, .known = remembers, .known_context = &m};
    medtl_batch *batch;

    add_object("a", &(raw_dicom){.study = "1.1", .sop = "1.1.1"});
    add_object("b", &(raw_dicom){.study = "1.1", .sop = "1.1.2"});
    batch = batch_of_folder(pipeline);
    cr_assert_eq(medtl_batch_run(batch, &first, NULL), MEDTL_OK);
    medtl_batch_destroy(batch);
    strcpy(m.sop, k.reports[0].sop);

    add_object("c", &(raw_dicom){.study = "1.2", .sop = "1.2.1"});
    batch = batch_of_folder(pipeline);
    cr_assert_eq(medtl_batch_run(batch, &second, NULL), MEDTL_OK);
    cr_assert_eq(m.asked, 2);
    cr_assert_eq(medtl_batch_outcome_count(batch, MEDTL_OUTCOME_ALREADY_REPORTED), 2);
    cr_assert_eq(record_of(batch, "c")->outcome, MEDTL_OUTCOME_ANALYSED);
    cr_assert_eq(again.count, 1);
    cr_assert_str_eq(again.reports[0].study, "1.2");
    cr_assert(medtl_batch_report_at(batch, 0)->already_there);
    cr_assert_str_eq(medtl_batch_report_at(batch, 0)->sop_instance_uid, m.sop);
    medtl_batch_destroy(batch);

    /* Another image makes another report: the study is not done. */
    add_object("d", &(raw_dicom){.study = "1.1", .sop = "1.1.3"});
    forget(&again);
    batch = batch_of_folder(pipeline);
    cr_assert_eq(medtl_batch_run(batch, &second, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_outcome_count(batch, MEDTL_OUTCOME_ALREADY_REPORTED), 0);
    cr_assert_eq(again.count, 2);
    medtl_batch_destroy(batch);
    forget(&k);
    forget(&again);
    medtl_pipeline_destroy(pipeline);
}
