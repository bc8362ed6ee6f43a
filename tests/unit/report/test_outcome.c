/* A report says what became of every image, what explains a result, and which reports came before. */
#include "report_fixture.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

static report_fixture fixture;

static void tear_down(void) { fixture_tear_down(&fixture); }

TestSuite(outcome, .fini = tear_down);

static const sr_item *item(const char *concept, const char *scheme, size_t n)
{
    const sr_item *found = fixture_item(&fixture, concept, scheme, n);

    cr_assert_not_null(found, "no item %zu of (%s, %s)", n, concept, scheme);
    return found;
}

static bool says(const char *words)
{
    const sr_item *items = sr_report_items(fixture.content);

    for (size_t i = 0; i < sr_report_count(fixture.content); i++)
        if (strcmp(items[i].type, "TEXT") == 0 && strstr(items[i].text, words) != NULL)
            return true;
    return false;
}

static void rule_out(size_t index, medtl_result_state state, medtl_reason reason, const char *text)
{
    fixture.results[index].state = state;
    fixture.results[index].reason = reason;
    fixture.results[index].reason_text = text;
    fixture.results[index].probabilities = NULL;
}

/* One letter an image: + finding, - none, n not analysed, f failed. CID 6047, CID 6042. */
struct mix_case {
    char images[5];
    char summary[8], status[8];
};

ParameterizedTestParameters(outcome, is_summed_up_by_standard_codes)
{
    static struct mix_case cases[] = {
        {"+", "111242", "111222"},    {"-", "111241", "111222"},    {"+-", "111242", "111222"},
        {"--", "111241", "111222"},   {"n", "111245", "111225"},    {"nn", "111245", "111225"},
        {"f", "111245", "111224"},    {"fn", "111245", "111224"},   {"+f", "111244", "111223"},
        {"-f", "111243", "111223"},   {"+n", "111242", "111222"},   {"-n", "111241", "111222"},
        {"nf-+", "111244", "111223"}, {"ff--", "111243", "111223"},
    };
    return cr_make_param_array(struct mix_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct mix_case *c, outcome, is_summed_up_by_standard_codes)
{
    static const float low[] = {0.9f, 0.1f};
    static const medtl_report_profile all[] = {MEDTL_PROFILE_TID1500, MEDTL_PROFILE_AIR,
                                               MEDTL_PROFILE_CAD};

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, (unsigned)strlen(c->images));
    for (size_t i = 0; i < strlen(c->images); i++) {
        if (c->images[i] == '-')
            fixture.results[i].probabilities = low;
        if (c->images[i] == 'n')
            rule_out(i, MEDTL_RESULT_NOT_ANALYSED, MEDTL_REASON_OUT_OF_SCOPE, NULL);
        if (c->images[i] == 'f')
            rule_out(i, MEDTL_RESULT_FAILED, MEDTL_REASON_UNSUPPORTED, "some encoding");
    }
    for (size_t p = 0; p < 3; p++) {
        fixture.request.profile = all[p];
        fixture_make(&fixture);
        cr_assert_str_eq(item("111017", "DCM", 0)->code.value, c->summary, "%s", c->images);
    }
    cr_assert_str_eq(item("111064", "DCM", 0)->code.value, c->status, "%s", c->images);
}

/* PS3.16 annex D. */
Test(outcome, names_why_there_is_no_result_in_code_and_words)
{
    const sr_item *group;

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 3);
    rule_out(0, MEDTL_RESULT_FAILED, MEDTL_REASON_FORMAT, "Pixel Data is cut short");
    rule_out(2, MEDTL_RESULT_NOT_ANALYSED, MEDTL_REASON_OUT_OF_SCOPE, "a colour image");
    fixture_make(&fixture);
    group = item("125007", "DCM", 0);
    cr_assert_str_eq(fixture_child_named(&fixture, group, "121071")->code.value, "21594007",
                     "what was analysed comes first");
    group = item("125007", "DCM", 1);
    cr_assert_str_eq(fixture_child_named(&fixture, group, "121071")->code.value, "failed");
    cr_assert_str_eq(fixture_child_named(&fixture, group, "reason")->code.value, "110521");
    cr_assert_str_eq(fixture_child_named(&fixture, group, "reason")->code.scheme, "DCM");
    cr_assert_null(fixture_child_named(&fixture, group, "111047"), "no probability");
    group = item("125007", "DCM", 2);
    cr_assert_str_eq(fixture_child_named(&fixture, group, "121071")->code.value, "not-analysed");
    cr_assert_eq(fixture_child_named(&fixture, group, "111030")->point_count, 5,
                 "a region, without which OHIF stays black");
    cr_assert(
        says("Image 2 R CC: analysis failed: Objects incorrectly formatted: Pixel Data is cut "
             "short."));
    cr_assert(says("Image 3 R MLO: not analysed: No task takes such an image: a colour image."));
    cr_assert(says("3 images: 1 analysed, 1 with a finding, 1 not analysed, 1 failed."));
}

Test(outcome, without_a_positive_class_needs_the_least_probability)
{
    fixture_set_up(&fixture, SAMPLE_DERMOSCOPY, 1); /* melanoma 61.2 % */
    fixture.task.min_probability = 0.612f;          /* as the image has it */
    fixture_make(&fixture);
    cr_assert_str_eq(item("121071", "DCM", 0)->code.value, "93655004");
    cr_assert(says("Image 1: finding above the operating point: Melanoma 61.20 %"));
    fixture.task.min_probability = 0.62;
    fixture_make(&fixture);
    cr_assert_str_neq(item("121071", "DCM", 0)->relationship, "CONTAINS",
                      "no finding in the group");
    cr_assert(says("Image 1: no finding above the operating point: Melanoma 61.20 % (operating "
                   "point 62.00 %)."));
}

/* 0.612 mel, 0.201 nv, 0.08 bcc, 0.04 akiec, 0.035 bkl, 0.02 df, 0.012 vasc. */
struct list_case {
    unsigned top_k;
    double least;
    int positive;
    char expected[48];
};

ParameterizedTestParameters(outcome, lists_the_classes_that_are_asked_for)
{
    static struct list_case cases[] = {
        {0, 0.0, -1, "mel nv bcc akiec bkl df vasc "},
        {3, 0.0, -1, "mel nv bcc "},
        {0, 0.05, -1, "mel nv bcc "},
        {2, 0.1, -1, "mel nv "},
        {1, 0.9, -1, "mel "},   /* what the image is reported as, always */
        {1, 0.0, 3, "mel df "}, /* the positive class, always */
    };
    return cr_make_param_array(struct list_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct list_case *c, outcome, lists_the_classes_that_are_asked_for)
{
    char listed[64] = "";
    const sr_item *items;

    fixture_set_up(&fixture, SAMPLE_DERMOSCOPY, 1);
    fixture.task.top_k = c->top_k;
    fixture.task.min_probability = c->least;
    fixture.task.positive_class = c->positive;
    fixture_make(&fixture);
    items = sr_report_items(fixture.content);
    for (size_t i = 0; i < sr_report_count(fixture.content); i++)
        if (strncmp(items[i].name.value, "P_", 2) == 0)
            strcat(strcat(listed, items[i].name.value + 2), " ");
    cr_assert_str_eq(listed, c->expected);
}

Test(outcome, draws_the_outline_and_refers_to_what_explains_it)
{
    static const medtl_point outline[] = {{5, 4}, {20, 6}, {1000, 19}};
    static const medtl_image_flag flag = {{"111210", "DCM", "Motion blur"}, "not sharp"};
    static const medtl_evidence_object evidence[] = {
        {MEDTL_EVIDENCE_PICTURE, "1.2.840.10008.5.1.4.1.1.7", "2.25.101", "2.25.100"},
        {MEDTL_EVIDENCE_PRESENTATION, "1.2.840.10008.5.1.4.1.1.11.1", "2.25.102", "2.25.110"},
        {MEDTL_EVIDENCE_SEGMENTATION, "1.2.840.10008.5.1.4.1.1.66.4", "2.25.103", "2.25.120"}};
    const sr_item *group, *region, *made;

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture.results[0].outline = outline;
    fixture.results[0].outline_count = 3;
    fixture.results[0].flags = &flag;
    fixture.results[0].flag_count = 1;
    fixture.results[0].evidence = evidence;
    fixture.results[0].evidence_count = 3;
    fixture_make(&fixture);
    made = item("126200", "DCM", 1); /* the second group of the Image Library */
    cr_assert_not_null(made);
    cr_assert_str_eq(fixture_child_named(&fixture, made, "121200")->sop_instance_uid, "2.25.101");
    cr_assert_str_eq(fixture_child_named(&fixture, made, "121191")->sop_instance_uid, "2.25.103");
    group = item("125007", "DCM", 0);
    region = fixture_child_named(&fixture, group, "111030");
    cr_assert_eq(region->point_count, 4, "closed");
    cr_assert_eq(region->points[2], 20.0f);
    cr_assert_eq(region->points[4], (float)SAMPLE_COLUMNS, "cut to the image");
    cr_assert_str_eq(fixture_child_named(&fixture, group, "121200")->sop_instance_uid, "2.25.101");
    cr_assert_str_eq(fixture_child_named(&fixture, group, "remark")->code.value, "111210");
    cr_assert(says("note: not sharp"));
    cr_assert(says("Outlined: the region that weighed most."));
#define EVIDENCE "CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence"
    cr_assert_eq(sr_report_item_count(fixture.content, EVIDENCE), 4,
                 "image, picture, state, segmentation");
    fixture.request.profile = MEDTL_PROFILE_TEXT; /* refers to the image alone */
    fixture_make(&fixture);
    cr_assert_eq(sr_report_item_count(fixture.content, EVIDENCE), 1);
#undef EVIDENCE
}

Test(outcome, says_what_is_outlined)
{
    static const medtl_point outline[] = {{5, 4}, {20, 6}, {19, 19}};

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture.results[0].outline = outline;
    fixture.results[0].outline_count = 3;
    fixture.results[0].outline_kind = MEDTL_OUTLINE_BREAST;
    fixture_make(&fixture);
    cr_assert(says("Outlined: the breast."));
    fixture.results[0].outline_kind = MEDTL_OUTLINE_LESION;
    fixture_make(&fixture);
    cr_assert(says("Outlined: the region that is darker than the skin around it."));
    fixture.results[0].outline_count = 0;
    fixture_make(&fixture);
    cr_assert(says("Outlined: the part of the image that was looked at."));
    fixture.results[0].state = MEDTL_RESULT_FAILED;
    fixture_make(&fixture);
    cr_assert_not(says("Outlined:"));
}

static medtl_instance *read_back(void)
{
    medtl_instance *instance = NULL;

    cr_assert_eq(medtl_instance_read_memory(fixture.report->bytes, fixture.report->size, "earlier",
                                            NULL, 0, &instance, NULL),
                 MEDTL_OK);
    return instance;
}

/* Two reports must never name each other. */
Test(outcome, names_the_report_that_it_takes_the_place_of)
{
    medtl_instance *before, *after;
    const medtl_instance *list[1];
    char uid[MEDTL_UID_SIZE];

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture_make(&fixture);
    strcpy(uid, fixture.report->sop_instance_uid);
    before = read_back();
    cr_assert_not(medtl_report_precedes(before, &fixture.request), "itself");
    fixture.request.model_sha256 = SAMPLE_DIGEST_B;
    cr_assert(medtl_report_precedes(before, &fixture.request), "of another model");
    fixture.request.profile = MEDTL_PROFILE_CAD;
    cr_assert_not(medtl_report_precedes(before, &fixture.request), "of another kind");
    fixture.request.profile = MEDTL_PROFILE_TID1500;
    fixture.task.series_number++;
    cr_assert_not(medtl_report_precedes(before, &fixture.request), "of another task");
    fixture.task.series_number--;

    list[0] = before;
    fixture.request.predecessors = list;
    fixture.request.predecessor_count = 1;
    fixture_make(&fixture);
    cr_assert_str_eq(
        sr_report_attribute(fixture.content,
                            "PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]"
                            ".ReferencedSOPSequence[0].ReferencedSOPInstanceUID"),
        uid);
    after = read_back();
    fixture.request.model_sha256 = SAMPLE_DIGEST_A;
    cr_assert_not(medtl_report_precedes(after, &fixture.request), "it came later, and says so");
    medtl_instance_destroy(before);
    medtl_instance_destroy(after);
}
