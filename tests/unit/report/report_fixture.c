#include "report_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static const float two[SAMPLE_MAMMOGRAPHY_CLASSES] = {0.7f, 0.3f};
static const float seven[SAMPLE_DERMOSCOPY_CLASSES] = {0.04f,  0.08f,  0.035f, 0.02f,
                                                       0.612f, 0.201f, 0.012f};

void fixture_set_up_samples(report_fixture *fixture, const sample_image *samples, unsigned count)
{
    const bool mammography = samples[0].kind == SAMPLE_MAMMOGRAM;

    memset(fixture, 0, sizeof *fixture);
    fixture->task = mammography ? sample_mammography : sample_dermoscopy;
    for (unsigned i = 0; i < count; i++) {
        fixture->instances[i] = sample_image_read(&samples[i]);
        cr_assert_not_null(fixture->instances[i], "sample image %u cannot be made", i);
        fixture->results[i] = (medtl_image_result){
            .instance = fixture->instances[i],
            .probabilities = mammography ? two : seven,
            .geometry = {.x0 = 0, .y0 = 0, .x1 = SAMPLE_COLUMNS, .y1 = SAMPLE_ROWS},
        };
    }
    fixture->instance_count = count;
    fixture->request = (medtl_report_request){
        .task = &fixture->task,
        .model_name = "sample-model",
        .model_version = "1.2.3",
        .model_sha256 = SAMPLE_DIGEST_A,
        .software_version = "9.8.7",
        .results = fixture->results,
        .result_count = count,
        .content_date_time = "20261121131415",
    };
}

void fixture_set_up(report_fixture *fixture, sample_kind kind, unsigned images)
{
    sample_image samples[FIXTURE_MOST_RESULTS];

    memset(samples, 0, sizeof samples);
    for (unsigned i = 0; i < images; i++) {
        samples[i].kind = kind;
        samples[i].number = i;
        samples[i].patient_name = "Doe^Jane";
    }
    fixture_set_up_samples(fixture, samples, images);
}

void fixture_make(report_fixture *fixture)
{
    medtl_error error = {MEDTL_OK, ""};

    sr_report_destroy(fixture->content);
    medtl_report_destroy(fixture->report);
    fixture->content = NULL;
    fixture->report = NULL;
    cr_assert(medtl_report_create(&fixture->request, &fixture->report, &error) == MEDTL_OK, "%s",
              error.message);
    fixture->content = sr_report_read(fixture->report->bytes, fixture->report->size);
    cr_assert_not_null(fixture->content, "the report cannot be read back");
}

void fixture_tear_down(report_fixture *fixture)
{
    sr_report_destroy(fixture->content);
    medtl_report_destroy(fixture->report);
    for (size_t i = 0; i < fixture->instance_count; i++)
        medtl_instance_destroy(fixture->instances[i]);
    memset(fixture, 0, sizeof *fixture);
}

const sr_item *fixture_item(const report_fixture *fixture, const char *value, const char *scheme,
                            size_t n)
{
    const sr_item *items = sr_report_items(fixture->content);

    for (size_t i = 0; i < sr_report_count(fixture->content); i++)
        if (strcmp(items[i].name.value, value) == 0 && strcmp(items[i].name.scheme, scheme) == 0 &&
            n-- == 0)
            return &items[i];
    return NULL;
}

const sr_item *fixture_child(const report_fixture *fixture, const sr_item *parent, size_t n)
{
    const sr_item *end = sr_report_items(fixture->content) + sr_report_count(fixture->content);

    for (const sr_item *item = parent + 1; item < end && item->depth > parent->depth; item++)
        if (item->depth == parent->depth + 1 && n-- == 0)
            return item;
    return NULL;
}

const sr_item *fixture_child_named(const report_fixture *fixture, const sr_item *parent,
                                   const char *value)
{
    const sr_item *child;

    for (size_t n = 0; (child = fixture_child(fixture, parent, n)) != NULL; n++)
        if (strcmp(child->name.value, value) == 0)
            return child;
    return NULL;
}
