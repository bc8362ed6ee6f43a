/* One exposure is analysed once; a study says whether it is complete; frames are chosen by the task. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define FOR_PROCESSING "1.2.840.10008.5.1.4.1.1.1.2.1"

TestSuite(exposures, .init = setup, .fini = teardown);

/* The gray task with an <images> element. */
static medtl_pipeline *pipeline_with(const char *images)
{
    char text[1024];

    snprintf(text, sizeof text, "</take>%s", images);
    write_task("10-gray.xml", "gray", false, "</take>", text);
    return load_pipeline();
}

static medtl_batch *run(const medtl_pipeline *pipeline, kept *k)
{
    medtl_batch *batch = batch_of_folder(pipeline);
    medtl_error err = {MEDTL_OK, ""};
    const medtl_batch_options options = {.threads = 2, .sink = keep, .sink_context = k};

    cr_assert_eq(medtl_batch_run(batch, &options, &err), MEDTL_OK, "%s", err.message);
    return batch;
}

static json_t *json_of(const medtl_batch *batch)
{
    char *text = NULL;
    json_t *root;

    cr_assert_eq(medtl_batch_json(batch, &text, NULL), MEDTL_OK);
    root = json_loads(text, 0, NULL);
    cr_assert_not_null(root);
    free(text);
    return root;
}

/* What becomes of a raw image beside one for presentation. */
static void check_pair(const char *images, raw_dicom shown, raw_dicom raw, bool both)
{
    medtl_pipeline *pipeline = pipeline_with(images);
    kept k = {.count = 0};
    medtl_batch *batch;
    const medtl_record *record;

    raw.sop = "1.2.3.4.5.9";
    raw.sop_class = FOR_PROCESSING;
    add_object("a-raw", &raw);
    add_object("shown", &shown);
    batch = run(pipeline, &k);
    cr_assert_eq(record_of(batch, "shown")->outcome, MEDTL_OUTCOME_ANALYSED);
    record = record_of(batch, "a-raw");
    cr_assert_eq(k.count, 1);
    if (both) {
        cr_expect_eq(record->outcome, MEDTL_OUTCOME_ANALYSED, "%s", record->reason);
        cr_expect_eq(k.reports[0].image_count, 2);
    } else {
        cr_expect_eq(record->outcome, MEDTL_OUTCOME_NOT_TAKEN);
        cr_expect_not_null(strstr(record->reason, "duplicate of"), "%s", record->reason);
        cr_expect_not_null(strstr(record->reason, "For Presentation"), "%s", record->reason);
        cr_expect_not_null(strstr(record->duplicate_of, "/shown"));
        cr_expect_eq(k.reports[0].image_count, 1);
    }
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

static const char presentation_first[] = "<images prefer=\"presentation\"/>";

Test(exposures, a_raw_image_gives_way_to_the_one_for_presentation)
{
    check_pair(presentation_first,
               (raw_dicom){.laterality = "L", .view = "CC", .acquired = "101500"},
               (raw_dicom){.laterality = "L", .view = "CC", .acquired = "101500.25"}, false);
}

Test(exposures, one_irradiation_event_is_one_exposure_whatever_the_clocks_say)
{
    check_pair(presentation_first,
               (raw_dicom){.laterality = "L", .view = "CC", .acquired = "101500", .event = "1.2.8"},
               (raw_dicom){.laterality = "L", .view = "CC", .acquired = "101501", .event = "1.2.8"},
               false);
}

Test(exposures, a_repeated_view_is_another_exposure)
{
    check_pair(presentation_first,
               (raw_dicom){.laterality = "L", .view = "CC", .acquired = "101500"},
               (raw_dicom){.laterality = "L", .view = "CC", .acquired = "101700"}, true);
}

Test(exposures, another_event_is_another_exposure)
{
    check_pair(presentation_first, (raw_dicom){.laterality = "L", .view = "CC", .event = "1.2.8"},
               (raw_dicom){.laterality = "L", .view = "CC", .event = "1.2.9"}, true);
}

Test(exposures, the_other_breast_is_another_exposure)
{
    check_pair(presentation_first,
               (raw_dicom){.laterality = "L", .view = "CC", .acquired = "101500"},
               (raw_dicom){.laterality = "R", .view = "CC", .acquired = "101500"}, true);
}

Test(exposures, images_that_do_not_say_their_view_are_both_analysed)
{
    check_pair(presentation_first, (raw_dicom){.acquired = "101500"},
               (raw_dicom){.acquired = "101500"}, true);
}

Test(exposures, a_task_without_a_preference_gets_both)
{
    check_pair("", (raw_dicom){.laterality = "L", .view = "CC"},
               (raw_dicom){.laterality = "L", .view = "CC"}, true);
}

Test(exposures, the_raw_image_steps_in_where_the_preferred_one_is_damaged)
{
    medtl_pipeline *pipeline = pipeline_with(presentation_first);
    kept k = {.count = 0};
    medtl_batch *batch;

    add_object("shown", &(raw_dicom){.laterality = "L", .view = "CC", .pixel_bytes = 100});
    add_object("raw", &(raw_dicom){.sop = "1.2.3.4.5.9",
                                   .sop_class = FOR_PROCESSING,
                                   .laterality = "L",
                                   .view = "CC"});
    batch = run(pipeline, &k);
    cr_expect_eq(record_of(batch, "shown")->outcome, MEDTL_OUTCOME_FAILED);
    cr_expect_eq(record_of(batch, "raw")->outcome, MEDTL_OUTCOME_ANALYSED);
    cr_expect_eq(k.reports[0].image_count, 1);
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

Test(exposures, a_study_names_the_views_it_lacks)
{
    medtl_pipeline *pipeline =
        pipeline_with("<images><expect laterality=\"R\" view=\"CC\"/><expect laterality=\"L\" "
                      "view=\"CC\"/></images>");
    kept k = {.count = 0};
    medtl_batch *batch;
    json_t *root, *study;

    add_object("one", &(raw_dicom){.laterality = "L", .view = "CC"});
    add_object("two", &(raw_dicom){.sop = "1.2.3.4.5.2", .laterality = "R", .view = "MLO"});
    add_object(
        "other study, left",
        &(raw_dicom){.sop = "1.2.3.4.6.1", .study = "1.2.4", .laterality = "L", .view = "CC"});
    add_object(
        "other study, right",
        &(raw_dicom){.sop = "1.2.3.4.6.2", .study = "1.2.4", .laterality = "R", .view = "CC"});
    batch = run(pipeline, &k);
    root = json_of(batch);
    cr_assert_eq(json_array_size(json_object_get(root, "studies")), 2);
    study = json_array_get(json_object_get(root, "studies"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(study, "study_instance_uid")), "1.2.3");
    cr_expect(json_is_false(json_object_get(study, "complete")));
    cr_assert_eq(json_array_size(json_object_get(study, "missing")), 1);
    cr_expect_str_eq(json_string_value(json_array_get(json_object_get(study, "missing"), 0)),
                     "R CC");
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(study, "views"), "L CC")), 1);
    study = json_array_get(json_object_get(root, "studies"), 1);
    cr_expect(json_is_true(json_object_get(study, "complete")));
    json_decref(root);
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

Test(exposures, every_frame_is_analysed_where_the_task_wants_all)
{
    medtl_pipeline *pipeline = pipeline_with("<images frames=\"all\"/>");
    kept k = {.count = 0};
    medtl_batch *batch;
    const medtl_record *record;
    json_t *root, *object;
    float highest = 0.0f;

    add_object("slices", &(raw_dicom){.frames = 4});
    batch = run(pipeline, &k);
    record = record_of(batch, "slices");
    cr_assert_eq(record->outcome, MEDTL_OUTCOME_ANALYSED, "%s", record->reason);
    cr_assert_eq(record->frame_count, 4);
    for (size_t i = 0; i < 4; i++) {
        cr_expect_eq(record->frames[i].frame, i);
        if (record->frames[i].probabilities[1] > highest)
            highest = record->frames[i].probabilities[1];
    }
    cr_expect_eq(record->probabilities[1], highest);
    cr_expect_eq(record->frames[record->frame].probabilities, record->probabilities);
    cr_expect_eq(k.reports[0].image_count, 1);
    cr_assert_neq(record->frame, 0, "another frame than the first speaks for this image");
    for (size_t i = 0; i < 4; i++) {
        char percent[16];

        snprintf(percent, sizeof percent, "%.2f",
                 100.0 * (double)record->frames[i].probabilities[1]);
        cr_expect_not_null(memmem(k.reports[0].bytes, k.reports[0].size, percent, strlen(percent)),
                           "the report has %s %% of frame %zu", percent, i + 1);
    }
    root = json_of(batch);
    object = json_array_get(json_object_get(root, "objects"), 0);
    cr_expect_eq(json_array_size(json_object_get(object, "frames")), 4);
    json_decref(root);
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

/* With one Study Instance UID two patients have neither an image nor an exposure in common. */
Test(exposures, another_patients_image_is_no_duplicate)
{
    medtl_pipeline *pipeline = pipeline_with(presentation_first);
    kept k = {.count = 0};
    medtl_batch *batch;

    add_object("a", &(raw_dicom){.laterality = "L", .view = "CC"});
    add_object("b", &(raw_dicom){.sop = "1.2.3.4.5.9",
                                 .sop_class = FOR_PROCESSING,
                                 .laterality = "L",
                                 .view = "CC",
                                 .patient = "SOMEBODY ELSE"});
    batch = run(pipeline, &k);
    cr_expect_eq(record_of(batch, "a")->outcome, MEDTL_OUTCOME_ANALYSED);
    cr_expect_eq(record_of(batch, "b")->outcome, MEDTL_OUTCOME_ANALYSED, "%s",
                 record_of(batch, "b")->reason);
    cr_expect_eq(k.count, 0, "no report is on two patients");
    cr_expect_neq(medtl_batch_report_at(batch, 0)->status, MEDTL_OK);
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

/* "z" is a true copy, behind two that only claim the same UID. */
Test(exposures, another_image_with_the_same_uid_is_named)
{
    medtl_pipeline *pipeline = pipeline_with(presentation_first);
    kept k = {.count = 0};
    medtl_batch *batch;

    add_object("a", &(raw_dicom){.laterality = "L", .view = "CC"});
    add_object("m", &(raw_dicom){.laterality = "L", .view = "CC", .patient = "SOMEBODY ELSE"});
    add_object("n", &(raw_dicom){.laterality = "R", .view = "CC"});
    add_object("raw", &(raw_dicom){.sop = "1.2.3.4.5.9",
                                   .sop_class = FOR_PROCESSING,
                                   .laterality = "R",
                                   .view = "CC"});
    add_object("z", &(raw_dicom){.laterality = "L", .view = "CC"});
    batch = run(pipeline, &k);
    cr_expect_eq(record_of(batch, "a")->outcome, MEDTL_OUTCOME_ANALYSED);
    for (int i = 0; i < 2; i++) {
        const medtl_record *record = record_of(batch, i == 0 ? "m" : "n");

        cr_expect_eq(record->outcome, MEDTL_OUTCOME_FAILED);
        cr_expect_not_null(strstr(record->reason, "another image than"), "%s", record->reason);
        cr_expect_not_null(strstr(record->reason, "/a, with the same SOP Instance UID"), "%s",
                           record->reason);
        cr_expect_null(strstr(record->reason, "SOMEBODY"));
    }
    cr_expect_eq(record_of(batch, "raw")->outcome, MEDTL_OUTCOME_ANALYSED,
                 "what it would be a duplicate of is not analysed: %s",
                 record_of(batch, "raw")->reason);
    cr_expect_eq(record_of(batch, "z")->outcome, MEDTL_OUTCOME_NOT_TAKEN);
    cr_expect_not_null(strstr(record_of(batch, "z")->reason, "the same SOP instance as"));
    cr_assert_eq(k.count, 1);
    cr_expect_eq(k.reports[0].image_count, 2);
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

Test(exposures, the_middle_frame_is_the_one_asked_for)
{
    medtl_pipeline *pipeline = pipeline_with("<images frames=\"middle\"/>");
    kept k = {.count = 0};
    medtl_batch *batch;

    add_object("slices", &(raw_dicom){.frames = 5});
    batch = run(pipeline, &k);
    cr_expect_eq(record_of(batch, "slices")->frame, 2);
    cr_expect_not_null(strstr(record_of(batch, "slices")->reason, "frame 3 of its 5"), "%s",
                       record_of(batch, "slices")->reason);
    medtl_batch_destroy(batch);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}
