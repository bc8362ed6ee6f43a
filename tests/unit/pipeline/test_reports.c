/* Which reports a study gets, and what they are told. */
#include "batch.h"
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(reports, .init = setup, .fini = teardown);

static medtl_batch *run(const medtl_pipeline *pipeline, kept *k)
{
    medtl_batch *batch = batch_of_folder(pipeline);
    medtl_error err = {MEDTL_OK, ""};
    const medtl_batch_options options = {.threads = 2, .sink = keep, .sink_context = k};

    cr_assert_eq(medtl_batch_run(batch, &options, &err), MEDTL_OK, "%s", err.message);
    return batch;
}

static bool has(const kept_report *report, const char *words)
{
    return memmem(report->bytes, report->size, words, strlen(words)) != NULL;
}

Test(reports, come_in_every_profile_that_the_task_names)
{
    static const char *const profiles[] = {"tid1500", "cad", "text"};
    kept k = {.count = 0};
    medtl_pipeline *pipeline;
    medtl_batch *batch;

    write_task("10-gray.xml", "gray", false, "\"tid1500\"", "\"text cad tid1500\"");
    pipeline = load_pipeline();
    add_object("a", &(raw_dicom){.seed = 1});
    batch = run(pipeline, &k);
    cr_assert_eq(k.count, 3);
    cr_assert_eq(medtl_batch_report_count(batch), 3);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_str_eq(medtl_batch_report_at(batch, i)->profile, profiles[i]);
        cr_assert_eq(medtl_batch_report_at(batch, i)->status, MEDTL_OK);
        cr_assert_eq(medtl_batch_report_at(batch, i)->image_count, 1);
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(k.reports[i].sop, k.reports[j].sop);
    }
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

Test(reports, tell_of_failed_and_of_ruled_out_images)
{
    kept k = {.count = 0};
    const medtl_report_record *record;
    medtl_pipeline *pipeline;
    medtl_batch *batch;

    write_task("10-gray.xml", "gray", false, "</none-of>",
               "</none-of><range attribute=\"Rows\" max=\"100\"/>");
    pipeline = load_pipeline();
    add_object("a", &(raw_dicom){.seed = 1});
    add_object("b", &(raw_dicom){.sop = "1.2.3.4.5.2", .pixel_bytes = 10});
    add_object("c", &(raw_dicom){.sop = "1.2.3.4.5.3", .rows = 200});
    add_object("d", &(raw_dicom){.sop = "1.2.3.4.5.4", .modality = "CT"});
    add_object("e", &(raw_dicom){.sop = "1.2.3.4.5.5", .no_pixels = true});
    batch = run(pipeline, &k);
    cr_assert_eq(k.count, 1);
    record = medtl_batch_report_at(batch, 0);
    cr_assert_eq(record->image_count, 1);
    cr_assert_eq(record->failed_count, 2);
    cr_assert_eq(record->ruled_out_count, 1, "the CT is none of a mammography task's business");
    cr_assert(has(&k.reports[0], "analysis failed: Objects incorrectly formatted"));
    cr_assert(has(&k.reports[0], "no Pixel Data"));
    cr_assert(has(&k.reports[0], "not analysed: No task takes such an image"));
    cr_assert(has(&k.reports[0], "1.2.3.4.5.3"));
    cr_assert_not(has(&k.reports[0], "1.2.3.4.5.4"));
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

/* Also from memory, where nothing can be read again. */
Test(reports, are_written_where_nothing_could_be_analysed)
{
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0};
    const medtl_batch_options options = {.sink = keep, .sink_context = &k};
    medtl_batch *batch = NULL;
    unsigned char *bytes;
    size_t size;

    raw_dicom_make(&(raw_dicom){.pixel_bytes = 10}, &bytes, &size);
    cr_assert_eq(medtl_batch_create(pipeline, &batch, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_add_memory(batch, bytes, size, "first", NULL), MEDTL_OK);
    free(bytes);
    raw_dicom_make(&(raw_dicom){.sop = "1.2.3.4.5.2", .no_pixels = true}, &bytes, &size);
    cr_assert_eq(medtl_batch_add_memory(batch, bytes, size, "second", NULL), MEDTL_OK);
    free(bytes);
    cr_assert_eq(medtl_batch_run(batch, &options, NULL), MEDTL_OK);
    cr_assert_eq(k.count, 1);
    cr_assert_eq(medtl_batch_report_at(batch, 0)->image_count, 0);
    cr_assert_eq(medtl_batch_report_at(batch, 0)->failed_count, 2);
    cr_assert(has(&k.reports[0], "111245"), "no algorithms succeeded (CID 6047)");
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

Test(reports, have_the_same_bytes_whenever_they_are_made)
{
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0}, again = {.count = 0};
    medtl_batch *batch, *rerun;

    add_object("a", &(raw_dicom){.seed = 1});
    add_object("b", &(raw_dicom){.sop = "1.2.3.4.5.2", .pixel_bytes = 10});
    batch = run(pipeline, &k);
    rerun = run(pipeline, &again);
    cr_assert_eq(k.reports[0].size, again.reports[0].size);
    cr_assert_eq(memcmp(k.reports[0].bytes, again.reports[0].bytes, k.reports[0].size), 0);
    medtl_batch_destroy(batch);
    medtl_batch_destroy(rerun);
    forget(&k);
    forget(&again);
    medtl_pipeline_destroy(pipeline);
}

Test(reports, of_a_new_model_name_the_earlier_ones_of_the_study)
{
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0}, newer = {.count = 0}, older = {.count = 0};
    medtl_batch *batch;

    add_object("a", &(raw_dicom){.seed = 1});
    add_object("b", &(raw_dicom){.study = "1.9", .sop = "1.9.1"});
    batch = run(pipeline, &k);
    medtl_batch_destroy(batch);
    medtl_pipeline_destroy(pipeline);
    cr_assert_eq(k.count, 2);
    for (size_t i = 0; i < 2; i++)
        add_bytes(i == 0 ? "report-0" : "report-1", k.reports[i].bytes, k.reports[i].size);

    write_model("10-gray.xml", 7, "gray.safetensors");
    pipeline = load_pipeline();
    batch = run(pipeline, &newer);
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 2; j++)
            cr_assert_eq(has(&newer.reports[i], k.reports[j].sop),
                         strcmp(newer.reports[i].study, k.reports[j].study) == 0);
    medtl_batch_destroy(batch);
    medtl_pipeline_destroy(pipeline);
    for (size_t i = 0; i < 2; i++)
        add_bytes(i == 0 ? "newer-0" : "newer-1", newer.reports[i].bytes, newer.reports[i].size);

    write_model("10-gray.xml", 1, "gray.safetensors"); /* the earlier model again */
    pipeline = load_pipeline();
    batch = run(pipeline, &older);
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 2; j++)
            cr_assert_not(has(&older.reports[i], newer.reports[j].sop),
                          "the later is no predecessor");
    medtl_batch_destroy(batch);
    medtl_pipeline_destroy(pipeline);
    forget(&k);
    forget(&newer);
    forget(&older);
}

static void give_one(void *context, const char *study, medtl_batch_give give, void *taker)
{
    (void)study;
    give(taker, context);
}

/* The report is larger than the image: between the two lies the limit. */
Test(reports, of_before_are_read_within_the_limits_of_the_reader)
{
    const char *const image = add_object("a", &(raw_dicom){.seed = 1, .rows = 16, .columns = 16});
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0};
    medtl_batch *batch = run(pipeline, &k);
    const char *const before = path_of("before.dcm");
    FILE *stream = fopen(before, "wb");
    medtl_limits limits;
    struct stat of_image;

    cr_assert_not_null(stream);
    cr_assert_eq(fwrite(k.reports[0].bytes, 1, k.reports[0].size, stream), k.reports[0].size);
    cr_assert_eq(fclose(stream), 0);
    cr_assert_eq(stat(image, &of_image), 0);
    cr_assert_lt((size_t)of_image.st_size, k.reports[0].size);
    medtl_batch_destroy(batch);
    medtl_pipeline_destroy(pipeline);
    write_model("10-gray.xml", 7, "gray.safetensors");
    medtl_limits_default(&limits);
    for (int limited = 0; limited < 2; limited++) {
        kept newer = {.count = 0};
        const medtl_reader_options reading = {.limits = &limits};
        const medtl_batch_options options = {.sink = keep,
                                             .sink_context = &newer,
                                             .earlier = give_one,
                                             .earlier_context = (void *)before};

        if (limited)
            limits.file_bytes = k.reports[0].size - 1;
        pipeline = load_pipeline();
        cr_assert_eq(medtl_pipeline_read_with(pipeline, &reading, NULL), MEDTL_OK);
        batch = batch_of_folder(pipeline);
        cr_assert_eq(medtl_batch_run(batch, &options, NULL), MEDTL_OK);
        cr_assert_eq(newer.count, 1);
        cr_expect_eq(has(&newer.reports[0], k.reports[0].sop), limited == 0);
        medtl_batch_destroy(batch);
        medtl_pipeline_destroy(pipeline);
        forget(&newer);
    }
    forget(&k);
}

static bool knows_cad(void *context, const char *study, const char *sop)
{
    (void)study;
    return strcmp(sop, context) == 0;
}

/* --resume: a study is skipped when all of its reports are there. */
Test(reports, are_made_again_until_all_profiles_are_there)
{
    kept k = {.count = 0}, again = {.count = 0};
    medtl_pipeline *pipeline;
    medtl_batch *batch;

    write_task("10-gray.xml", "gray", false, "\"tid1500\"", "\"tid1500 cad\"");
    pipeline = load_pipeline();
    add_object("a", &(raw_dicom){.seed = 1});
    batch = run(pipeline, &k);
    medtl_batch_destroy(batch);
    batch = batch_of_folder(pipeline);
    cr_assert_eq(medtl_batch_run(batch,
                                 &(medtl_batch_options){.sink = keep,
                                                        .sink_context = &again,
                                                        .known = knows_cad,
                                                        .known_context = k.reports[1].sop},
                                 NULL),
                 MEDTL_OK);
    cr_assert_eq(again.count, 2);
    cr_assert_not(medtl_batch_report_at(batch, 0)->already_there);
    medtl_batch_destroy(batch);
    forget(&k);
    forget(&again);
    medtl_pipeline_destroy(pipeline);
}

Test(reports, are_what_a_host_need_not_keep_other_objects_for)
{
    static const struct {
        raw_dicom object;
        bool wanted;
    } cases[] = {
        {{.modality = "MG"}, true}, {{.modality = "CT"}, false}, {{.modality = ""}, false}};
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0};
    medtl_instance *instance = NULL;
    medtl_batch *batch;
    unsigned char *bytes;
    size_t size;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        raw_dicom_make(&cases[i].object, &bytes, &size);
        cr_assert_eq(medtl_instance_read_memory(bytes, size, "one", NULL, 0, &instance, NULL),
                     MEDTL_OK);
        cr_assert_eq(medtl_pipeline_wants(pipeline, instance), cases[i].wanted, "case %zu", i);
        medtl_instance_destroy(instance);
        free(bytes);
    }
    add_object("a", &(raw_dicom){.seed = 1});
    batch = run(pipeline, &k);
    cr_assert_eq(medtl_instance_read_memory(k.reports[0].bytes, k.reports[0].size, "report", NULL,
                                            0, &instance, NULL),
                 MEDTL_OK);
    cr_assert(medtl_pipeline_wants(pipeline, instance), "an earlier report");
    medtl_instance_destroy(instance);
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

/* How explanations reach the report. */
Test(reports, carry_what_was_added_to_an_item)
{
    static const medtl_point outline[] = {{1, 2}, {30, 4}, {5, 36}};
    const medtl_evidence_object picture = {MEDTL_EVIDENCE_PICTURE, "1.2.840.10008.5.1.4.1.1.7",
                                           "2.25.101", "2.25.100"};
    const medtl_image_flag flag = {{"111210", "DCM", "Motion blur"}, NULL};
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0};
    const medtl_batch_options options = {.sink = keep, .sink_context = &k};
    medtl_batch *batch = NULL;
    unsigned char *bytes;
    size_t size;

    raw_dicom_make(&(raw_dicom){.seed = 1}, &bytes, &size);
    cr_assert_eq(medtl_batch_create(pipeline, &batch, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_add_memory(batch, bytes, size, "one", NULL), MEDTL_OK);
    free(bytes);
    cr_assert_eq(medtl_item_set_outline(batch->items[0], outline, 3, NULL), MEDTL_OK);
    cr_assert_eq(medtl_item_add_evidence(batch->items[0], &picture, NULL), MEDTL_OK);
    cr_assert_eq(medtl_item_add_flag(batch->items[0], &flag, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_run(batch, &options, NULL), MEDTL_OK);
    cr_assert(has(&k.reports[0], "2.25.101"));
    cr_assert(has(&k.reports[0], "note: Motion blur"));
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}
