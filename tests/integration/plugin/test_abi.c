/* What medtl/plugin.h promises, over a made-up pipeline: expected values are the header's words. */
#include "made_up_pipeline.h"
#include "medtl/plugin.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static const medtl_plugin_api *api;
static medtl_plugin *plugin;

static void set_up(void)
{
    medtl_error err = {0};

    made_up_gate(false);
    api = medtl_plugin_get(MEDTL_PLUGIN_ABI);
    cr_assert_not_null(api);
    cr_assert_eq(api->create(NULL, &plugin, &err), MEDTL_OK, "%s", err.message);
}

static void tear_down(void)
{
    made_up_gate(true);
    api->destroy(plugin);
    cr_assert_eq(made_up_alive(), 0, "%d things were not released", made_up_alive());
}

TestSuite(abi, .init = set_up, .fini = tear_down, .timeout = 60);

static medtl_plugin_job *job_of(const char *const *names)
{
    medtl_plugin_job *job = NULL;

    cr_assert_eq(api->job_create(plugin, &job, NULL), MEDTL_OK);
    for (; *names != NULL; names++)
        cr_assert_eq(api->job_add_memory(job, "DICM", 4, *names, NULL), MEDTL_OK);
    return job;
}

static medtl_plugin_job *job_with(const char *name)
{
    const char *const names[] = {name, NULL};

    return job_of(names);
}

Test(abi, an_unknown_version_gets_no_table)
{
    cr_expect_null(medtl_plugin_get(0));
    cr_expect_null(medtl_plugin_get(MEDTL_PLUGIN_ABI + 1));
    cr_expect_eq(medtl_plugin_get(MEDTL_PLUGIN_ABI), api, "always the same pointer");
}

Test(abi, the_table_is_complete)
{
    const unsigned char *at = (const unsigned char *)api;
    void *member;

    cr_expect_eq(api->abi, MEDTL_PLUGIN_ABI);
    cr_expect_eq(api->size, sizeof *api);
    cr_expect(MEDTL_PLUGIN_HAS(api, json));
    for (size_t i = offsetof(medtl_plugin_api, version); i < api->size; i += sizeof member) {
        memcpy(&member, at + i, sizeof member);
        cr_expect_not_null(member, "member at byte %zu", i);
    }
}

/* The layout is the contract: 64-bit hosts built with today's header must work tomorrow. Members may be
 * added at the end; these numbers may not change without a new MEDTL_PLUGIN_ABI. */
Test(abi, members_stay_where_they_are)
{
    if (sizeof(void *) != 8)
        cr_skip("the numbers are those of a 64-bit machine");
    cr_expect_eq(offsetof(medtl_plugin_api, status_name), 16);
    cr_expect_eq(offsetof(medtl_plugin_api, create), 32);
    cr_expect_eq(offsetof(medtl_plugin_api, job_create), 64);
    cr_expect_eq(offsetof(medtl_plugin_api, job_run), 120);
    cr_expect_eq(offsetof(medtl_plugin_api, json), 208);
    cr_expect_eq(offsetof(medtl_plugin_api, report_profile), 216);
    cr_expect_eq(offsetof(medtl_plugin_options, log_level), 40);
    cr_expect_eq(offsetof(medtl_plugin_options, flags), 44);
    cr_expect_eq(sizeof(medtl_plugin_options), 56);
    cr_expect_eq(offsetof(medtl_plugin_item, task), 80);
    cr_expect_eq(offsetof(medtl_plugin_item, probabilities), 120);
    cr_expect_eq(offsetof(medtl_plugin_report, already_there), 72);
    cr_expect_eq(offsetof(medtl_plugin_task, model_sha256), 72);
    cr_expect_eq(sizeof(medtl_error), 404);
    cr_expect_eq(MEDTL_E_INTERNAL, 9);
}

Test(abi, isolation_is_passed_on_and_an_unknown_flag_refused)
{
    medtl_plugin_options options = {
        .size = sizeof options, .flags = MEDTL_PLUGIN_ISOLATE, .decode_timeout_ms = 700};
    medtl_plugin *other = NULL;
    medtl_error err = {0};

    cr_assert_eq(api->create(&options, &other, &err), MEDTL_OK, "%s", err.message);
    cr_expect_eq(made_up_timeout(), 700);
    api->destroy(other);
    options.flags = 2;
    cr_expect_eq(api->create(&options, &other, &err), MEDTL_E_UNSUPPORTED);
    cr_expect_null(other);
}

Test(abi, tells_what_is_loaded)
{
    const medtl_plugin_task *task = api->task(plugin, 0);

    cr_assert_eq(api->task_count(plugin), 1);
    cr_expect_str_eq(task->name, "made-up");
    cr_expect_str_eq(task->labels[1], "malignant");
    cr_expect_eq(task->class_count, 2);
    cr_expect_str_eq(task->model_name, "made-up-model");
    cr_expect_null(api->task(plugin, 1));
}

Test(abi, a_wrong_configuration_gives_no_plugin_and_the_reason)
{
    const char *const tasks[] = {"wrong.xml"};
    const medtl_plugin_options options = {.size = sizeof options, .tasks = tasks, .task_count = 1};
    medtl_plugin *other = plugin;
    medtl_error err = {0};

    cr_expect_eq(api->create(&options, &other, &err), MEDTL_E_CONFIG);
    cr_expect_null(other);
    cr_expect_str_eq(err.message, "wrong.xml:1: no such task");
}

Test(abi, options_of_older_and_newer_hosts_are_understood)
{
    struct {
        medtl_plugin_options options;
        unsigned char later[16]; /* members of a newer header */
    } newer = {.options = {.size = sizeof newer}};
    const medtl_plugin_options unset = {.threads = 2}, older = {.size = 8, .threads = 2};
    medtl_plugin *other = NULL;

    cr_expect_eq(api->create(&unset, &other, NULL), MEDTL_E_ARGUMENT, "size is not set");
    cr_expect_eq(api->create(&older, &other, NULL), MEDTL_OK);
    api->destroy(other);
    cr_expect_eq(api->create(&newer.options, &other, NULL), MEDTL_OK, "unused new members");
    api->destroy(other);
    newer.later[3] = 1;
    cr_expect_eq(api->create(&newer.options, &other, NULL), MEDTL_E_UNSUPPORTED);
    cr_expect_null(other);
}

Test(abi, every_object_has_an_item_with_its_outcome)
{
    const char *const names[] = {"image", "bad", "text", NULL};
    medtl_plugin_job *job = job_of(names);
    medtl_error err = {0};

    cr_expect_eq(api->item_count(job), 0, "nothing before the run");
    cr_expect_str_eq(api->json(job), "");
    cr_assert_eq(api->job_run(job, &err), MEDTL_OK, "%s", err.message);
    cr_assert_eq(api->item_count(job), 3);

    const medtl_plugin_item *item = api->item(job, 0);
    cr_expect_eq(item->outcome, MEDTL_PLUGIN_ANALYSED);
    cr_expect_str_eq(item->task, "made-up");
    cr_assert_eq(item->class_count, 2);
    cr_expect_str_eq(item->labels[item->predicted_class], "malignant");
    cr_expect_float_eq(item->probabilities[1], 0.75f, 0.0f);
    cr_expect(item->above_threshold);

    item = api->item(job, 1);
    cr_expect_eq(item->outcome, MEDTL_PLUGIN_FAILED);
    cr_expect_eq(item->status, MEDTL_E_FORMAT);
    cr_expect_str_eq(item->reason, "broken");
    cr_expect_str_eq(item->task, "");
    cr_expect_eq(item->class_count, 0);
    cr_expect_null(item->probabilities);

    cr_expect_eq(api->item(job, 2)->outcome, MEDTL_PLUGIN_IGNORED);
    cr_expect_str_eq(api->outcome_name(api->item(job, 2)->outcome), "ignored");
    cr_expect_null(api->item(job, 3));
    cr_expect_str_eq(api->json(job), "{\"objects\": 3}");
    api->job_destroy(job);
}

Test(abi, reports_come_as_bytes_with_their_uids)
{
    const char *const names[] = {"image", "another", NULL};
    medtl_plugin_job *job = job_of(names);
    const medtl_plugin_report *report;

    cr_assert_eq(api->job_run(job, NULL), MEDTL_OK);
    cr_assert_eq(api->report_count(job), 1);
    report = api->report(job, 0);
    cr_expect_eq(report->status, MEDTL_OK);
    cr_expect_eq(report->size, strlen("report of 2"));
    cr_expect_arr_eq(report->bytes, "report of 2", report->size);
    cr_expect_str_eq(report->sop_instance_uid, "1.2.2");
    cr_expect_str_eq(report->series_instance_uid, "1.2.0");
    cr_expect_str_eq(report->study_instance_uid, "1.2");
    cr_expect_eq(report->image_count, 2);
    cr_expect_not(report->already_there);
    cr_expect_null(api->report(job, 1));
    cr_expect_str_eq(api->report_profile(job, 0), "tid1500");
    cr_expect_null(api->report_profile(job, 1));
    api->job_destroy(job);
}

static bool has_it(void *context, const char *study, const char *report)
{
    (void)study;
    return strcmp(context, report) == 0;
}

Test(abi, a_known_report_is_not_made_again)
{
    medtl_plugin_job *job = job_with("image");

    api->job_set_known(job, has_it, (void *)"1.2.1", NULL);
    cr_assert_eq(api->job_run(job, NULL), MEDTL_OK);
    cr_assert_eq(api->report_count(job), 1);
    cr_expect(api->report(job, 0)->already_there);
    cr_expect_null(api->report(job, 0)->bytes);
    cr_expect_str_eq(api->report(job, 0)->sop_instance_uid, "1.2.1");
    api->job_destroy(job);
}

Test(abi, a_job_runs_once_and_is_closed_then)
{
    medtl_plugin_job *job = job_with("image");
    medtl_error err = {0};

    cr_expect_eq(api->job_result(job, &err), MEDTL_E_ARGUMENT, "not ended");
    cr_assert_eq(api->job_run(job, NULL), MEDTL_OK);
    cr_expect_eq(api->job_run(job, &err), MEDTL_E_ARGUMENT);
    cr_expect_str_eq(err.message, "job_run: a job runs only once");
    cr_expect_eq(api->job_start(job, &err), MEDTL_E_ARGUMENT);
    cr_expect_eq(api->job_add_file(job, "late", &err), MEDTL_E_ARGUMENT);
    cr_expect_eq(api->job_set_progress(job, NULL, NULL, &err), MEDTL_E_ARGUMENT);
    cr_expect_eq(api->job_result(job, &err), MEDTL_OK);
    api->job_destroy(job);
}

Test(abi, a_folder_must_be_one)
{
    medtl_plugin_job *job = job_with("image");
    medtl_error err = {0};

    cr_expect_eq(api->job_add_folder(job, MEDTL_SOURCE_DIR "/LICENSE", &err), MEDTL_E_IO);
    cr_expect(strstr(err.message, "LICENSE: is not a folder") != NULL, "%s", err.message);
    cr_expect_eq(api->job_add_folder(job, MEDTL_SOURCE_DIR, &err), MEDTL_OK);
    api->job_destroy(job);
}

Test(abi, starting_does_not_wait)
{
    medtl_plugin_job *job = job_with("slow");
    size_t done = 9, total = 9;

    cr_assert_eq(api->job_start(job, NULL), MEDTL_OK);
    cr_expect_lt(api->job_wait(job, 20), MEDTL_PLUGIN_JOB_ENDED, "the gate is shut");
    cr_expect_eq(api->item_count(job), 0);
    made_up_gate(true);
    cr_expect_eq(api->job_wait(job, -1), MEDTL_PLUGIN_JOB_ENDED);
    cr_expect_eq(api->job_result(job, NULL), MEDTL_OK);
    cr_expect_eq(api->item_count(job), 1);
    api->job_progress(job, &done, &total);
    cr_expect_eq(done, 1);
    cr_expect_eq(total, 1);
    api->job_destroy(job);
}

static void note_begin(void *context, size_t done, size_t total)
{
    (void)total;
    if (done == 1)
        (*(int *)context)++;
}

Test(abi, started_jobs_run_in_order)
{
    medtl_plugin_job *first = job_with("slow"), *second = job_with("image");
    int begun = 0;

    api->job_set_progress(second, note_begin, &begun, NULL);
    api->job_start(first, NULL);
    api->job_start(second, NULL);
    cr_expect_eq(api->job_wait(second, 20), MEDTL_PLUGIN_JOB_QUEUED, "the first one is at work");
    cr_expect_eq(begun, 0);
    made_up_gate(true);
    cr_expect_eq(api->job_wait(second, -1), MEDTL_PLUGIN_JOB_ENDED);
    cr_expect_eq(api->job_state(first), MEDTL_PLUGIN_JOB_ENDED);
    cr_expect_eq(begun, 1);
    api->job_destroy(second);
    api->job_destroy(first);
}

Test(abi, a_cancelled_job_still_accounts_for_every_object)
{
    const char *const names[] = {"image", "slow", "late", NULL};
    medtl_plugin_job *job = job_of(names);
    medtl_error err = {0};

    api->job_start(job, NULL);
    while (api->job_wait(job, 1) == MEDTL_PLUGIN_JOB_QUEUED)
        ;
    api->job_cancel(job);
    cr_expect_eq(api->job_wait(job, -1), MEDTL_PLUGIN_JOB_ENDED);
    cr_expect_eq(api->job_result(job, &err), MEDTL_E_CANCELLED);
    cr_expect_str_eq(err.message, "the run was stopped");
    cr_assert_eq(api->item_count(job), 3);
    cr_expect_eq(api->item(job, 2)->outcome, MEDTL_PLUGIN_CANCELLED);
    cr_expect_eq(api->report_count(job), 0, "an incomplete study is not reported");
    api->job_destroy(job);
}

Test(abi, destroying_a_job_under_way_cancels_it)
{
    medtl_plugin_job *running = job_with("slow"), *waiting = job_with("slow");

    api->job_start(running, NULL);
    api->job_start(waiting, NULL);
    api->job_destroy(waiting);
    api->job_destroy(running); /* the gate is still shut */
}

Test(abi, results_outlive_the_plugin)
{
    medtl_plugin_job *ran = job_with("image"), *running = job_with("slow"),
                     *waiting = job_with("image");

    api->job_run(ran, NULL);
    api->job_start(running, NULL);
    api->job_start(waiting, NULL);
    api->destroy(plugin);
    plugin = NULL; /* for tear_down() */
    cr_expect_str_eq(api->item(ran, 0)->labels[0], "benign");
    cr_expect_eq(api->job_result(running, NULL), MEDTL_E_CANCELLED);
    cr_expect_eq(api->job_result(waiting, NULL), MEDTL_E_CANCELLED);
    api->job_destroy(waiting);
    api->job_destroy(running);
    api->job_destroy(ran);
}

static void *run_one(void *context)
{
    medtl_plugin_job *job = job_with("image");

    if (api->job_run(job, NULL) == MEDTL_OK && api->item_count(job) == 1)
        atomic_fetch_add((atomic_int *)context, 1);
    api->job_destroy(job);
    return NULL;
}

Test(abi, jobs_run_side_by_side)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    atomic_int good = 0;

    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, run_one, &good), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_expect_eq(good, THREADS);
}

struct journal {
    char text[1024];
};

static void write_down(void *context, medtl_plugin_level level, const char *message)
{
    struct journal *journal = context;
    const size_t used = strlen(journal->text);

    (void)snprintf(journal->text + used, sizeof journal->text - used, "%d %s\n", (int)level,
                   message);
}

Test(abi, the_log_has_what_its_level_asks_for)
{
    struct journal journal = {""};
    const medtl_plugin_options options = {.size = sizeof options,
                                          .log = write_down,
                                          .log_context = &journal,
                                          .log_level = MEDTL_PLUGIN_LOG_WARNING};
    const char *const names[] = {"image", "bad", "text", NULL};
    medtl_plugin *mine = plugin;

    cr_assert_eq(api->create(&options, &plugin, NULL), MEDTL_OK);
    medtl_plugin_job *job = job_of(names);
    api->job_run(job, NULL);
    cr_expect_str_eq(journal.text, "1 bad: failed: broken\n");
    api->job_destroy(job);
    api->destroy(plugin);
    plugin = mine;
}

Test(abi, a_broken_contract_is_an_answer_not_a_crash)
{
    medtl_error err = {0};

    cr_expect_eq(api->create(NULL, NULL, &err), MEDTL_E_ARGUMENT);
    cr_expect_eq(api->job_create(NULL, NULL, &err), MEDTL_E_ARGUMENT);
    cr_expect_eq(api->job_add_file(NULL, "x", &err), MEDTL_E_ARGUMENT);
    cr_expect_eq(api->job_run(NULL, &err), MEDTL_E_ARGUMENT);
    cr_expect_eq(api->job_start(NULL, NULL), MEDTL_E_ARGUMENT);
    cr_expect_eq(api->job_result(NULL, NULL), MEDTL_E_ARGUMENT);
    cr_expect_eq(api->job_wait(NULL, -1), MEDTL_PLUGIN_JOB_NEW);
    api->job_cancel(NULL);
    api->job_destroy(NULL);
    api->destroy(NULL);
    cr_expect_eq(api->item_count(NULL), 0);
    cr_expect_null(api->report(NULL, 0));
    cr_expect_null(api->report_profile(NULL, 0));
    cr_expect_str_eq(api->json(NULL), "");
    cr_expect_str_eq(api->outcome_name((medtl_plugin_outcome)77), "unknown");
}
