/* What cannot become a report is refused with a reason, and leaves nothing behind. */
#include "report_fixture.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
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

/* Two images of one study, and whether they may be of two patients. PS3.3 C.7.1.1: an ID is its issuer's. */
struct patient_case {
    char label[64];
    struct {
        char id[16], issuer[16], name[32], birth_date[16],
            character_set[16]; /* "": absent or empty */
    } images[2];
    bool same;
};

ParameterizedTestParameters(patients, are_one_only_if_all_that_identifies_them_agrees)
{
    static struct patient_case cases[] = {
        {"ID and issuer agree",
         {{"7", "A", "Doe^Jane", "19600102", ""}, {"7", "A", "Doe^Jane", "19600102", ""}},
         true},
        {"a corrected name",
         {{"7", "A", "Doe^Jane", "19600102", ""}, {"7", "A", "Roe^Jane", "19600102", ""}},
         true},
        {"a corrected name, no issuer",
         {{"7", "", "Doe^Jane", "19600102", ""}, {"7", "", "Roe^Jane", "19600102", ""}},
         true},
        {"spaces around an ID",
         {{"7", "A", "Doe^Jane", "19600102", ""}, {"7 ", "A ", "Doe^Jane", "19600102", ""}},
         true},
        {"two issuers",
         {{"7", "A", "Doe^Jane", "19600102", ""}, {"7", "B", "Doe^Jane", "19600102", ""}},
         false},
        {"two IDs",
         {{"7", "A", "Doe^Jane", "19600102", ""}, {"8", "A", "Doe^Jane", "19600102", ""}},
         false},
        {"one without an issuer",
         {{"7", "A", "Doe^Jane", "19600102", ""}, {"7", "", "Doe^Jane", "19600102", ""}},
         true},
        {"first without an issuer",
         {{"7", "", "Doe^Jane", "19600102", ""}, {"7", "A", "Doe^Jane^^", "19600102", ""}},
         true},
        {"no issuer, other name",
         {{"7", "A", "Doe^Jane", "19600102", ""}, {"7", "", "Roe^Jane", "19600102", ""}},
         false},
        {"no issuer, other birth date",
         {{"7", "A", "Doe^Jane", "19600102", ""}, {"7", "", "Doe^Jane", "19600103", ""}},
         false},
        {"no issuer, nobody named", {{"7", "A", "", "", ""}, {"7", "", "", "", ""}}, false},
        {"one without an ID",
         {{"7", "", "Doe^Jane", "19600102", ""}, {"", "", "Doe^Jane", "19600102", ""}},
         false},
        {"no ID, same person",
         {{"", "", "Doe^Jane", "19600102", ""}, {"", "", "Doe^Jane", "19600102", ""}},
         true},
        {"no ID, two names",
         {{"", "", "Doe^Jane", "19600102", ""}, {"", "", "Roe^Jane", "19600102", ""}},
         false},
        {"no ID, two birth dates",
         {{"", "", "Doe^Jane", "19600102", ""}, {"", "", "Doe^Jane", "19600103", ""}},
         false},
        {"no ID, one without a name",
         {{"", "", "Doe^Jane", "19600102", ""}, {"", "", "", "19600102", ""}},
         false},
        {"nobody named: a study is of one", {{"", "", "", "", ""}, {"", "", "", "", ""}}, true},
        {"one name in two character sets",
         {{"", "", "M\xfcller", "19600102", "ISO_IR 100"},
          {"", "", "M\xc3\xbcller", "19600102", "ISO_IR 192"}},
         true},
        {"two names that are no text",
         {{"", "", "M\xfcller", "19600102", ""}, {"", "", "M\xf6ller", "19600102", ""}},
         false},
    };
    return cr_make_param_array(struct patient_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct patient_case *c, patients, are_one_only_if_all_that_identifies_them_agrees)
{
    report_fixture pair;
    sample_image samples[2];
    medtl_error error = {MEDTL_OK, ""};
    medtl_report *report = NULL;
    medtl_status status;

    memset(samples, 0, sizeof samples);
    for (unsigned i = 0; i < 2; i++)
        samples[i] = (sample_image){
            .kind = SAMPLE_MAMMOGRAM,
            .number = i,
            .patient_id = c->images[i].id,
            .issuer = c->images[i].issuer[0] != '\0' ? c->images[i].issuer : NULL,
            .patient_name = c->images[i].name,
            .birth_date = c->images[i].birth_date,
            .character_set =
                c->images[i].character_set[0] != '\0' ? c->images[i].character_set : NULL};
    fixture_set_up_samples(&pair, samples, 2);
    status = medtl_report_create(&pair.request, &report, &error);
    cr_expect_eq(status, c->same ? MEDTL_OK : MEDTL_E_ARGUMENT, "%s: %s", c->label, error.message);
    if (!c->same)
        cr_expect_not_null(strstr(error.message, "another patient"), "says '%s'", error.message);
    medtl_report_destroy(report);

    /* An image without a result is left out of the report of another's. */
    pair.results[1].state = MEDTL_RESULT_FAILED;
    fixture_make(&pair);
    cr_expect_eq(sr_report_item_count(pair.content,
                                      "CurrentRequestedProcedureEvidenceSequence[0]."
                                      "ReferencedSeriesSequence[0].ReferencedSOPSequence"),
                 c->same ? 2 : 1, "%s: the image that failed", c->label);
    fixture_tear_down(&pair);
}
