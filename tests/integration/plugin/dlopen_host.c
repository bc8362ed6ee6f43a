/* A host that loads the plugin the hard way: dlopen, use, dlclose, and again, from several threads, and
 * compares what comes out bit by bit. Built like the plugin, so it carries the same sanitizers.
 * usage: dlopen_host PLUGIN.so FILE_OR_FOLDER...   Exit 0: all held; 1 with a line for what did not. */
#include "medtl/plugin.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) /* ten times as slow */
enum { ROUNDS = 2, THREADS = 2 };
#else
enum { ROUNDS = 3, THREADS = 3 };
#endif
enum { MOST_VALUES = 4096 };

static char **paths;
static int path_count;

/* All probabilities of a job, one after the other, and the reports' UIDs. */
typedef struct outcome {
    size_t values, reports;
    float probabilities[MOST_VALUES];
    char uids[4096];
} outcome;

static void require(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "dlopen_host: %s\n", what);
    exit(1);
}

static void on_log(void *context, medtl_plugin_level level, const char *message)
{
    (void)context;
    fprintf(stderr, "plugin (%d): %s\n", (int)level, message);
}

static void collect(const medtl_plugin_api *api, const medtl_plugin_job *job, outcome *out)
{
    for (size_t i = 0; i < api->item_count(job); i++) {
        const medtl_plugin_item *item = api->item(job, i);
        float sum = 0;

        for (size_t c = 0; c < item->class_count && out->values < MOST_VALUES; c++) {
            out->probabilities[out->values++] = item->probabilities[c];
            sum += item->probabilities[c];
        }
        require(item->class_count == 0 || (sum > 0.999f && sum < 1.001f), "the sum is not 1");
    }
    for (size_t i = 0; i < api->report_count(job); i++) {
        const medtl_plugin_report *report = api->report(job, i);

        require(report->status == MEDTL_OK && report->bytes != NULL, "a report failed");
        require(strcmp(api->report_profile(job, i), "tid1500") == 0, "a report of another profile");
        require(report->size > 132 && memcmp(report->bytes + 128, "DICM", 4) == 0,
                "a report is not a DICOM file");
        strncat(out->uids, report->sop_instance_uid, sizeof out->uids - strlen(out->uids) - 1);
        out->reports++;
    }
    require(api->json(job)[0] == '{', "the JSON is not an object");
}

static void run_job(const medtl_plugin_api *api, medtl_plugin *plugin, int started, outcome *out)
{
    medtl_plugin_job *job = NULL;
    medtl_error err = {0};

    memset(out, 0, sizeof *out);
    require(api->job_create(plugin, &job, &err) == MEDTL_OK, err.message);
    for (int i = 0; i < path_count; i++)
        require(api->job_add_file(job, paths[i], &err) == MEDTL_OK, err.message);
    if (started) {
        require(api->job_start(job, &err) == MEDTL_OK, err.message);
        require(api->job_wait(job, -1) == MEDTL_PLUGIN_JOB_ENDED, "the job has not ended");
        require(api->job_result(job, &err) == MEDTL_OK, err.message);
    } else {
        require(api->job_run(job, &err) == MEDTL_OK, err.message);
    }
    collect(api, job, out);
    api->job_destroy(job);
}

static void require_same(const outcome *a, const outcome *b)
{
    require(a->values == b->values && a->reports == b->reports, "another number of results");
    require(memcmp(a->probabilities, b->probabilities, a->values * sizeof(float)) == 0,
            "other bits in the probabilities");
    require(strcmp(a->uids, b->uids) == 0, "other UIDs of the reports");
}

typedef struct visit {
    const medtl_plugin_api *api;
    medtl_plugin *plugin;
    outcome result;
} visit;

static void *visit_plugin(void *context)
{
    visit *v = context;

    run_job(v->api, v->plugin, 0, &v->result);
    return NULL;
}

static void run_side_by_side(const medtl_plugin_api *api, medtl_plugin *plugin,
                             const outcome *expected)
{
    static visit visits[THREADS];
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++) {
        visits[i].api = api;
        visits[i].plugin = plugin;
        require(pthread_create(&threads[i], NULL, visit_plugin, &visits[i]) == 0, "no thread");
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        require_same(&visits[i].result, expected);
    }
}

/* One life of the plugin in the process. The first fills `expected`, the others must equal it. */
static void use_once(const char *path, int first, outcome *expected)
{
    static outcome started;
    const medtl_plugin_options options = {
        .size = sizeof options, .threads = 2, .log = on_log, .log_level = MEDTL_PLUGIN_LOG_WARNING};
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    medtl_plugin_get_function *get = NULL;
    const medtl_plugin_api *api;
    medtl_plugin *plugin = NULL;
    medtl_error err = {0};

    require(object != NULL, object == NULL ? dlerror() : "");
    *(void **)&get = dlsym(object, "medtl_plugin_get");
    require(get != NULL, "no medtl_plugin_get");
    require(get(MEDTL_PLUGIN_ABI + 1) == NULL, "speaks a version that is not there");
    api = get(MEDTL_PLUGIN_ABI);
    require(api != NULL && MEDTL_PLUGIN_HAS(api, report_profile), "no table");
    require(api->create(&options, &plugin, &err) == MEDTL_OK, err.message);
    require(api->task_count(plugin) > 0, "no tasks");

    run_job(api, plugin, 0, first ? expected : &started);
    if (!first)
        require_same(&started, expected);
    run_job(api, plugin, 1, &started);
    require_same(&started, expected);
    run_side_by_side(api, plugin, expected);
    api->destroy(plugin);
    require(dlclose(object) == 0, "dlclose failed");
}

int main(int argc, char **argv)
{
    static outcome expected;

    require(argc > 2, "usage: dlopen_host PLUGIN.so FILE_OR_FOLDER...");
    paths = argv + 2;
    path_count = argc - 2;
    for (int round = 0; round < ROUNDS; round++)
        use_once(argv[1], round == 0, &expected);
    require(expected.values > 0 && expected.reports > 0, "nothing was analysed");
    printf("%d times the same %zu probabilities and %zu reports\n", ROUNDS * (2 + THREADS),
           expected.values, expected.reports);
    return 0;
}
