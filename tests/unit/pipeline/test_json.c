/* The JSON holds every object once, whatever its name. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

TestSuite(json, .init = setup, .fini = teardown);

static json_t *results(const medtl_pipeline *pipeline, kept *k)
{
    medtl_batch *batch = batch_of_folder(pipeline);
    const medtl_batch_options options = {.sink = keep, .sink_context = k};
    char *text = NULL;
    json_error_t where;
    json_t *root;

    cr_assert_eq(medtl_batch_run(batch, &options, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_json(batch, &text, NULL), MEDTL_OK);
    root = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    cr_assert_not_null(root, "line %d: %s", where.line, where.text);
    free(text);
    medtl_batch_destroy(batch);
    return root;
}

static const char *get(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value != NULL ? value : "";
}

Test(json, has_tasks_summary_reports_and_objects)
{
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0};
    json_t *root, *object, *report;

    add_object("a", &(raw_dicom){.seed = 1});
    add_object("b", &(raw_dicom){.sop = "1.2.3.4.5.2", .modality = "CT"});
    root = results(pipeline, &k);
    cr_assert_str_eq(get(root, "format"), "medtl-results/1");
    cr_assert_eq(json_array_size(json_object_get(root, "tasks")), 2);
    cr_assert_eq(json_integer_value(json_object_get(json_object_get(root, "summary"), "not-taken")),
                 1);
    report = json_array_get(json_object_get(root, "reports"), 0);
    cr_assert_str_eq(get(report, "outcome"), "written");
    cr_assert_str_eq(get(report, "location"), "kept:0");
    cr_assert_str_eq(get(report, "sop_instance_uid"), k.reports[0].sop);
    object = json_array_get(json_object_get(root, "objects"), 0);
    cr_assert_str_eq(get(object, "outcome"), "analysed");
    cr_assert_str_eq(get(object, "finding"), "b");
    cr_assert_float_eq(
        json_real_value(json_object_get(json_object_get(object, "probabilities"), "a")) +
            json_real_value(json_object_get(json_object_get(object, "probabilities"), "b")),
        1.0, 1e-6);
    object = json_array_get(json_object_get(root, "objects"), 1);
    cr_assert_str_eq(get(object, "outcome"), "not-taken");
    cr_assert_null(json_object_get(object, "probabilities"));
    json_decref(root);
    forget(&k);
    medtl_pipeline_destroy(pipeline);
}

/* A file name is bytes. What is UTF-8 stays; other bytes become %XX (Unicode 15, table 3-7). */
Test(json, stays_utf8_whatever_a_file_is_called)
{
    medtl_pipeline *pipeline = load_pipeline();
    kept k = {.count = 0};
    json_t *root, *objects;
    size_t found = 0;

    add_bytes("caf\xC3\xA9", "x", 1);
    add_bytes("caf\xE9", "x", 1);
    add_bytes("\xED\xA0\x80 \"quoted\"\n", "x", 1);
    root = results(pipeline, &k);
    objects = json_object_get(root, "objects");
    cr_assert_eq(json_array_size(objects), 3);
    for (size_t i = 0; i < 3; i++) {
        const char *name = strrchr(get(json_array_get(objects, i), "path"), '/') + 1;

        found += strcmp(name, "caf\xC3\xA9") == 0 || strcmp(name, "caf%E9") == 0 ||
                 strcmp(name, "%ED%A0%80 \"quoted\"\n") == 0;
    }
    cr_assert_eq(found, 3);
    json_decref(root);
    medtl_pipeline_destroy(pipeline);
}
