/* The DICOM objects, read back by our own reader; validators judge them in tests/conformance/evidence. */
#include "comma_locale.h"
#include "sample_evidence.h"
#include "sample_image.h"
#include "sample_task.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

static sample_evidence explained;

static void set_up(void)
{
    const sample_image image = {.kind = SAMPLE_MAMMOGRAM, .number = 1};

    cr_assert(sample_evidence_make(&sample_mammography, sample_image_read(&image), &explained));
}

static void tear_down(void) { sample_evidence_clear(&explained); }

TestSuite(evidence, .init = set_up, .fini = tear_down);

static medtl_evidence *make(medtl_evidence_kind kind)
{
    medtl_evidence *object = NULL;
    medtl_error err = {MEDTL_OK, ""};

    cr_assert_eq(medtl_evidence_create(kind, &explained.request, &object, &err), MEDTL_OK, "%s",
                 err.message);
    cr_assert_not_null(object);
    return object;
}

static medtl_instance *read_back(const medtl_evidence *object)
{
    medtl_instance *instance = NULL;
    medtl_error err = {MEDTL_OK, ""};

    cr_assert_eq(
        medtl_instance_read_memory(object->bytes, object->size, "object", NULL, 0, &instance, &err),
        MEDTL_OK, "%s", err.message);
    return instance;
}

Test(evidence, has_the_same_bytes_each_time)
{
    for (int kind = 0; kind < 3; kind += 2) {
        medtl_evidence *a = make((medtl_evidence_kind)kind), *b = make((medtl_evidence_kind)kind);

        cr_assert_eq(a->size, b->size);
        cr_expect_eq(memcmp(a->bytes, b->bytes, a->size), 0);
        medtl_evidence_destroy(a);
        medtl_evidence_destroy(b);
    }
}

Test(evidence, has_the_same_bytes_in_a_host_with_a_decimal_comma)
{
    medtl_evidence *before[3] = {make(MEDTL_EVIDENCE_PICTURE), NULL,
                                 make(MEDTL_EVIDENCE_SEGMENTATION)};

    cr_assert(comma_locale_set());
    for (int kind = 0; kind < 3; kind += 2) {
        medtl_evidence *after = make((medtl_evidence_kind)kind);

        cr_expect_str_eq(after->sop_instance_uid, before[kind]->sop_instance_uid);
        cr_expect_eq(after->size, before[kind]->size);
        cr_expect(after->size == before[kind]->size &&
                      memcmp(after->bytes, before[kind]->bytes, after->size) == 0,
                  "evidence of kind %d", kind);
        medtl_evidence_destroy(after);
        medtl_evidence_destroy(before[kind]);
    }
    cr_expect(comma_locale_holds(), "the host's locale was changed");
}

Test(evidence, stays_in_the_study_of_its_image_under_names_of_its_own)
{
    const medtl_facts *source = medtl_instance_facts(explained.instance);
    medtl_evidence *picture = make(MEDTL_EVIDENCE_PICTURE);
    medtl_evidence *region = make(MEDTL_EVIDENCE_SEGMENTATION);

    cr_expect_str_eq(picture->study_instance_uid, source->study_instance_uid);
    cr_expect_str_eq(region->study_instance_uid, source->study_instance_uid);
    cr_expect_str_neq(picture->series_instance_uid, region->series_instance_uid);
    cr_expect_str_neq(picture->sop_instance_uid, region->sop_instance_uid);
    cr_expect_str_neq(picture->sop_instance_uid, source->sop_instance_uid);
    medtl_evidence_destroy(picture);
    medtl_evidence_destroy(region);
}

Test(evidence, of_another_model_task_level_class_or_version_is_another_object)
{
    medtl_evidence *first = make(MEDTL_EVIDENCE_SEGMENTATION);
    const medtl_evidence_request kept = explained.request;
    medtl_task other_task = sample_mammography;

    other_task.digest = SAMPLE_DIGEST_B;
    for (int change = 0; change < 5; change++) {
        medtl_evidence *other;

        explained.request = kept;
        explained.request.model_sha256 = change == 0 ? SAMPLE_DIGEST_B : kept.model_sha256;
        explained.request.task = change == 1 ? &other_task : kept.task;
        explained.request.level = change == 2 ? 0.4 : kept.level;
        explained.request.class_index = change == 3 ? 0 : kept.class_index;
        explained.request.software_version = change == 4 ? "0.1.1" : kept.software_version;
        other = make(MEDTL_EVIDENCE_SEGMENTATION);
        cr_expect_str_neq(first->sop_instance_uid, other->sop_instance_uid, "change %d", change);
        medtl_evidence_destroy(other);
    }
    medtl_evidence_destroy(first);
}

/* How orange a pixel of the picture became: nothing where the heat map is cold. */
Test(evidence, colours_the_hot_part_of_the_picture_and_leaves_the_cold_part)
{
    medtl_evidence *object = make(MEDTL_EVIDENCE_PICTURE);
    medtl_instance *instance = read_back(object);
    medtl_image *image = NULL;
    const unsigned char *hot, *cold;

    cr_assert_eq(medtl_image_read(instance, 0, &image, NULL), MEDTL_OK);
    cr_assert_eq(image->samples, 3);
    cr_expect(image->rows > SAMPLE_ROWS && image->columns >= SAMPLE_COLUMNS, "no legend");
    hot = (const unsigned char *)image->pixels +
          3 * ((size_t)(SAMPLE_ROWS * 4 / 10) * image->columns + SAMPLE_COLUMNS * 3 / 10);
    cold = (const unsigned char *)image->pixels +
           3 * ((size_t)(SAMPLE_ROWS - 1) * image->columns + SAMPLE_COLUMNS - 1);
    cr_expect(hot[0] > hot[2] + 40, "%d %d %d", hot[0], hot[1], hot[2]);
    cr_expect(abs(cold[0] - cold[2]) <= 3 && abs(cold[0] - cold[1]) <= 3, "%d %d %d", cold[0],
              cold[1], cold[2]);
    medtl_image_destroy(image);
    medtl_instance_destroy(instance);
    medtl_evidence_destroy(object);
}

Test(evidence, is_known_as_ours_so_that_no_task_takes_it)
{
    for (int kind = 0; kind < 3; kind += 2) {
        medtl_evidence *object = make((medtl_evidence_kind)kind);
        medtl_instance *instance = read_back(object);

        cr_expect(medtl_report_is_ours(instance));
        medtl_instance_destroy(instance);
        medtl_evidence_destroy(object);
    }
}

Test(evidence, refuses_what_it_cannot_make)
{
    const medtl_evidence_request kept = explained.request;
    medtl_evidence *object = NULL;
    medtl_error err = {MEDTL_OK, ""};

    cr_expect_eq(medtl_evidence_create(MEDTL_EVIDENCE_PRESENTATION, &kept, &object, &err),
                 MEDTL_E_UNSUPPORTED);
    explained.request.outline = NULL;
    explained.request.outline_count = 0;
    cr_expect_eq(
        medtl_evidence_create(MEDTL_EVIDENCE_SEGMENTATION, &explained.request, &object, &err),
        MEDTL_E_ARGUMENT);
    explained.request = kept;
    explained.request.picture = NULL;
    cr_expect_eq(medtl_evidence_create(MEDTL_EVIDENCE_PICTURE, &explained.request, &object, &err),
                 MEDTL_E_ARGUMENT);
    explained.request = kept;
    explained.request.class_index = 2;
    cr_expect_eq(medtl_evidence_create(MEDTL_EVIDENCE_PICTURE, &explained.request, &object, &err),
                 MEDTL_E_ARGUMENT);
    cr_expect_null(object);
}

/* PS3.3 C.7.6.1.1.5; type 3 in the picture's General Image module, type 1 in the segmentation's (C.8.20.2), whose ratio and
 * method are then type 1C. Samples of other syntaxes than native ones have 48 x 40 x 2 bytes in a file of some 1500. */
struct lossy_case {
    char syntax[32], stated[4];       /* "": native; absent */
    char picture[4], segmentation[4]; /* "": absent */
    char ratio[8], method[16];        /* "": absent, of both; "?": any above 1 */
};

ParameterizedTestParameters(lossy, is_what_the_image_states_or_its_syntax_proves)
{
#define JPEG "1.2.840.10008.1.2.4."
    static struct lossy_case cases[] = {
        {"", "00", "00", "00", "", ""},
        {"", "01", "01", "01", "12.5", "ISO_10918_1"},
        {"", "", "", "00", "", ""},
        {JPEG "50", "", "01", "01", "?", "ISO_10918_1"},
        {JPEG "51", "", "01", "01", "?", "ISO_10918_1"},
        {JPEG "50", "00", "01", "01", "?", "ISO_10918_1"},
        {JPEG "50", "01", "01", "01", "12.5", "ISO_10918_1"},
        {JPEG "70", "", "", "00", "", ""},
        {JPEG "80", "", "", "00", "", ""},
        {JPEG "90", "", "", "00", "", ""},
        {JPEG "90", "01", "01", "01", "12.5", "ISO_10918_1"},
        {JPEG "81", "00", "00", "00", "", ""},
        {JPEG "81", "", "", "01", "?", "ISO_14495_1"},
        {JPEG "91", "00", "00", "00", "", ""},
        {JPEG "91", "01", "01", "01", "12.5", "ISO_10918_1"},
        {JPEG "91", "", "", "01", "?", "ISO_15444_1"},
        {"1.2.840.10008.1.2.5", "", "", "00", "", ""},
    };
#undef JPEG
    return cr_make_param_array(struct lossy_case, cases, sizeof cases / sizeof cases[0]);
}

static void expect_value(const medtl_instance *instance, const char *keyword, const char *expected)
{
    const char *got = medtl_instance_value(instance, keyword);

    got = got == NULL ? "" : got;
    if (strcmp(expected, "?") == 0)
        cr_expect_gt(strtod(got, NULL), 1.0, "%s is '%s'", keyword, got);
    else
        cr_expect_str_eq(got, expected, "%s is '%s', not '%s'", keyword, got, expected);
}

static void expect_lossy(medtl_evidence_kind kind, const char *lossy, const struct lossy_case *c)
{
    static const char *const keywords[] = {"LossyImageCompression", "LossyImageCompressionRatio",
                                           "LossyImageCompressionMethod"};
    const bool is = strcmp(lossy, "01") == 0;
    medtl_evidence *object = make(kind);
    medtl_instance *instance = NULL;

    cr_assert_eq(medtl_instance_read_memory(object->bytes, object->size, "object", keywords, 3,
                                            &instance, NULL),
                 MEDTL_OK);
    expect_value(instance, keywords[0], lossy);
    expect_value(instance, keywords[1], is ? c->ratio : "");
    expect_value(instance, keywords[2], is ? c->method : "");
    medtl_instance_destroy(instance);
    medtl_evidence_destroy(object);
}

ParameterizedTest(struct lossy_case *c, lossy, is_what_the_image_states_or_its_syntax_proves,
                  .init = set_up, .fini = tear_down)
{
    const sample_image sample = {.kind = SAMPLE_MAMMOGRAM,
                                 .number = 1,
                                 .syntax = c->syntax[0] != '\0' ? c->syntax : NULL,
                                 .lossy = c->stated[0] != '\0' ? c->stated : NULL};
    medtl_instance *image = sample_image_read(&sample);

    cr_assert_not_null(image);
    explained.request.instance = image; /* the picture and the map are those of its native twin */
    expect_lossy(MEDTL_EVIDENCE_PICTURE, c->picture, c);
    expect_lossy(MEDTL_EVIDENCE_SEGMENTATION, c->segmentation, c);
    medtl_instance_destroy(image);
}

/* PS3.3 C.7.3.1: Laterality is type 2C, of paired structures, unless Image Laterality is there. PS3.16 annex L. */
struct side_case {
    char body_part[16]; /* "": absent */
    sample_kind
        kind; /* the mammogram is of the left breast, nothing names the side of the lesion */
    bool has_image_laterality, has_laterality;
};

ParameterizedTestParameters(side, is_empty_only_of_what_may_be_paired)
{
    static struct side_case cases[] = {
        {"", SAMPLE_DERMOSCOPY, false, true},
        {"HAND", SAMPLE_DERMOSCOPY, false, true},
        {"NOT A TERM", SAMPLE_DERMOSCOPY, false, true},
        {"HEAD", SAMPLE_DERMOSCOPY, false, false},
        {"ABDOMEN", SAMPLE_DERMOSCOPY, false, false},
        {"WHOLEBODY", SAMPLE_DERMOSCOPY, false, false},
        {"NECK CHEST", SAMPLE_DERMOSCOPY, false, true},
        {"BACK", SAMPLE_DERMOSCOPY, false, false},
        {"BREAST", SAMPLE_MAMMOGRAM, true, false},
        {"CHEST", SAMPLE_MAMMOGRAM, true, false},
    };
    return cr_make_param_array(struct side_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct side_case *c, side, is_empty_only_of_what_may_be_paired)
{
    static const unsigned char laterality[] = {0x20, 0, 0x60, 0, 'C', 'S'};
    static const unsigned char image_laterality[] = {0x20, 0, 0x62, 0, 'C', 'S'};
    const sample_image image = {
        .kind = c->kind, .number = 1, .body_part = c->body_part[0] != '\0' ? c->body_part : NULL};
    const medtl_task *task = c->kind == SAMPLE_MAMMOGRAM ? &sample_mammography : &sample_dermoscopy;
    medtl_evidence *object;

    cr_assert(sample_evidence_make(task, sample_image_read(&image), &explained));
    object = make(MEDTL_EVIDENCE_PICTURE);
    cr_expect_eq(memmem(object->bytes, object->size, laterality, sizeof laterality) != NULL,
                 c->has_laterality, "%s", c->body_part);
    cr_expect_eq(memmem(object->bytes, object->size, image_laterality, sizeof image_laterality) !=
                     NULL,
                 c->has_image_laterality, "%s", c->body_part);
    medtl_evidence_destroy(object);
    sample_evidence_clear(&explained);
}
