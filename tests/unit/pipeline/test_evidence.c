/* Evidence on its way through a run: made where a task asks for it, handed over before the report that refers to it. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(evidence, .init = setup, .fini = teardown);

static void ask_for(const char *objects, const char *when)
{
    char element[192];

    (void)snprintf(element, sizeof element,
                   "</report><evidence objects=\"%s\" when=\"%s\" level=\"0.4\"/>", objects, when);
    write_task("10-gray.xml", "gray", false, "</report>", element);
}

static medtl_batch *run(const medtl_pipeline *pipeline, size_t threads, kept *k)
{
    medtl_batch *batch = batch_of_folder(pipeline);
    medtl_error err = {MEDTL_OK, ""};
    const medtl_batch_options options = {.threads = threads,
                                         .sink = k != NULL ? keep : NULL,
                                         .sink_context = k,
                                         .content_date_time = "20261122080000"};

    cr_assert_eq(medtl_batch_run(batch, &options, &err), MEDTL_OK, "%s", err.message);
    return batch;
}

static bool has(const kept_report *report, const char *words)
{
    return memmem(report->bytes, report->size, words, strlen(words)) != NULL;
}

Test(evidence, comes_before_the_report_which_refers_to_it)
{
    kept k = {.count = 0};
    medtl_pipeline *pipeline;
    medtl_batch *batch;
    const medtl_record *record;

    ask_for("outline secondary-capture segmentation", "always");
    pipeline = load_pipeline();
    add_object("a", &(raw_dicom){.seed = 1});
    batch = run(pipeline, 1, &k);
    record = record_of(batch, "a");
    cr_assert_eq(record->outcome, MEDTL_OUTCOME_ANALYSED, "%s", record->reason);
    cr_assert(record->evidence_count >= 1);
    cr_assert_eq(k.count, record->evidence_count + 1);
    for (size_t i = 0; i < record->evidence_count; i++) {
        cr_expect(k.reports[i].is_evidence);
        cr_expect_str_eq(k.reports[i].sop, record->evidence[i].sop_instance_uid);
        cr_expect_str_eq(k.reports[i].study, "1.2.3");
        cr_expect(has(&k.reports[i], "1.2.3.4.5.1"), "it does not name its image");
        cr_expect(has(&k.reports[k.count - 1], k.reports[i].sop), "the report does not name it");
    }
    cr_expect_not(k.reports[k.count - 1].is_evidence);
    cr_expect_eq(medtl_batch_report_count(batch), 1, "evidence is no report");
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

static const kept_report *find(const kept *k, const char *sop)
{
    for (size_t i = 0; i < k->count; i++)
        if (strcmp(k->reports[i].sop, sop) == 0)
            return &k->reports[i];
    return NULL;
}

Test(evidence, has_the_same_bytes_whatever_the_thread_count)
{
    kept one = {.count = 0}, three = {.count = 0};
    medtl_pipeline *pipeline;

    ask_for("secondary-capture segmentation", "always");
    pipeline = load_pipeline();
    add_object("a", &(raw_dicom){.sop = "1.2.3.4.5.1", .seed = 1});
    add_object("b", &(raw_dicom){.sop = "1.2.3.4.5.2", .seed = 2});
    add_object("c", &(raw_dicom){.sop = "1.2.3.4.5.3", .seed = 3});
    medtl_batch_destroy(run(pipeline, 1, &one));
    medtl_batch_destroy(run(pipeline, 3, &three));
    cr_assert(one.count >= 4 && one.count == three.count);
    for (size_t i = 0; i < one.count; i++) {
        const kept_report *other = find(&three, one.reports[i].sop);

        cr_assert_not_null(other);
        cr_assert_eq(other->size, one.reports[i].size);
        cr_expect_eq(memcmp(other->bytes, one.reports[i].bytes, other->size), 0);
    }
    forget(&one);
    forget(&three);
    medtl_pipeline_destroy(pipeline);
}

/* One more change to a task that was written: no probability is a finding any more. */
static void raise_threshold(void)
{
    static const char from[] = "threshold=\"0.01\"", to[] = "threshold=\"1.00\"";
    char text[8192];
    FILE *file = fopen(path_of("10-gray.xml"), "r+b");
    size_t size;
    char *at;

    cr_assert_not_null(file);
    size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    at = strstr(text, from);
    cr_assert_not_null(at);
    memcpy(at, to, sizeof to - 1);
    rewind(file);
    cr_assert_eq(fwrite(text, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

Test(evidence, is_made_for_findings_only_unless_always_is_said)
{
    static const struct {
        const char *when;
        bool finding;
        size_t objects;
    } cases[] = {{"finding", true, 2}, {"finding", false, 1}, {"always", false, 2}};

    add_object("a", &(raw_dicom){.seed = 1});
    for (size_t i = 0; i < 3; i++) {
        kept k = {.count = 0};
        medtl_pipeline *pipeline;

        ask_for("secondary-capture", cases[i].when);
        if (!cases[i].finding)
            raise_threshold();
        pipeline = load_pipeline();
        medtl_batch_destroy(run(pipeline, 1, &k));
        cr_expect_eq(k.count, cases[i].objects, "case %zu: %zu", i, k.count);
        forget(&k);
        medtl_pipeline_destroy(pipeline);
    }
}

Test(evidence, that_cannot_be_stored_fails_its_image)
{
    kept k = {.answer = MEDTL_E_IO};
    medtl_pipeline *pipeline;
    medtl_batch *batch;

    ask_for("secondary-capture", "always");
    pipeline = load_pipeline();
    add_object("a", &(raw_dicom){.seed = 1});
    batch = run(pipeline, 1, &k);
    cr_expect_eq(record_of(batch, "a")->outcome, MEDTL_OUTCOME_FAILED);
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

/* Takes reports alone. */
static medtl_status refuse_evidence(void *context, const medtl_batch_report *report,
                                    char location[MEDTL_LOCATION_SIZE], medtl_error *err)
{
    if (!report->is_evidence)
        return keep(context, report, location, err);
    cr_expect_str_eq(report->image_path, path_of("objects/a"));
    return medtl_fail(err, MEDTL_E_UNSUPPORTED, "not here");
}

Test(evidence, that_is_refused_is_missing_in_its_report_alone)
{
    kept k = {.count = 0};
    medtl_error err = {MEDTL_OK, ""};
    const medtl_batch_options options = {.sink = refuse_evidence, .sink_context = &k};
    medtl_pipeline *pipeline;
    medtl_batch *batch;

    ask_for("secondary-capture segmentation", "always");
    pipeline = load_pipeline();
    add_object("a", &(raw_dicom){.seed = 1});
    batch = batch_of_folder(pipeline);
    cr_assert_eq(medtl_batch_run(batch, &options, &err), MEDTL_OK, "%s", err.message);
    cr_expect_eq(record_of(batch, "a")->outcome, MEDTL_OUTCOME_ANALYSED);
    cr_expect_eq(record_of(batch, "a")->evidence_count, 0);
    cr_assert_eq(k.count, 1);
    cr_expect_eq(k.reports[0].image_count, 1);
    cr_expect_not(has(&k.reports[0], "1.2.840.10008.5.1.4.1.1.7"), "it names a Secondary Capture");
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

Test(evidence, is_not_made_where_nobody_takes_it)
{
    medtl_pipeline *pipeline;
    medtl_batch *batch;

    ask_for("secondary-capture segmentation", "always");
    pipeline = load_pipeline();
    add_object("a", &(raw_dicom){.seed = 1});
    batch = run(pipeline, 1, NULL);
    cr_expect_eq(record_of(batch, "a")->outcome, MEDTL_OUTCOME_ANALYSED);
    cr_expect_eq(record_of(batch, "a")->evidence_count, 0);
    medtl_batch_destroy(batch);
    medtl_pipeline_destroy(pipeline);
}
