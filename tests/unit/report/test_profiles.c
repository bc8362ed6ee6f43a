/* The same result in each profile: SOP classes and root templates of PS3.4 B.5 and PS3.16, structure as the
 * rows of TID 2000 and TID 4000 have it. */
#include "report_fixture.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

static report_fixture fixture;

static void tear_down(void) { fixture_tear_down(&fixture); }

TestSuite(profiles, .fini = tear_down);

static const char *value(const char *path) { return sr_report_attribute(fixture.content, path); }

static const sr_item *item(const char *concept, size_t n)
{
    const sr_item *found = fixture_item(&fixture, concept, "DCM", n);

    cr_assert_not_null(found, "no item %zu of (%s, DCM)", n, concept);
    return found;
}

struct profile_case {
    medtl_report_profile profile;
    char name[16], sop_class[40], root[16], template_id[8], instance_number[4];
};

ParameterizedTestParameters(profiles, are_what_their_readers_ask_for)
{
    static struct profile_case cases[] = {
        {0, "tid1500", "1.2.840.10008.5.1.4.1.1.88.33", "126000", "1500", "1"},
        {MEDTL_PROFILE_TID1500, "tid1500", "1.2.840.10008.5.1.4.1.1.88.33", "126000", "1500", "1"},
        {MEDTL_PROFILE_AIR, "air", "1.2.840.10008.5.1.4.1.1.88.34", "126000", "1500", "2"},
        {MEDTL_PROFILE_CAD, "cad", "1.2.840.10008.5.1.4.1.1.88.50", "111036", "4000", "3"},
        {MEDTL_PROFILE_TEXT, "text", "1.2.840.10008.5.1.4.1.1.88.11", "18748-4", "2000", "4"},
    };
    return cr_make_param_array(struct profile_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct profile_case *c, profiles, are_what_their_readers_ask_for)
{
    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 2);
    fixture.request.profile = c->profile;
    fixture_make(&fixture);
    cr_assert_str_eq(medtl_report_profile_name(c->profile), c->name);
    cr_assert_str_eq(value("SOPClassUID"), c->sop_class);
    cr_assert_str_eq(value("MediaStorageSOPClassUID"), c->sop_class);
    cr_assert_str_eq(value("InstanceNumber"), c->instance_number);
    cr_assert_str_eq(sr_report_items(fixture.content)[0].name.value, c->root);
    cr_assert_str_eq(sr_report_items(fixture.content)[0].template_id, c->template_id);
}

Test(profiles, share_a_series_and_differ_in_their_uid)
{
    static const medtl_report_profile all[] = {MEDTL_PROFILE_TID1500, MEDTL_PROFILE_AIR,
                                               MEDTL_PROFILE_CAD, MEDTL_PROFILE_TEXT};
    char series[MEDTL_UID_SIZE] = "", sop[4][MEDTL_UID_SIZE];

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    for (size_t i = 0; i < 4; i++) {
        fixture.request.profile = all[i];
        fixture_make(&fixture);
        strcpy(sop[i], fixture.report->sop_instance_uid);
        if (i == 0)
            strcpy(series, fixture.report->series_instance_uid);
        cr_assert_str_eq(fixture.report->series_instance_uid, series);
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(sop[i], sop[j]);
    }
}

/* Measurements and regions are the same; only the IOD differs. */
Test(profiles, air_has_the_content_of_tid1500)
{
    sr_report *other;
    const sr_item *a, *b;

    fixture_set_up(&fixture, SAMPLE_DERMOSCOPY, 2);
    fixture_make(&fixture);
    other = fixture.content;
    fixture.content = NULL;
    fixture.request.profile = MEDTL_PROFILE_AIR;
    fixture_make(&fixture);
    a = sr_report_items(other);
    b = sr_report_items(fixture.content);
    cr_assert_eq(sr_report_count(other), sr_report_count(fixture.content));
    for (size_t i = 0; i < sr_report_count(other); i++) {
        cr_assert_str_eq(a[i].name.value, b[i].name.value);
        if (strcmp(a[i].name.value, "112040") != 0) /* tracking UIDs are of one report */
            cr_assert_str_eq(a[i].text, b[i].text);
    }
    sr_report_destroy(other);
}

/* What a reader wants to know comes first; no item may be without a name, which crashes OHIF 3.13. */
Test(profiles, text_says_everything_in_sentences)
{
    const sr_item *items;

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 2);
    fixture.request.profile = MEDTL_PROFILE_TEXT;
    fixture_make(&fixture);
    items = sr_report_items(fixture.content);
    for (size_t i = 0; i < sr_report_count(fixture.content); i++)
        cr_assert_neq(items[i].name.value[0], '\0', "item %zu has no name", i);
    cr_assert_str_eq(item("121073", 0)->text, "2 images: 2 analysed, 2 with a finding.");
    cr_assert_str_eq(
        item("121071", 0)->text,
        "Image 1 R CC: finding above the operating point: Malignant 30.00 % (operating "
        "point 25.00 %).");
    cr_assert_str_eq(fixture_child(&fixture, item("121071", 1), 0)->type, "IMAGE");
    cr_assert_not_null(strstr(item("121111", 1)->text, "does not diagnose"));
    cr_assert_not_null(strstr(item("121111", 2)->text, "Unverified"));
    cr_assert_str_eq(item("121065", 1)->text, "model sha256: " SAMPLE_DIGEST_A);
}

/* TID 4000 rows 1 to 9; CID 6047 and 6042. */
Test(profiles, cad_has_a_finding_for_each_image_and_says_what_was_done)
{
    const sr_item *finding;

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 4);
    fixture.request.profile = MEDTL_PROFILE_CAD;
    fixture.task.exam = MEDTL_EXAM_MEAN;
    fixture_make(&fixture);
    cr_assert_str_eq(item("111017", 0)->code.value, "111242", "with findings");
    cr_assert_str_eq(item("111064", 0)->code.value, "111222", "detections succeeded");
    cr_assert_str_eq(item("111065", 0)->code.value, "111222", "analyses succeeded");
    cr_assert_not_null(item("111034", 1), "an impression for each breast");
    cr_assert_null(fixture_item(&fixture, "111034", "DCM", 2));
    for (size_t i = 0; i < 4; i++) {
        finding = item("111059", i);
        cr_assert_str_eq(finding->code.value, "111099", "a region: no kind of lesion is claimed");
        cr_assert_str_eq(fixture_child_named(&fixture, finding, "111056")->code.value, "111150");
        cr_assert_str_eq(fixture_child_named(&fixture, finding, "111012")->text, "30.00");
        cr_assert_eq(fixture_child_named(&fixture, finding, "111041")->point_count, 5, "closed");
        cr_assert_float_eq(fixture_child_named(&fixture, finding, "111010")->points[0],
                           SAMPLE_COLUMNS / 2, 1e-6f);
    }
}

Test(profiles, cad_keeps_what_is_below_the_operating_point_from_presentation)
{
    static const float low[] = {0.9f, 0.1f};

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture.results[0].probabilities = low;
    fixture.request.profile = MEDTL_PROFILE_CAD;
    fixture_make(&fixture);
    cr_assert_str_eq(item("111017", 0)->code.value, "111241", "without findings");
    cr_assert_str_eq(item("111056", 0)->code.value, "111152", "not for presentation");
    cr_assert_str_eq(item("111065", 0)->code.value, "111225",
                     "no result for the exam was asked for");
    cr_assert_not_null(strstr(item("111033", 0)->text, "no finding above the operating point"));
}
