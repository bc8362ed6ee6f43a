/* Expected values: plugin/orthanc/README.md and the comments of settings.h. */
#include "settings.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

Test(orthanc_settings, defaults_hold_where_nothing_is_said)
{
    medtl_orthanc_settings settings;

    cr_assert_eq(medtl_orthanc_settings_parse("{\"Name\":\"PACS\"}", &settings, NULL), MEDTL_OK);
    cr_expect(settings.enabled);
    cr_expect(settings.auto_classify);
    cr_expect_eq(settings.threads, 1);
    cr_expect_eq(settings.queue_capacity, 1000);
    cr_expect_eq(settings.maximum_megabytes, 2048);
    cr_expect_eq(settings.task_count, 0);
    cr_expect(settings.isolate);
    cr_expect_eq(settings.decode_seconds, 60);
    cr_expect_eq(settings.limits.depth, 32);
    medtl_orthanc_settings_clear(&settings);
}

Test(orthanc_settings, every_setting_is_read)
{
    const char text[] =
        "{\"Medtl\":{\"Enabled\":false,\"AutoClassify\":false,\"Threads\":0,"
        "\"QueueCapacity\":3,\"MaximumMegabytes\":64,\"Isolate\":false,\"DecodeSeconds\":9,"
        "\"Limits\":{\"depth\":5,\"frames\":7},\"Tasks\":[\"a.xml\",\"b\"]}}";
    medtl_orthanc_settings settings;
    medtl_error err = {0};

    cr_assert_eq(medtl_orthanc_settings_parse(text, &settings, &err), MEDTL_OK, "%s", err.message);
    cr_expect_not(settings.enabled);
    cr_expect_not(settings.auto_classify);
    cr_expect_eq(settings.threads, 0);
    cr_expect_eq(settings.queue_capacity, 3);
    cr_expect_eq(settings.maximum_megabytes, 64);
    cr_expect_not(settings.isolate);
    cr_expect_eq(settings.decode_seconds, 9);
    cr_expect_eq(settings.limits.depth, 5);
    cr_expect_eq(settings.limits.frames, 7);
    cr_assert_eq(settings.task_count, 2);
    cr_expect_str_eq(settings.tasks[0], "a.xml");
    cr_expect_str_eq(settings.tasks[1], "b");
    medtl_orthanc_settings_clear(&settings);
}

struct wrong {
    char text[96], named[48];
};

ParameterizedTestParameters(orthanc_settings, a_wrong_setting_is_refused_by_name)
{
    static struct wrong cases[] = {
        {"{\"Medtl\":{\"Threds\":1}}", "Medtl.Threds is not a setting"},
        {"{\"Medtl\":{\"Enabled\":1}}", "Medtl.Enabled must be"},
        {"{\"Medtl\":{\"AutoClassify\":\"true\"}}", "Medtl.AutoClassify must be"},
        {"{\"Medtl\":{\"Threads\":-1}}", "from 0 to 1024"},
        {"{\"Medtl\":{\"Threads\":1.5}}", "Medtl.Threads must be"},
        {"{\"Medtl\":{\"QueueCapacity\":0}}", "Medtl.QueueCapacity must be"},
        {"{\"Medtl\":{\"Tasks\":\"a.xml\"}}", "Medtl.Tasks must be a list"},
        {"{\"Medtl\":{\"Tasks\":[\"a.xml\",7]}}", "Medtl.Tasks[1] must be"},
        {"{\"Medtl\":{\"Tasks\":[\"\"]}}", "Medtl.Tasks[0] must be"},
        {"{\"Medtl\":{\"Isolate\":1}}", "Medtl.Isolate must be"},
        {"{\"Medtl\":{\"Limits\":[]}}", "Medtl.Limits must be"},
        {"{\"Medtl\":{\"Limits\":{\"depth\":0}}}", "Medtl.Limits: the limit depth"},
        {"{\"Medtl\":{\"Limits\":{\"x\":1}}}", "Medtl.Limits: there is no limit"},
        {"{\"Medtl\":[]}", "Medtl must be an object"},
        {"[]", "is not a JSON object"},
        {"{", "is not a JSON object"},
    };
    return cr_make_param_array(struct wrong, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct wrong *c, orthanc_settings, a_wrong_setting_is_refused_by_name)
{
    medtl_orthanc_settings settings;
    medtl_error err = {0};

    cr_expect_eq(medtl_orthanc_settings_parse(c->text, &settings, &err), MEDTL_E_CONFIG);
    cr_expect(strstr(err.message, c->named) != NULL, "%s: '%s'", c->text, err.message);
    cr_expect_eq(settings.task_count, 0);
    cr_expect_null(settings.tasks);
}
