/* Every object gets its one outcome. */
#include "batch.h"
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

TestSuite(batch, .init = setup, .fini = teardown);

static medtl_batch *run(const medtl_pipeline *pipeline, kept *k)
{
    medtl_batch *batch = batch_of_folder(pipeline);
    medtl_error err = {MEDTL_OK, ""};
    const medtl_batch_options options = {.threads = 2, .sink = keep, .sink_context = k};

    cr_assert_eq(medtl_batch_run(batch, &options, &err), MEDTL_OK, "%s", err.message);
    return batch;
}

static void expect(const medtl_record *record, medtl_outcome outcome, medtl_status status,
                   const char *words)
{
    cr_assert_eq(record->outcome, outcome, "%s: %s: %s", record->path,
                 medtl_outcome_name(record->outcome), record->reason);
    cr_assert_eq(record->status, status, "%s: %s", record->path, medtl_status_name(record->status));
    cr_assert_not_null(strstr(record->reason, words), "%s: expected '%s' in '%s'", record->path,
                       words, record->reason);
    cr_assert_null(strstr(record->reason, record->path), "the path stands in the reason too");
    if (outcome != MEDTL_OUTCOME_ANALYSED) {
        cr_assert_null(record->probabilities);
        cr_assert_eq(record->predicted_class, -1);
    }
}

Test(batch, analyses_what_tasks_take_and_accounts_for_the_rest)
{
    static const char text[] = "not DICOM at all";
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0};
    medtl_batch *batch;
    const medtl_record *record;

    add_object("a", &(raw_dicom){.seed = 1});
    add_object("b", &(raw_dicom){.sop = "1.2.3.4.5.2", .samples = 3, .modality = "XC"});
    add_object("c", &(raw_dicom){.sop = "1.2.3.4.5.3", .modality = "CT"});
    add_object("d", &(raw_dicom){.sop = "1.2.3.4.5.4", .no_pixels = true});
    add_object("e", &(raw_dicom){.sop = "1.2.3.4.5.5", .transfer_syntax = "1.2.3.4.5.6.7.8"});
    add_object("f", &(raw_dicom){.sop = "1.2.3.4.5.6", .frames = 3});
    add_object("g", &(raw_dicom){.sop = "1.2.3.4.5.7", .pixel_bytes = 100});
    add_object("h", &(raw_dicom){.sop = "1.2.X.4"});
    add_bytes("notes.txt", text, sizeof text - 1);
    add_bytes("empty", "", 0);
    batch = run(pipeline, &k);

    cr_assert_eq(medtl_batch_record_count(batch), 10);
    record = record_of(batch, "a");
    expect(record, MEDTL_OUTCOME_ANALYSED, MEDTL_OK, "");
    cr_assert_str_eq(record->task->name, "gray");
    cr_assert_str_eq(record->sop_instance_uid, "1.2.3.4.5.1");
    cr_assert_str_eq(record->study_instance_uid, "1.2.3");
    cr_assert_str_eq(record->modality, "MG");
    cr_assert_float_eq(record->probabilities[0] + record->probabilities[1], 1.0f, 1e-6f);
    cr_assert_eq(record->predicted_class, 1, "the positive class reaches its low threshold");
    cr_assert(record->above_threshold);
    cr_assert_str_eq(record_of(batch, "b")->task->name, "colour");
    expect(record_of(batch, "b"), MEDTL_OUTCOME_ANALYSED, MEDTL_OK, "");
    expect(record_of(batch, "c"), MEDTL_OUTCOME_NOT_TAKEN, MEDTL_OK,
           "gray: Modality is not MG (it is CT)");
    expect(record_of(batch, "d"), MEDTL_OUTCOME_FAILED, MEDTL_E_FORMAT, "no Pixel Data");
    expect(record_of(batch, "e"), MEDTL_OUTCOME_FAILED, MEDTL_E_UNSUPPORTED, "1.2.3.4.5.6.7.8");
    expect(record_of(batch, "f"), MEDTL_OUTCOME_ANALYSED, MEDTL_OK, "the first of its 3 frames");
    expect(record_of(batch, "g"), MEDTL_OUTCOME_FAILED, MEDTL_E_FORMAT, "");
    expect(record_of(batch, "h"), MEDTL_OUTCOME_FAILED, MEDTL_E_FORMAT, "(0008,0018)");
    expect(record_of(batch, "notes.txt"), MEDTL_OUTCOME_IGNORED, MEDTL_E_NOT_DICOM, "");
    expect(record_of(batch, "empty"), MEDTL_OUTCOME_IGNORED, MEDTL_E_NOT_DICOM, "");
    cr_assert_eq(medtl_batch_outcome_count(batch, MEDTL_OUTCOME_FAILED), 4);
    cr_assert_eq(medtl_batch_outcome_count(batch, MEDTL_OUTCOME_ANALYSED), 3);
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

Test(batch, hands_over_one_report_for_each_study_and_task)
{
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0};
    medtl_batch *batch;

    add_object("1", &(raw_dicom){.study = "1.9", .sop = "1.9.1"});
    add_object("2", &(raw_dicom){.study = "1.8", .sop = "1.8.1"});
    add_object("3", &(raw_dicom){.study = "1.9", .sop = "1.9.2", .samples = 3});
    add_object("4", &(raw_dicom){.study = "1.9", .sop = "1.9.3"});
    add_object("5", &(raw_dicom){.study = "1.7", .sop = "1.7.1", .modality = "CT"});
    batch = run(pipeline, &k);

    cr_assert_eq(k.count, 3);
    cr_assert_eq(medtl_batch_report_count(batch), 3);
    cr_assert_str_eq(medtl_batch_report_at(batch, 0)->study_instance_uid, "1.9");
    cr_assert_str_eq(medtl_batch_report_at(batch, 0)->task->name, "gray");
    cr_assert_eq(medtl_batch_report_at(batch, 0)->image_count, 2);
    cr_assert_str_eq(medtl_batch_report_at(batch, 1)->study_instance_uid, "1.9");
    cr_assert_str_eq(medtl_batch_report_at(batch, 1)->task->name, "colour");
    cr_assert_str_eq(medtl_batch_report_at(batch, 2)->study_instance_uid, "1.8");
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(medtl_batch_report_at(batch, i)->status, MEDTL_OK);
        cr_assert_eq(strncmp(medtl_batch_report_at(batch, i)->location, "kept:", 5), 0);
    }
    cr_assert_null(medtl_batch_report_at(batch, 3));
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

Test(batch, analyses_copies_of_an_object_once)
{
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0};
    medtl_batch *batch;

    add_object("a", &(raw_dicom){.seed = 1});
    add_object("b", &(raw_dicom){.seed = 1});
    add_object("c", &(raw_dicom){.seed = 1, .study = "1.4"});
    batch = run(pipeline, &k);
    expect(record_of(batch, "a"), MEDTL_OUTCOME_ANALYSED, MEDTL_OK, "");
    expect(record_of(batch, "b"), MEDTL_OUTCOME_NOT_TAKEN, MEDTL_OK, "the same SOP instance as ");
    expect(record_of(batch, "c"), MEDTL_OUTCOME_ANALYSED, MEDTL_OK, "");
    cr_assert_eq(k.count, 2);
    cr_assert_eq(k.reports[0].image_count, 1);
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

/* A damaged copy must not hide a good one. */
Test(batch, takes_the_next_copy_where_one_cannot_be_read)
{
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0};
    medtl_batch *batch;

    add_object("a", &(raw_dicom){.pixel_bytes = 10});
    add_object("b", &(raw_dicom){.seed = 1});
    add_object("c", &(raw_dicom){.seed = 1});
    batch = run(pipeline, &k);
    expect(record_of(batch, "a"), MEDTL_OUTCOME_FAILED, MEDTL_E_FORMAT, "");
    expect(record_of(batch, "b"), MEDTL_OUTCOME_ANALYSED, MEDTL_OK, "");
    expect(record_of(batch, "c"), MEDTL_OUTCOME_NOT_TAKEN, MEDTL_OK, "the same SOP instance as ");
    cr_assert_eq(k.count, 1);
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

Test(batch, never_analyses_its_own_reports)
{
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0}, again = {.count = 0};
    medtl_batch *batch;

    add_object("a", &(raw_dicom){.seed = 1});
    batch = run(pipeline, &k);
    medtl_batch_destroy(batch);
    cr_assert_eq(k.count, 1);
    add_bytes("report", k.reports[0].bytes, k.reports[0].size);
    batch = run(pipeline, &again);
    expect(record_of(batch, "report"), MEDTL_OUTCOME_NOT_TAKEN, MEDTL_OK,
           "a report that medtl wrote");
    cr_assert_eq(again.count, 1);
    cr_assert_str_eq(again.reports[0].sop, k.reports[0].sop, "a rerun gives the same report");
    medtl_batch_destroy(batch);
    forget(&k);
    forget(&again);
    medtl_pipeline_destroy(pipeline);
}

Test(batch, takes_objects_from_memory)
{
    static const unsigned char garbage[] = "garbage";
    medtl_pipeline *pipeline = load_pipeline();
    medtl_batch *batch = NULL;
    unsigned char *bytes;
    size_t size;
    kept k = {.count = 0};
    const medtl_batch_options options = {.sink = keep, .sink_context = &k};

    raw_dicom_make(&(raw_dicom){.seed = 2}, &bytes, &size);
    cr_assert_eq(medtl_batch_create(pipeline, &batch, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_add_memory(batch, bytes, size, "first", NULL), MEDTL_OK);
    memset(bytes, 0, size); /* the batch has a copy */
    free(bytes);
    cr_assert_eq(medtl_batch_add_memory(batch, garbage, sizeof garbage, "second", NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_add_memory(batch, NULL, 0, "third", NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_add_memory(batch, NULL, 0, NULL, NULL), MEDTL_E_ARGUMENT);
    cr_assert_eq(medtl_batch_run(batch, &options, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_record_count(batch), 3);
    expect(record_of(batch, "first"), MEDTL_OUTCOME_ANALYSED, MEDTL_OK, "");
    expect(record_of(batch, "second"), MEDTL_OUTCOME_IGNORED, MEDTL_E_NOT_DICOM, "");
    expect(record_of(batch, "third"), MEDTL_OUTCOME_IGNORED, MEDTL_E_NOT_DICOM, "");
    cr_assert_eq(k.count, 1);
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

Test(batch, names_a_path_that_is_not_there)
{
    medtl_pipeline *pipeline = load_pipeline();
    medtl_batch *batch = NULL;

    cr_assert_eq(medtl_batch_create(pipeline, &batch, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_add_path(batch, "/nowhere/at/all", NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_run(batch, NULL, NULL), MEDTL_OK);
    expect(medtl_batch_record(batch, 0), MEDTL_OUTCOME_FAILED, MEDTL_E_IO, "");
    medtl_batch_destroy(batch);
    medtl_pipeline_destroy(pipeline);
}

/* Messages have 400 bytes, paths may have more. */
Test(batch, gives_a_reason_whatever_the_length_of_the_path)
{
    medtl_pipeline *pipeline = load_pipeline();
    medtl_batch *batch = NULL;
    char name[201], relative[700] = "objects", path[1024];

    memset(name, 'n', 200);
    name[200] = '\0';
    for (int i = 0; i < 2; i++) {
        strcat(strcat(relative, "/"), name);
        cr_assert_eq(mkdir(path_of(relative), 0755), 0);
    }
    snprintf(path, sizeof path, "%s/empty", path_of(relative));
    fclose(fopen(path, "wb"));
    cr_assert_eq(medtl_batch_create(pipeline, &batch, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_add_path(batch, path, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_run(batch, NULL, NULL), MEDTL_OK);
    cr_assert_str_eq(medtl_batch_record(batch, 0)->path, path);
    cr_assert_neq(medtl_batch_record(batch, 0)->reason[0], '\0');
    cr_assert_null(strstr(medtl_batch_record(batch, 0)->reason, "nnn"));
    medtl_batch_destroy(batch);
    medtl_pipeline_destroy(pipeline);
}

Test(batch, runs_once)
{
    medtl_pipeline *pipeline = load_pipeline();
    medtl_batch *batch = batch_of_folder(pipeline);

    cr_assert_eq(medtl_batch_run(batch, NULL, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_run(batch, NULL, NULL), MEDTL_E_ARGUMENT);
    medtl_batch_destroy(batch);
    medtl_batch_destroy(NULL);
    medtl_pipeline_destroy(pipeline);
}

/* Headers are dropped where there are many, and read again; nothing may differ but memory. */
Test(batch, gives_the_same_when_headers_are_read_again)
{
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0}, again = {.count = 0};
    medtl_batch *batch, *lean;
    const medtl_batch_options options = {
        .sink = keep, .sink_context = &again, .content_date_time = "20260102030405"};

    add_object("a", &(raw_dicom){.seed = 1});
    add_object("b", &(raw_dicom){.sop = "1.2.3.4.5.2", .seed = 2});
    batch = run(pipeline, &k);
    lean = batch_of_folder(pipeline);
    lean->header_limit = 0;
    cr_assert_eq(medtl_batch_run(lean, &options, NULL), MEDTL_OK);
    cr_assert_eq(again.count, 1);
    cr_assert_str_eq(again.reports[0].sop, k.reports[0].sop);
    cr_assert_eq(memcmp(record_of(batch, "b")->probabilities, record_of(lean, "b")->probabilities,
                        2 * sizeof(float)),
                 0);
    medtl_batch_destroy(batch);
    medtl_batch_destroy(lean);
    forget(&k);
    forget(&again);
    medtl_pipeline_destroy(pipeline);
}

static long peak_kilobytes(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* Each image has 6 MB of pixels; sixteen may not need much more memory than one. */
Test(batch, memory_does_not_grow_with_the_pixels)
{
    const medtl_batch_options one_thread = {.threads = 1};
    medtl_pipeline *pipeline;
    medtl_batch *one = NULL, *all;
    long before;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    teardown(); /* a skipped test has no .fini */
    cr_skip("a sanitizer keeps freed memory for a while");
#endif
    pipeline = load_pipeline();
    for (unsigned i = 0; i < 16; i++) {
        char name[16], sop[32];

        snprintf(name, sizeof name, "%02u", i);
        snprintf(sop, sizeof sop, "1.2.3.4.5.%u", i + 1);
        add_object(name, &(raw_dicom){.sop = sop, .rows = 2000, .columns = 1500, .seed = i});
    }
    cr_assert_eq(medtl_batch_create(pipeline, &one, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_add_path(one, path_of("objects/00"), NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_run(one, &one_thread, NULL), MEDTL_OK);
    before = peak_kilobytes();
    all = batch_of_folder(pipeline);
    cr_assert_eq(medtl_batch_run(all, &one_thread, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_outcome_count(all, MEDTL_OUTCOME_ANALYSED), 16);
    cr_assert_lt(peak_kilobytes() - before, 12 * 1024, "grew by %ld KB", peak_kilobytes() - before);
    medtl_batch_destroy(one);
    medtl_batch_destroy(all);
    medtl_pipeline_destroy(pipeline);
}
