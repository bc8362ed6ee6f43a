/* A rerun must replace its report; anything that changes the result must not. */
#include "report_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static report_fixture fixture;

static void set_up(void) { fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 3); }
static void tear_down(void) { fixture_tear_down(&fixture); }

TestSuite(identity, .init = set_up, .fini = tear_down);

static void uid_now(char uid[MEDTL_UID_SIZE])
{
    medtl_error error = {MEDTL_OK, ""};

    cr_assert(medtl_report_uid(&fixture.request, uid, &error) == MEDTL_OK, "%s", error.message);
}

Test(identity, the_same_request_gives_the_same_bytes)
{
    unsigned char *first;
    size_t size;

    fixture_make(&fixture);
    size = fixture.report->size;
    first = malloc(size);
    cr_assert_not_null(first);
    memcpy(first, fixture.report->bytes, size);
    fixture_make(&fixture);
    cr_assert_eq(fixture.report->size, size);
    cr_assert_arr_eq(fixture.report->bytes, first, size);
    free(first);
}

Test(identity, the_uid_is_known_before_the_report)
{
    char uid[MEDTL_UID_SIZE];

    for (size_t i = 0; i < fixture.request.result_count; i++)
        fixture.results[i].probabilities = NULL; /* not computed yet */
    uid_now(uid);
    fixture_tear_down(&fixture);
    set_up();
    fixture_make(&fixture);
    cr_assert_str_eq(fixture.report->sop_instance_uid, uid);
    cr_assert_str_eq(sr_report_attribute(fixture.content, "SOPInstanceUID"), uid);
    cr_assert_str_eq(sr_report_attribute(fixture.content, "MediaStorageSOPInstanceUID"), uid);
}

Test(identity, the_order_of_the_images_and_the_time_do_not_count)
{
    char one[MEDTL_UID_SIZE], other[MEDTL_UID_SIZE];
    const medtl_image_result first = fixture.results[0];

    uid_now(one);
    fixture.results[0] = fixture.results[2];
    fixture.results[2] = first;
    fixture.request.content_date_time = "20270101000000";
    uid_now(other);
    cr_assert_str_eq(one, other);
}

Test(identity, whatever_changes_the_result_changes_the_uid)
{
    char original[MEDTL_UID_SIZE], changed[MEDTL_UID_SIZE];

    uid_now(original);
    fixture.request.model_sha256 = SAMPLE_DIGEST_B;
    uid_now(changed);
    cr_assert_str_neq(original, changed, "another model");
    fixture.request.model_sha256 = SAMPLE_DIGEST_A;

    fixture.task.digest = SAMPLE_DIGEST_B;
    uid_now(changed);
    cr_assert_str_neq(original, changed, "another task");
    fixture.task.digest = SAMPLE_DIGEST_A;

    fixture.request.software_version = "9.8.8";
    uid_now(changed);
    cr_assert_str_neq(original, changed, "another version");
    fixture.request.software_version = "9.8.7";

    fixture.request.result_count = 2;
    uid_now(changed);
    cr_assert_str_neq(original, changed, "fewer images");
    fixture.request.result_count = 3;

    uid_now(changed);
    cr_assert_str_eq(original, changed, "all put back");
}

Test(identity, a_new_version_stays_in_the_series_and_a_new_model_opens_one)
{
    char series[MEDTL_UID_SIZE];

    fixture_make(&fixture);
    strcpy(series, fixture.report->series_instance_uid);
    cr_assert_str_eq(sr_report_attribute(fixture.content, "SeriesInstanceUID"), series);

    fixture.request.software_version = "9.8.8";
    fixture_make(&fixture);
    cr_assert_str_eq(fixture.report->series_instance_uid, series);

    fixture.request.model_sha256 = SAMPLE_DIGEST_B;
    fixture_make(&fixture);
    cr_assert_str_neq(fixture.report->series_instance_uid, series);
}

Test(identity, the_device_changes_with_the_model_only)
{
    char device[MEDTL_UID_SIZE];

    fixture_make(&fixture);
    snprintf(device, sizeof device, "%.64s", fixture_item(&fixture, "121012", "DCM", 0)->text);
    fixture.request.software_version = "9.8.8";
    fixture_make(&fixture);
    cr_assert_str_eq(fixture_item(&fixture, "121012", "DCM", 0)->text, device);
    fixture.request.model_sha256 = SAMPLE_DIGEST_B;
    fixture_make(&fixture);
    cr_assert_str_neq(fixture_item(&fixture, "121012", "DCM", 0)->text, device);
}

/* Read back by the product's own reader, as the pipeline meets it on the next run. */
Test(identity, a_report_is_known_as_ours_and_an_image_is_not)
{
    medtl_instance *instance = NULL;
    medtl_error error = {MEDTL_OK, ""};

    fixture_make(&fixture);
    cr_assert(medtl_instance_read_memory(fixture.report->bytes, fixture.report->size, "report",
                                         NULL, 0, &instance, &error) == MEDTL_OK,
              "%s", error.message);
    cr_assert(medtl_report_is_ours(instance));
    cr_assert_not(medtl_report_is_ours(fixture.instances[0]));
    medtl_instance_destroy(instance);
}
