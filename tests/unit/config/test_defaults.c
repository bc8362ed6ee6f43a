/* The tasks that medtl ships: they load, and take what they are for. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

static medtl_config *defaults(void)
{
    medtl_config *config = NULL;
    medtl_error err = {MEDTL_OK, ""};

    cr_assert_eq(medtl_config_load(NULL, 0, &config, &err), MEDTL_OK, "%s", err.message);
    return config;
}

Test(defaults, are_mammography_and_dermoscopy)
{
    static const char *const labels[] = {"akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"};
    medtl_config *config = defaults();
    const medtl_task *mammography = medtl_config_find_task(config, "mammography");
    const medtl_task *dermoscopy = medtl_config_find_task(config, "dermoscopy");

    cr_assert_eq(medtl_config_task_count(config), 2);
    cr_assert_str_eq(mammography->classes[mammography->positive_class].label, "cancer");
    cr_assert_str_eq(mammography->classes[mammography->positive_class].code.value, "21594007");
    cr_assert_str_eq(mammography->probability_concept.value, "111047");
    cr_assert_eq(dermoscopy->class_count, 7);
    for (size_t i = 0; i < 7; i++)
        cr_assert_str_eq(dermoscopy->classes[i].label, labels[i]);
    cr_assert_eq(dermoscopy->positive_class, -1);
    medtl_config_destroy(config);
}

/* Verhoeff's check digit, which every SNOMED CT identifier carries (SNOMED CT TIG 5.6). */
static bool check_digit_fits(const char *id)
{
    static const int d[10][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
                                  {2, 3, 4, 0, 1, 7, 8, 9, 5, 6}, {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
                                  {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
                                  {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
                                  {8, 7, 6, 5, 9, 3, 2, 1, 0, 4}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}};
    static const int step[10] = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};
    int sum = 0;

    for (size_t i = strlen(id), place = 0; i > 0; i--, place++) {
        int digit = id[i - 1] - '0';

        for (size_t turn = 0; turn < place % 8; turn++)
            digit = step[digit];
        sum = d[sum][digit];
    }
    return sum == 0;
}

static void check_code(const medtl_code *code)
{
    if (strcmp(code->scheme, "SCT") == 0)
        cr_assert(check_digit_fits(code->value), "%s (%s)", code->value, code->meaning);
}

Test(defaults, hold_only_snomed_codes_whose_check_digit_fits)
{
    medtl_config *config = defaults();

    cr_assert_not(check_digit_fits("446155003"), "a wrong one from public code");
    for (size_t t = 0; t < medtl_config_task_count(config); t++) {
        const medtl_task *task = medtl_config_task(config, t);

        check_code(&task->finding_site);
        check_code(&task->procedure);
        check_code(&task->probability_concept);
        for (size_t i = 0; i < task->class_count; i++)
            check_code(&task->classes[i].code);
    }
    medtl_config_destroy(config);
}

struct image_case {
    char label[48];
    char image[200];
    char task[16]; /* "": none */
};

#define CLASS "SOPClassUID=1.2.840.10008.5.1.4.1.1."

ParameterizedTestParameters(defaults, take_what_they_are_for)
{
    static struct image_case cases[] = {
        {"MG for presentation", CLASS "1.2|Modality=MG|SamplesPerPixel=1", "mammography"},
        {"MG for processing", CLASS "1.2.1|Modality=MG|SamplesPerPixel=1|NumberOfFrames=1",
         "mammography"},
        {"MG of several frames", CLASS "1.2|Modality=MG|SamplesPerPixel=1|NumberOfFrames=2", ""},
        {"tomosynthesis", CLASS "13.1.3|Modality=MG|SamplesPerPixel=1", ""},
        {"synthetic 2-D", CLASS "1.2|Modality=MG|SamplesPerPixel=1|kind=SYNTHETIC", "mammography"},
        {"synthetic 2-D among slices", CLASS "13.1.3|Modality=MG|SamplesPerPixel=1|kind=SYNTHETIC",
         "mammography"},
        {"spot view", CLASS "1.2|Modality=MG|SamplesPerPixel=1|kind=FULL-FIELD|view-modifier=SPOT",
         "mammography"},
        {"specimen", CLASS "1.2|Modality=MG|SamplesPerPixel=1|kind=SPECIMEN", ""},
        {"stereotactic", CLASS "1.2|Modality=MG|SamplesPerPixel=1|kind=STEREOTACTIC", ""},
        {"subtracted", CLASS "1.2|Modality=MG|SamplesPerPixel=1|kind=CONTRAST", ""},
        {"one projection", CLASS "1.2|Modality=MG|SamplesPerPixel=1|kind=PROJECTION", ""},
        {"scanned film", CLASS "7|Modality=MG|SamplesPerPixel=1", "mammography"},
        {"plate of a breast", CLASS "1|Modality=CR|BodyPartExamined=BREAST|SamplesPerPixel=1",
         "mammography"},
        {"plate with a view", CLASS "1|Modality=CR|view=MLO|SamplesPerPixel=1", "mammography"},
        {"plate of a chest", CLASS "1|Modality=CR|BodyPartExamined=CHEST|view=AP|SamplesPerPixel=1",
         ""},
        {"colour capture of a breast",
         CLASS "7|Modality=OT|BodyPartExamined=BREAST|SamplesPerPixel=3", ""},
        {"CT", CLASS "2|Modality=CT|SamplesPerPixel=1", ""},
        {"dermoscopic photograph", CLASS "77.1.7|Modality=DMS|SamplesPerPixel=3", "dermoscopy"},
        {"photograph", CLASS "77.1.4|Modality=XC|SamplesPerPixel=3", "dermoscopy"},
        {"capture from a dermatoscope", CLASS "7|Modality=DMS|SamplesPerPixel=3", "dermoscopy"},
        {"capture of skin", CLASS "7|Modality=OT|BodyPartExamined=SKIN|SamplesPerPixel=3",
         "dermoscopy"},
        {"capture of a back", CLASS "7|Modality=OT|BodyPartExamined=BACK|SamplesPerPixel=3",
         "dermoscopy"},
        {"capture of a chest", CLASS "7|Modality=OT|BodyPartExamined=CHEST|SamplesPerPixel=3", ""},
        {"capture of something", CLASS "7|Modality=OT|SamplesPerPixel=3", ""},
        {"gray photograph", CLASS "77.1.4|Modality=XC|SamplesPerPixel=1", ""},
        {"ultrasound", CLASS "6.1|Modality=US|SamplesPerPixel=3", ""},
        {"capture of ultrasound", CLASS "7|Modality=US|SamplesPerPixel=3", ""},
        {"photograph with frames", CLASS "77.1.4|Modality=XC|SamplesPerPixel=3|NumberOfFrames=3",
         ""},
        {"report", CLASS "88.33|Modality=SR", ""},
        {"nothing", "", ""},
    };
    return cr_make_param_array(struct image_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct image_case *c, defaults, take_what_they_are_for)
{
    medtl_config *config = defaults();
    char reason[1024];
    const medtl_task *task =
        medtl_config_match(config, image_value, c->image, reason, sizeof reason);

    cr_assert_str_eq(task != NULL ? task->name : "", c->task, "%s: %s", c->label, reason);
    cr_assert_gt(strlen(reason), 0);
    medtl_config_destroy(config);
}

Test(defaults, say_what_an_image_is_that_they_leave_out)
{
    static const struct {
        const char *kind, *words;
    } cases[] = {{"SPECIMEN", "specimen"},
                 {"STEREOTACTIC", "stereotactic"},
                 {"TOMOSYNTHESIS", "slices"},
                 {"CONTRAST", "contrast"}};
    medtl_config *config = defaults();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char image[200], reason[1024];

        snprintf(image, sizeof image, CLASS "1.2|Modality=MG|SamplesPerPixel=1|kind=%s",
                 cases[i].kind);
        cr_assert_null(medtl_config_match(config, image_value, image, reason, sizeof reason));
        cr_expect_not_null(strstr(reason, cases[i].words), "%s", reason);
        cr_expect_not_null(strstr(reason, cases[i].kind), "%s", reason);
    }
    medtl_config_destroy(config);
}

Test(defaults, prefer_images_for_presentation_and_know_a_complete_examination)
{
    medtl_config *config = defaults();
    const medtl_task *task = medtl_config_find_task(config, "mammography");

    cr_expect_eq(task->preferred_intent, MEDTL_INTENT_PRESENTATION);
    cr_expect_eq(task->expected_view_count, 4);
    medtl_config_destroy(config);
}
