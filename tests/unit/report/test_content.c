/* The content tree, read back with a reader of its own and compared to what was asked. Structure
 * and codes are those of PS3.16 TID 1500, 1600, 4019 and 1410. */
#include "report_fixture.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static report_fixture fixture;

static void tear_down(void) { fixture_tear_down(&fixture); }

TestSuite(content, .fini = tear_down);

static const sr_item *item(const char *value, size_t n)
{
    const sr_item *found = fixture_item(&fixture, value, "DCM", n);

    cr_assert_not_null(found, "no item %zu of (%s, DCM)", n, value);
    return found;
}

static size_t count_of(const char *value)
{
    size_t n = 0;

    while (fixture_item(&fixture, value, "DCM", n) != NULL)
        n++;
    return n;
}

/* One line an item: what stands where. */
static void assert_outline(const char *const *expected, size_t count)
{
    const sr_item *items = sr_report_items(fixture.content);
    char line[200];

    for (size_t i = 0; i < sr_report_count(fixture.content); i++) {
        snprintf(line, sizeof line, "%u %s %s %s", items[i].depth, items[i].relationship,
                 items[i].type, items[i].name.value);
        cr_assert(i < count, "item %zu is too many: %s", i, line);
        cr_assert_str_eq(line, expected[i], "item %zu", i);
    }
    cr_assert_eq(sr_report_count(fixture.content), count);
}

Test(content, of_one_mammogram_is_laid_out_as_the_templates_say)
{
    static const char *const expected[] = {
        "0  CONTAINER 126000",
        "1 HAS CONCEPT MOD CODE 121049",
        "1 HAS OBS CONTEXT CODE 121005",
        "1 HAS OBS CONTEXT UIDREF 121012",
        "1 HAS OBS CONTEXT TEXT 121013",
        "1 HAS OBS CONTEXT TEXT 121014",
        "1 HAS OBS CONTEXT TEXT 121015",
        "1 HAS OBS CONTEXT TEXT 121016",
        "1 HAS CONCEPT MOD CODE 121058",
        "1 CONTAINS CONTAINER 111028",
        "2 CONTAINS CONTAINER 126200",
        "3 CONTAINS IMAGE 111040",
        "4 HAS ACQ CONTEXT CODE 121139",
        "4 HAS ACQ CONTEXT CODE 111027",
        "4 HAS ACQ CONTEXT NUM 110910",
        "4 HAS ACQ CONTEXT NUM 110911",
        "4 HAS ACQ CONTEXT CODE 111031",
        "4 HAS ACQ CONTEXT TEXT 111044",
        "4 HAS ACQ CONTEXT TEXT 111043",
        "4 HAS ACQ CONTEXT NUM 111026",
        "4 HAS ACQ CONTEXT NUM 111066",
        "1 CONTAINS CONTAINER 126010",
        "2 HAS CONCEPT MOD TEXT 111001",
        "2 HAS CONCEPT MOD TEXT 111003",
        "2 HAS CONCEPT MOD TEXT 111002",
        "2 HAS CONCEPT MOD TEXT 111002",
        "2 HAS CONCEPT MOD TEXT 111002",
        "2 HAS CONCEPT MOD TEXT 111002",
        "2 HAS CONCEPT MOD TEXT 111002",
        "2 HAS CONCEPT MOD TEXT 111002",
        "2 HAS CONCEPT MOD CODE 111000",
        "2 CONTAINS CONTAINER 125007",
        "3 HAS OBS CONTEXT TEXT 112039",
        "3 HAS OBS CONTEXT UIDREF 112040",
        "3 CONTAINS CODE 121071",
        "3 CONTAINS SCOORD 111030",
        "4 SELECTED FROM IMAGE 111040",
        "3 HAS CONCEPT MOD CODE 363698007",
        "4 HAS CONCEPT MOD CODE 272741003",
        "3 CONTAINS NUM P_no-cancer",
        "4 HAS CONCEPT MOD CODE 121071",
        "3 CONTAINS NUM 111047",
        "4 HAS CONCEPT MOD CODE 121071",
        "1 CONTAINS CONTAINER C0034375",
        "2 CONTAINS CODE 111017",
        "2 CONTAINS TEXT 121106",
        "2 CONTAINS TEXT 121106",
        "2 CONTAINS TEXT 121106",
        "2 CONTAINS TEXT 121106",
    };

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture_make(&fixture);
    assert_outline(expected, sizeof expected / sizeof expected[0]);
    cr_assert_str_eq(item("126000", 0)->template_id, "1500");
    cr_assert_str_eq(item("125007", 0)->template_id, "1410");
}

Test(content, names_the_arithmetic_where_it_is_not_in_floats)
{
    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture.request.model_arithmetic = "int8";
    fixture_make(&fixture);
    cr_assert_str_eq(item("111002", 1)->text, "arithmetic: int8");
    fixture_tear_down(&fixture);
    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture.request.model_arithmetic = "float32";
    fixture_make(&fixture);
    cr_assert_str_eq(item("111002", 1)->text, "configuration: mammography");
}

Test(content, names_the_algorithm_down_to_its_digests)
{
    static const char *const parameters[] = {
        "model sha256: " SAMPLE_DIGEST_A,
        "configuration: mammography",
        "configuration sha256: " SAMPLE_DIGEST_B,
        NULL, /* the normaliser, checked below */
        "operating point: probability of cancer >= 0.25",
        "software: medtl 9.8.7",
    };
    char normaliser[MEDTL_NORMALISER_TEXT_SIZE], expected[400];

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture.task.digest = SAMPLE_DIGEST_B;
    fixture_make(&fixture);
    cr_assert_str_eq(item("111001", 0)->text, "sample-model");
    cr_assert_str_eq(item("111003", 0)->text, "1.2.3");
    cr_assert_str_eq(item("111000", 0)->code.value, "123110");
    medtl_normaliser_text(&fixture.task.normaliser, normaliser);
    snprintf(expected, sizeof expected, "normaliser: %s", normaliser);
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
        cr_assert_str_eq(item("111002", i)->text, parameters[i] != NULL ? parameters[i] : expected);
    cr_assert_str_eq(item("121013", 0)->text, "sample-model 1.2.3");
    cr_assert_str_eq(item("121014", 0)->text, "medtl");
}

Test(content, has_a_group_for_each_image_with_a_tracking_uid_of_its_own)
{
    char image[MEDTL_UID_SIZE];

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 4);
    fixture_make(&fixture);
    cr_assert_eq(count_of("125007"), 4);
    for (size_t i = 0; i < 4; i++) {
        const sample_image sample = {.kind = SAMPLE_MAMMOGRAM, .number = (unsigned)i};

        sample_image_uid(&sample, image);
        cr_assert_str_eq(item("111040", i)->sop_instance_uid, image, "library entry %zu", i);
        cr_assert_str_eq(item("111040", 4 + i)->sop_instance_uid, image, "group %zu", i);
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(item("112040", i)->text, item("112040", j)->text);
    }
    cr_assert_eq(count_of("111040"), 8);
    cr_assert_str_eq(item("112039", 0)->text, "Image 1 R CC");
    cr_assert_str_eq(item("112039", 3)->text, "Image 4 L MLO");
}

/* PS3.16 CID 244. */
Test(content, gives_site_and_laterality_of_each_image)
{
    const sr_item *site;

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 2);
    fixture_make(&fixture);
    site = fixture_item(&fixture, "363698007", "SCT", 0);
    cr_assert_str_eq(site->code.value, "76752008");
    cr_assert_str_eq(fixture_child(&fixture, site, 0)->code.value, "24028007", "right");
    site = fixture_item(&fixture, "363698007", "SCT", 1);
    cr_assert_str_eq(fixture_child(&fixture, site, 0)->code.value, "7771000", "left");
}

Test(content, describes_the_images_from_their_headers)
{
    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 4);
    fixture_make(&fixture);
    cr_assert_str_eq(item("121139", 0)->code.value, "MG");
    cr_assert_str_eq(item("111031", 0)->code.value, "399162004", "CC");
    cr_assert_str_eq(item("111031", 2)->code.value, "399368009", "MLO");
    cr_assert_str_eq(item("111044", 2)->text, "P");
    cr_assert_str_eq(item("111043", 2)->text, "FL");
    cr_assert_str_eq(item("111066", 0)->text, "0.07", "between rows: vertical");
    cr_assert_str_eq(item("111026", 0)->text, "0.08", "between columns: horizontal");
    cr_assert_str_eq(item("110910", 0)->text, "48");
    cr_assert_str_eq(item("110911", 0)->text, "40");
}

Test(content, lists_classes_by_falling_probability_with_their_codes)
{
    static const char *const order[] = {"P_mel", "P_nv", "P_bcc", "P_akiec",
                                        "P_bkl", "P_df", "P_vasc"};
    static const char *const percent[] = {"61.20", "20.10", "8.00", "4.00", "3.50", "2.00", "1.20"};
    static const char *const codes[] = {"93655004", "400010006", "254701007", "201101007",
                                        "25499005", "72079004",  "95324001"};
    const sr_item *group, *number;
    double sum = 0.0;
    size_t n = 0;

    fixture_set_up(&fixture, SAMPLE_DERMOSCOPY, 1);
    fixture_make(&fixture);
    group = item("125007", 0);
    cr_assert_str_eq(fixture_child_named(&fixture, group, "121071")->code.value, "93655004",
                     "finding: the most probable");
    for (size_t i = 0; (number = fixture_child(&fixture, group, i)) != NULL; i++) {
        if (strcmp(number->type, "NUM") != 0)
            continue;
        cr_assert(n < 7);
        cr_assert_str_eq(number->name.value, order[n]);
        cr_assert_str_eq(number->name.scheme, "99MEDTL");
        cr_assert_str_eq(number->text, percent[n]);
        cr_assert_str_eq(number->code.value, "%");
        cr_assert_str_eq(number->code.scheme, "UCUM");
        cr_assert(number->has_exact && fabs(number->exact - atof(percent[n])) < 1e-4);
        cr_assert_str_eq(fixture_child(&fixture, number, 0)->code.value, codes[n]);
        cr_assert_str_eq(fixture_child(&fixture, number, 1)->code.value, order[n] + 2,
                         "the data set's own label");
        cr_assert_str_eq(fixture_child(&fixture, number, 1)->code.scheme, "99HAM10000");
        sum += number->exact;
        n++;
    }
    cr_assert_eq(n, 7);
    cr_assert(fabs(sum - 100.0) < 1e-4, "sum %g", sum);
}

struct threshold_case {
    double threshold;
    char finding[16];
};

/* The sample's probability of cancer is 0.3. */
ParameterizedTestParameters(content, finding_follows_the_operating_point)
{
    static struct threshold_case cases[] = {{0.25, "21594007"}, {0.35, "17621005"}};
    return cr_make_param_array(struct threshold_case, cases, 2);
}

ParameterizedTest(struct threshold_case *c, content, finding_follows_the_operating_point)
{
    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture.task.threshold = c->threshold;
    fixture_make(&fixture);
    cr_assert_str_eq(fixture_child_named(&fixture, item("125007", 0), "121071")->code.value,
                     c->finding);
    cr_assert_str_eq(fixture_item(&fixture, "111047", "DCM", 0)->text, "30.00");
}

struct region_case {
    char label[40];
    double x0, y0, x1, y1;
    float expected[4]; /* x0 y0 x1 y1 */
};

ParameterizedTestParameters(content, region_is_the_part_that_was_looked_at)
{
    static struct region_case cases[] = {
        {"inside", 2.5, 3.0, 30.25, 40.0, {2.5f, 3.0f, 30.25f, 40.0f}},
        {"clamped to the image", -4.0, -1.0, 99.0, 77.0, {0, 0, SAMPLE_COLUMNS, SAMPLE_ROWS}},
        {"empty: the whole image", 5.0, 5.0, 5.0, 5.0, {0, 0, SAMPLE_COLUMNS, SAMPLE_ROWS}},
        {"outside: the whole image", 50.0, 60.0, 70.0, 80.0, {0, 0, SAMPLE_COLUMNS, SAMPLE_ROWS}},
        {"not a number: the whole image",
         NAN,
         0.0,
         10.0,
         10.0,
         {0, 0, SAMPLE_COLUMNS, SAMPLE_ROWS}},
    };
    return cr_make_param_array(struct region_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct region_case *c, content, region_is_the_part_that_was_looked_at)
{
    const float *e = c->expected;
    const float expected[10] = {e[0], e[1], e[2], e[1], e[2], e[3], e[0], e[3], e[0], e[1]};
    const sr_item *region;

    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture.results[0].geometry =
        (medtl_geometry){.x0 = c->x0, .y0 = c->y0, .x1 = c->x1, .y1 = c->y1};
    fixture_make(&fixture);
    region = item("111030", 0);
    cr_assert_str_eq(region->graphic_type, "POLYLINE");
    cr_assert_eq(region->point_count, 5, "closed: the first point again");
    cr_assert_arr_eq(region->points, expected, sizeof expected, "%s", c->label);
}

Test(content, of_several_frames_refers_to_each_frame_and_lists_the_image_once)
{
    const sample_image sample = {.kind = SAMPLE_MAMMOGRAM, .frames = 3, .patient_name = "Doe^Jane"};

    fixture_set_up_samples(&fixture, &sample, 1);
    fixture.results[1] = fixture.results[0];
    fixture.results[1].frame = 2;
    fixture.request.result_count = 2;
    fixture_make(&fixture);
    cr_assert_eq(count_of("111040"), 3, "one library entry, two groups");
    cr_assert_eq(item("111040", 0)->frame, 0, "the whole image");
    cr_assert_eq(item("111040", 1)->frame, 1);
    cr_assert_eq(item("111040", 2)->frame, 3);
    cr_assert_str_eq(item("112039", 1)->text, "Image 2 R CC frame 3");
}

Test(content, of_a_single_frame_names_no_frame)
{
    fixture_set_up(&fixture, SAMPLE_DERMOSCOPY, 1);
    fixture_make(&fixture);
    cr_assert_eq(item("111040", 1)->frame, 0);
}

Test(content, says_that_it_supports_and_is_unverified_whatever_the_task_says)
{
    fixture_set_up(&fixture, SAMPLE_DERMOSCOPY, 1);
    fixture.task.disclaimer = NULL;
    fixture_make(&fixture);
    cr_assert_not_null(strstr(item("121106", 0)->text, "Supports a clinician, does not diagnose"));
    cr_assert_not_null(strstr(item("121106", 1)->text, "Unverified"));
    fixture.task.disclaimer = "Only for the trial at our site.";
    fixture_make(&fixture);
    cr_assert_str_eq(item("121106", 0)->text, "Only for the trial at our site.");
    cr_assert_not_null(strstr(item("121106", 1)->text, "Unverified"));
}

/* PS3.5 6.2: Code Value (SH) 16 characters, longer ones in Long Code Value; Code Meaning (LO) 64;
 * DS 16. */
Test(content, stays_within_the_limits_of_its_value_representations)
{
    static medtl_class odd[2];
    const sr_item *items;

    memset(odd, 0, sizeof odd);
    snprintf(odd[0].label, sizeof odd[0].label,
             "l\\abel \xc3\xa9 with everything in it, and quite long at that ......");
    odd[0].code =
        (medtl_code){"1234567890123456789012345", "99ODD",
                     "M\xc3\xa9lanome \\ caret ^ and equals = in a meaning that is longer "
                     "than the sixty-four characters of an LO value"};
    odd[1].code = (medtl_code){"2", "SCT", "Other"};
    fixture_set_up(&fixture, SAMPLE_MAMMOGRAM, 1);
    fixture.task.classes = odd;
    fixture.task.finding_site = (medtl_code){"3", "SCT", ""};
    fixture_make(&fixture);
    items = sr_report_items(fixture.content);
    for (size_t i = 0; i < sr_report_count(fixture.content); i++) {
        cr_assert(strlen(items[i].name.meaning) <= 64 && strlen(items[i].code.meaning) <= 64);
        cr_assert(strcmp(items[i].type, "NUM") != 0 || strlen(items[i].text) <= 16);
        cr_assert_null(strpbrk(items[i].code.meaning, "\\\xc3"));
    }
    cr_assert_str_eq(fixture_child_named(&fixture, item("125007", 0), "121071")->code.value, "2",
                     "0.3 reaches 0.25");
    cr_assert_str_eq(fixture_item(&fixture, "363698007", "SCT", 0)->code.meaning, "3",
                     "a code needs a meaning");
}

/* PS3.16 CID 29 of 2022 has XC, and neither DMS nor OT. */
Test(content, lists_a_modality_outside_the_context_group_as_the_task_says)
{
    const sample_image samples[] = {{.kind = SAMPLE_DERMOSCOPY, .number = 0},
                                    {.kind = SAMPLE_DERMOSCOPY, .number = 1},
                                    {.kind = SAMPLE_DERMOSCOPY, .number = 2, .frames = 2}};

    fixture_set_up_samples(&fixture, samples, 3);
    fixture_make(&fixture);
    for (size_t i = 0; i < 3; i++)
        cr_assert_str_eq(item("121139", i)->code.value, "XC", "image %zu", i);
}
