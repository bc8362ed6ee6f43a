/* A whole run in a host with a decimal comma: tasks, reports, evidence, JSON and filters. */
#include "comma_locale.h"
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(locale, .init = setup, .fini = teardown);

/* @return the results as JSON, owned by the caller. */
static char *run(const char *condition, kept *k)
{
    medtl_pipeline *pipeline = load_pipeline();
    medtl_batch *batch = batch_of_folder(pipeline);
    medtl_error err = {MEDTL_OK, ""};
    medtl_where *where = NULL;
    char *json = NULL;

    cr_assert_eq(medtl_where_create(&where, &err), MEDTL_OK, "%s", err.message);
    cr_assert_eq(medtl_where_add(where, condition, &err), MEDTL_OK, "%s", err.message);
    cr_assert_eq(medtl_batch_run(batch,
                                 &(medtl_batch_options){.threads = 1,
                                                        .sink = keep,
                                                        .sink_context = k,
                                                        .where = where,
                                                        .content_date_time = "20261122080000"},
                                 &err),
                 MEDTL_OK, "%s", err.message);
    cr_assert_eq(medtl_batch_json(batch, &json, &err), MEDTL_OK, "%s", err.message);
    medtl_where_destroy(where);
    medtl_batch_destroy(batch);
    medtl_pipeline_destroy(pipeline);
    return json;
}

Test(locale, with_a_decimal_comma_changes_no_byte_of_a_run)
{
    kept before = {.count = 0}, after = {.count = 0};
    char *expected, *json;

    write_task("10-gray.xml", "gray", false, "</report>",
               "</report><evidence objects=\"outline secondary-capture segmentation\" "
               "when=\"always\" level=\"0.4\"/>");
    add_object("a", &(raw_dicom){.seed = 1});
    /* 48 rows: in the order of bytes, and so where "9.5" is no number, they are fewer. */
    expected = run("Rows>=9.5", &before);
    cr_assert_eq(before.count, 3);
    cr_assert(comma_locale_set());
    json = run("Rows>=9.5", &after);
    cr_assert_eq(after.count, before.count);
    for (size_t i = 0; i < before.count; i++) {
        cr_expect_str_eq(after.reports[i].sop, before.reports[i].sop);
        cr_expect(after.reports[i].size == before.reports[i].size &&
                      memcmp(after.reports[i].bytes, before.reports[i].bytes,
                             before.reports[i].size) == 0,
                  "object %zu", i);
    }
    cr_expect_str_eq(json, expected);
    cr_expect(comma_locale_holds(), "the host's locale was changed");
    free(json);
    free(expected);
    forget(&before);
    forget(&after);
}
