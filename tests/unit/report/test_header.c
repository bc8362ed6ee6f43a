/* What stands outside the content tree: PS3.3 A.35.3, C.17.1, C.17.2, C.7.5.1, C.12.1. */
#include "report_fixture.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

static report_fixture fixture;

static void tear_down(void) { fixture_tear_down(&fixture); }

TestSuite(header, .fini = tear_down);

static const char *value(const char *path) { return sr_report_attribute(fixture.content, path); }

struct name_case {
    char label[64];
    char character_set[40]; /* "": absent */
    char name[128];         /* as bytes */
};

ParameterizedTestParameters(header, keeps_names_byte_for_byte)
{
    static struct name_case cases[] = {
        {"default repertoire", "", "Doe^Jane^^Dr"},
        {"Latin-1", "ISO_IR 100", "M\xfcller^J\xfcrgen"},
        {"UTF-8", "ISO_IR 192", "Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1"},
        {"Japanese, PS3.5 H.3.1", "\\ISO 2022 IR 87",
         "Yamada^Tarou=\033$B;3ED\033(B^\033$BB@O:\033(B=\033$B$d$^$@\033(B^\033$B$?$m$&\033(B"},
        {"Japanese, PS3.5 H.3.2", "ISO 2022 IR 13\\ISO 2022 IR 87",
         "\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\033$B;3ED\033(J^\033$BB@O:\033(J=\033$B$d$^$@\033(J^\033$"
         "B$?$m$&\033(J"},
        {"Korean, PS3.5 I.2", "\\ISO 2022 IR 149",
         "Hong^Gildong=\033$)C\xfb\xf3^\033$)C\xd1\xce\xd4\xd7=\033$)C\xc8\xab^\033$)"
         "C\xb1\xe6\xb5\xbf"},
        {"bytes that their character set lacks", "", "M\xfcller^J\xfcrgen"},
    };
    return cr_make_param_array(struct name_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct name_case *c, header, keeps_names_byte_for_byte)
{
    const sample_image sample = {.kind = SAMPLE_MAMMOGRAM,
                                 .patient_name = c->name,
                                 .character_set =
                                     c->character_set[0] != '\0' ? c->character_set : NULL};

    fixture_set_up_samples(&fixture, &sample, 1);
    fixture_make(&fixture);
    cr_assert_str_eq(value("PatientName"), c->name, "%s", c->label);
    cr_assert_str_eq(value("ReferringPhysicianName"), c->name, "%s", c->label);
    if (c->character_set[0] != '\0')
        cr_assert_str_eq(value("SpecificCharacterSet"), c->character_set);
    else
        cr_assert_null(value("SpecificCharacterSet"));
}

struct attribute_case {
    char path[96];
    char expected[80];
};

ParameterizedTestParameters(header, says_what_was_asked)
{
    static struct attribute_case cases[] = {
        {"SOPClassUID", "1.2.840.10008.5.1.4.1.1.88.33"},
        {"Modality", "SR"},
        {"InstanceNumber", "1"},
        {"SeriesNumber", "901"},
        {"SeriesDescription", "Mammography classification"},
        {"CompletionFlag", "COMPLETE"},
        {"VerificationFlag", "UNVERIFIED"},
        {"PreliminaryFlag", "PRELIMINARY"},
        {"ContentDate", "20261121"},
        {"ContentTime", "131415"},
        {"InstanceCreationDate", "20261121"},
        {"InstanceCreationTime", "131415"},
        {"Manufacturer", "medtl"},
        {"ManufacturerModelName", "medtl"},
        {"SoftwareVersions", "9.8.7"},
        {"PatientID", "ID-1"},
        {"PatientBirthDate", "19600102"},
        {"PatientSex", "F"},
        {"StudyInstanceUID", "1.2.3.10"},
        {"StudyDate", "20261101"},
        {"StudyTime", "101112"},
        {"StudyID", "S1"},
        {"AccessionNumber", "A-1"},
        {"StudyDescription", "Sample study"},
        {"TransferSyntaxUID", "1.2.840.10008.1.2.1"},
        {"MediaStorageSOPClassUID", "1.2.840.10008.5.1.4.1.1.88.33"},
        {"ImplementationVersionName", "MEDTL_9.8.7"},
        {"ContributingEquipmentSequence[0].Manufacturer", "medtl"},
        {"ContributingEquipmentSequence[0].SoftwareVersions", "9.8.7"},
        {"ContributingEquipmentSequence[0].PurposeOfReferenceCodeSequence[0].CodeValue", "109102"},
        {"CodingSchemeIdentificationSequence[0].CodingSchemeDesignator", "99MEDTL"},
    };
    return cr_make_param_array(struct attribute_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct attribute_case *c, header, says_what_was_asked)
{
    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture_make(&fixture);
    cr_assert_not_null(value(c->path), "%s is absent", c->path);
    cr_assert_str_eq(value(c->path), c->expected, "%s", c->path);
}

/* Type 2: present, and empty where the images say nothing. */
Test(header, has_every_type_2_attribute_of_a_sparse_study)
{
    static const char *const type2[] = {
        "PatientName", "PatientBirthDate", "PatientSex",      "StudyDate",
        "StudyTime",   "StudyID",          "AccessionNumber", "ReferringPhysicianName"};
    const sample_image sample = {.kind = SAMPLE_DERMOSCOPY, .sparse = true};

    fixture_set_up_samples(&fixture, &sample, 1);
    fixture_make(&fixture);
    for (size_t i = 0; i < sizeof type2 / sizeof type2[0]; i++) {
        cr_assert_not_null(value(type2[i]), "%s is absent", type2[i]);
        cr_assert_str_eq(value(type2[i]), "", "%s", type2[i]);
    }
    cr_assert_eq(sr_report_item_count(fixture.content, "ReferencedPerformedProcedureStepSequence"),
                 0);
    cr_assert_eq(sr_report_item_count(fixture.content, "PerformedProcedureCodeSequence"), 0);
    cr_assert_eq(sr_report_item_count(fixture.content, "ReferencedRequestSequence"), -1,
                 "there was no request");
}

Test(header, lists_each_image_once_as_evidence_by_series)
{
    const sample_image samples[] = {
        {.kind = SAMPLE_MAMMOGRAM, .number = 0, .series = "1.2.3.100"},
        {.kind = SAMPLE_MAMMOGRAM, .number = 1, .series = "1.2.3.200"},
        {.kind = SAMPLE_MAMMOGRAM, .number = 2, .series = "1.2.3.100"},
    };

#define SERIES "CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence"
    fixture_set_up_samples(&fixture, samples, 3);
    fixture_make(&fixture);
    cr_assert_eq(sr_report_item_count(fixture.content, "CurrentRequestedProcedureEvidenceSequence"),
                 1);
    cr_assert_eq(sr_report_item_count(fixture.content, SERIES), 2);
    cr_assert_eq(sr_report_item_count(fixture.content, SERIES "[0].ReferencedSOPSequence"), 2);
    cr_assert_eq(sr_report_item_count(fixture.content, SERIES "[1].ReferencedSOPSequence"), 1);
    cr_assert_str_eq(value(SERIES "[0].SeriesInstanceUID"), "1.2.3.100");
    cr_assert_str_eq(value(SERIES "[1].SeriesInstanceUID"), "1.2.3.200");
    cr_assert_str_eq(value(SERIES "[1].ReferencedSOPSequence[0].ReferencedSOPInstanceUID"),
                     "1.2.3.11.2.0");
#undef SERIES
}

Test(header, lists_a_multi_frame_image_once_as_evidence)
{
    const sample_image sample = {.kind = SAMPLE_DERMOSCOPY, .frames = 3};

    fixture_set_up_samples(&fixture, &sample, 1);
    for (uint32_t i = 1; i < 3; i++) {
        fixture.results[i] = fixture.results[0];
        fixture.results[i].frame = i;
    }
    fixture.request.result_count = 3;
    fixture_make(&fixture);
    cr_assert_eq(sr_report_item_count(fixture.content,
                                      "CurrentRequestedProcedureEvidenceSequence[0]."
                                      "ReferencedSeriesSequence[0].ReferencedSOPSequence"),
                 1);
}

Test(header, repeats_the_request_behind_the_images_once)
{
    sample_image samples[3];

    memset(samples, 0, sizeof samples);
    for (unsigned i = 0; i < 3; i++)
        samples[i] = (sample_image){.kind = SAMPLE_MAMMOGRAM, .number = i, .with_request = i > 0};
    fixture_set_up_samples(&fixture, samples, 3);
    fixture_make(&fixture);
    cr_assert_eq(sr_report_item_count(fixture.content, "ReferencedRequestSequence"), 1);
    cr_assert_str_eq(value("ReferencedRequestSequence[0].RequestedProcedureID"), "RP-1");
    cr_assert_str_eq(value("ReferencedRequestSequence[0].AccessionNumber"), "A-1");
    cr_assert_str_eq(value("ReferencedRequestSequence[0].StudyInstanceUID"), "1.2.3.10");
    cr_assert_str_eq(value("ReferencedRequestSequence[0].RequestedProcedureDescription"),
                     "Screening");
    cr_assert_str_eq(value("ReferencedRequestSequence[0].PlacerOrderNumberImagingServiceRequest"),
                     "");
}

/* An order without a number of its own has the image's (PS3.3 C.17.2 asks for one). */
Test(header, lists_orders_that_differ_in_the_images_number_alone)
{
    sample_image samples[3];

    memset(samples, 0, sizeof samples);
    for (unsigned i = 0; i < 3; i++)
        samples[i] = (sample_image){.kind = SAMPLE_MAMMOGRAM,
                                    .number = i,
                                    .with_request = true,
                                    .accession = i == 1 ? "A-2" : "A-1"};
    fixture_set_up_samples(&fixture, samples, 3);
    fixture_make(&fixture);
    cr_assert_eq(sr_report_item_count(fixture.content, "ReferencedRequestSequence"), 2);
    cr_assert_str_eq(value("ReferencedRequestSequence[0].AccessionNumber"), "A-1");
    cr_assert_str_eq(value("ReferencedRequestSequence[1].AccessionNumber"), "A-2");
}

/* The report's character set is its first image's; only the second image has a request. */
struct request_case {
    char report_set[40], image_set[40]; /* "": absent */
    char procedure[48], expected[48];   /* as bytes */
    int codes;
};

ParameterizedTestParameters(header, repeats_a_request_in_the_character_set_of_the_report)
{
    static struct request_case cases[] = {
        {"ISO_IR 192", "ISO_IR 100", "Fr\xfcherkennung", "Fr\xc3\xbcherkennung", 1},
        {"ISO_IR 100", "ISO_IR 192", "Fr\xc3\xbcherkennung", "Fr\xfcherkennung", 1},
        {"ISO_IR 192", "ISO_IR 144", "\xc0\xd5\xdd\xe2", "\xd0\xa0\xd0\xb5\xd0\xbd\xd1\x82", 1},
        {"ISO_IR 100", "ISO_IR 100", "Fr\xfcherkennung", "Fr\xfcherkennung", 1},
        {"", "", "Fr\xfcherkennung", "Fr\xfcherkennung", 1}, /* wrong as it is in the image */
        {"\\ISO 2022 IR 87", "ISO_IR 192", "Screening", "Screening", 1},
        {"", "ISO_IR 100", "Fr\xfcherkennung", "", 0},
        {"ISO_IR 100", "ISO_IR 192", "\xe5\xb1\xb1", "", 0},
        {"ISO_IR 192", "", "Fr\xfcherkennung", "", 0},
        {"\\ISO 2022 IR 87", "ISO_IR 192", "\xe5\xb1\xb1", "", 0},
    };
    return cr_make_param_array(struct request_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct request_case *c, header,
                  repeats_a_request_in_the_character_set_of_the_report)
{
    sample_image samples[2];

    memset(samples, 0, sizeof samples);
    samples[0] = (sample_image){.kind = SAMPLE_MAMMOGRAM, .character_set = c->report_set};
    samples[1] = (sample_image){.kind = SAMPLE_MAMMOGRAM,
                                .number = 1,
                                .character_set = c->image_set,
                                .with_request = true,
                                .procedure = c->procedure};
    for (unsigned i = 0; i < 2; i++)
        if (samples[i].character_set[0] == '\0')
            samples[i].character_set = NULL;
    fixture_set_up_samples(&fixture, samples, 2);
    fixture_make(&fixture);
    cr_assert_str_eq(value("ReferencedRequestSequence[0].RequestedProcedureDescription"),
                     c->expected);
    cr_assert_str_eq(value("ReferencedRequestSequence[0].RequestedProcedureID"), "RP-1");
    cr_assert_eq(
        sr_report_item_count(fixture.content,
                             "ReferencedRequestSequence[0].RequestedProcedureCodeSequence"),
        c->codes);
    if (c->codes > 0)
        cr_assert_str_eq(
            value("ReferencedRequestSequence[0].RequestedProcedureCodeSequence[0].CodeMeaning"),
            c->expected);
}

/* PS3.10 7.1 */
Test(header, starts_as_a_dicom_file_of_version_1)
{
    static const unsigned char version[] = {0x02, 0, 0x01, 0, 'O', 'B',  0,
                                            0,    2, 0,    0, 0,   0x00, 0x01};

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture_make(&fixture);
    cr_assert_arr_eq(fixture.report->bytes + 128, "DICM", 4);
    cr_assert_arr_eq(fixture.report->bytes + 132 + 12, version, sizeof version,
                     "after the group length");
}

Test(header, cuts_long_texts_to_their_value_representation)
{
    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture.task.series_description =
        "A description that goes on and on, far beyond the sixty-four characters of an LO value";
    fixture.request.software_version =
        "1.0.0-a-very-long-development-version-name-with-a-commit-identifier-0123456789abcdef";
    fixture_make(&fixture);
    cr_assert(strlen(value("SeriesDescription")) <= 64);
    cr_assert(strlen(value("SoftwareVersions")) <= 64);
    cr_assert(strlen(value("ImplementationVersionName")) <= 16);
}

/* Else a rerun would give other bytes. The samples have a study date and time alone. */
Test(header, dates_itself_by_its_images)
{
    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture.request.content_date_time = NULL;
    fixture_make(&fixture);
    cr_assert_str_eq(value("ContentDate"), "20261101");
    cr_assert_str_eq(value("ContentTime"), "101112");
    cr_assert_null(value("InstanceCreationDate"), "nobody said when it was made");
    cr_assert_null(value("ContributingEquipmentSequence[0].ContributionDateTime"));
}

/* PS3.5 9.1 forbids leading zeros; archives hold such UIDs all the same, and a report has to name the
 * image as the archive knows it. */
Test(header, refers_to_an_image_by_the_uid_that_it_has)
{
    static const char uid[] = "1.2.03.4";
    const sample_image sample = {
        .kind = SAMPLE_DERMOSCOPY, .instance = uid, .series = uid, .study = uid};

#define EVIDENCE "CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]"
    fixture_set_up_samples(&fixture, &sample, 1);
    fixture_make(&fixture);
    cr_assert_str_eq(value("StudyInstanceUID"), uid);
    cr_assert_str_eq(value(EVIDENCE ".SeriesInstanceUID"), uid);
    cr_assert_str_eq(value(EVIDENCE ".ReferencedSOPSequence[0].ReferencedSOPInstanceUID"), uid);
    cr_assert_str_eq(fixture_item(&fixture, "111040", "DCM", 0)->sop_instance_uid, uid);
#undef EVIDENCE
}

/* PS3.5 6.2: forms of DA and TM. */
struct date_case {
    char date[24], time[24];
    char expected_date[24], expected_time[24];
};

ParameterizedTestParameters(header, leaves_out_dates_and_times_that_are_none)
{
    static struct date_case cases[] = {
        {"19600102", "101112", "19600102", "101112"},
        {"19600102", "101112.123456", "19600102", "101112.123456"},
        {"19600102", "10", "19600102", "10"},
        {"00000000", "101112", "", "101112"},
        {"19601302", "241112", "", ""},
        {"unknown", "noon", "", ""},
        {"", "", "", ""},
    };
    return cr_make_param_array(struct date_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct date_case *c, header, leaves_out_dates_and_times_that_are_none)
{
    const sample_image sample = {
        .kind = SAMPLE_DERMOSCOPY, .birth_date = c->date, .study_time = c->time};

    fixture_set_up_samples(&fixture, &sample, 1);
    fixture_make(&fixture);
    cr_assert_str_eq(value("PatientBirthDate"), c->expected_date, "%s", c->date);
    cr_assert_str_eq(value("StudyTime"), c->expected_time, "%s", c->time);
}
