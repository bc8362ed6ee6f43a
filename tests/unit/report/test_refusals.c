/* What cannot become a report is refused with a reason, and leaves nothing behind. */
#include "report_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static report_fixture fixture;

static void set_up(void) { fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 2); }
static void tear_down(void) { fixture_tear_down(&fixture); }

TestSuite(refusals, .init = set_up, .fini = tear_down);

static void assert_refused(medtl_status expected, const char *reason)
{
    medtl_error error = {MEDTL_OK, ""};
    medtl_report *report = (medtl_report *)&error; /* must become NULL */
    const medtl_status status = medtl_report_create(&fixture.request, &report, &error);

    cr_assert_eq(status, expected, "%s: %s", medtl_status_name(status), error.message);
    cr_assert_null(report);
    cr_assert_not_null(strstr(error.message, reason), "says '%s'", error.message);
}

Test(refusals, no_image)
{
    fixture.request.result_count = 0;
    assert_refused(MEDTL_E_ARGUMENT, "at least one image");
}

Test(refusals, the_same_frame_twice)
{
    fixture.results[1] = fixture.results[0];
    assert_refused(MEDTL_E_ARGUMENT, "twice");
}

Test(refusals, a_frame_that_is_not_there)
{
    fixture.results[1].frame = 1;
    assert_refused(MEDTL_E_ARGUMENT, "no frame 2");
}

Test(refusals, probabilities_that_are_none)
{
    static const float bad[] = {0.7f, 0.7f};

    fixture.results[1].probabilities = bad;
    assert_refused(MEDTL_E_ARGUMENT, "probabilities");
    fixture.results[1].probabilities = NULL;
    assert_refused(MEDTL_E_ARGUMENT, "probabilities");
}

Test(refusals, a_class_without_a_code)
{
    static const medtl_class classes[2] = {{.label = "a"},
                                           {.label = "b", .code = {"1", "SCT", "B"}}};

    fixture.task.classes = classes;
    assert_refused(MEDTL_E_ARGUMENT, "no code");
}

Test(refusals, a_profile_that_does_not_exist)
{
    fixture.request.profile = (medtl_report_profile)3;
    assert_refused(MEDTL_E_UNSUPPORTED, "no such report profile");
}

/* A Mammography CAD SR of a skin lesion would be false, whatever a validator says. */
Test(refusals, a_cad_report_of_anything_but_mammography)
{
    fixture.request.profile = MEDTL_PROFILE_CAD;
    strcpy(fixture.task.library_modality.value, "XC");
    assert_refused(MEDTL_E_UNSUPPORTED, "mammography");
    strcpy(fixture.task.library_modality.value, "MG");
    fixture.task.positive_class = -1;
    assert_refused(MEDTL_E_UNSUPPORTED, "mammography");
}

Test(refusals, an_outline_that_has_no_place)
{
    const medtl_point corners[] = {{1, 1}, {2, 2}, {NAN, 3}};

    fixture.results[1].outline = corners;
    fixture.results[1].outline_count = 3;
    assert_refused(MEDTL_E_ARGUMENT, "no number");
}

Test(refusals, a_time_that_is_none)
{
    fixture.request.content_date_time = "20261321000000";
    assert_refused(MEDTL_E_ARGUMENT, "content_date_time");
    fixture.request.content_date_time = "2026-11-21";
    assert_refused(MEDTL_E_ARGUMENT, "content_date_time");
}

Test(refusals, images_of_two_studies)
{
    const sample_image samples[] = {{.kind = SAMPLE_MAMMOGRAM, .study = "1.2.3.1"},
                                    {.kind = SAMPLE_MAMMOGRAM, .number = 1, .study = "1.2.3.2"}};

    fixture_tear_down(&fixture);
    fixture_set_up_samples(&fixture, samples, 2);
    assert_refused(MEDTL_E_ARGUMENT, "another study");
}

/* The message may be logged, so it must not quote the identifiers. */
Test(refusals, images_of_two_patients)
{
    const sample_image samples[] = {
        {.kind = SAMPLE_MAMMOGRAM, .patient_id = "SECRET-1"},
        {.kind = SAMPLE_MAMMOGRAM, .number = 1, .patient_id = "SECRET-2"}};
    medtl_error error = {MEDTL_OK, ""};
    medtl_report *report = NULL;

    fixture_tear_down(&fixture);
    fixture_set_up_samples(&fixture, samples, 2);
    assert_refused(MEDTL_E_ARGUMENT, "another patient");
    cr_assert(medtl_report_create(&fixture.request, &report, &error) != MEDTL_OK);
    cr_assert_null(strstr(error.message, "SECRET"));
}
