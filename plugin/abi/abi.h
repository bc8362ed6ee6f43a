/* Inside the plugin's C ABI: what a plugin and a job are. The contract is medtl/plugin.h. */
#ifndef MEDTL_PLUGIN_ABI_H
#define MEDTL_PLUGIN_ABI_H

#include "medtl/plugin.h"
#include "plugin/pipeline/pipeline.h"

#include <pthread.h>
#include <stdatomic.h>

/* Jobs hold a reference on their plugin, so that results outlive medtl_plugin_api.destroy(). */
struct medtl_plugin {
    medtl_pipeline *pipeline;
    medtl_plugin_task *tasks; /* one for each of the pipeline's, same order */
    size_t task_count;
    size_t threads;
    medtl_plugin_log log;
    void *log_context;
    medtl_plugin_level log_level;

    pthread_mutex_t lock; /* guards all that follows */
    pthread_cond_t work;
    size_t references;
    bool closing, has_worker;
    pthread_t worker;
    medtl_plugin_job *first, *last; /* waiting for the worker, linked by job->next */
    medtl_plugin_job *current;      /* at the worker */
};

struct medtl_plugin_job {
    medtl_plugin *plugin;
    medtl_batch *batch;
    medtl_plugin_job *next; /* guarded by the plugin's lock */
    medtl_plugin_progress progress;
    medtl_plugin_known known;
    void *progress_context, *known_context;
    atomic_size_t done, total;

    pthread_mutex_t lock; /* guards the state; once it is ENDED nothing below changes any more */
    pthread_cond_t ended;
    medtl_plugin_state state;
    medtl_error result; /* status MEDTL_OK: ended well */
    medtl_plugin_item *items;
    size_t item_count;
    medtl_plugin_report *reports; /* bytes are owned */
    const char **profiles;        /* of each; the names are static */
    size_t report_count, report_capacity;
    char *json;
};

/* plugin.c */
medtl_status medtl_abi_create(const medtl_plugin_options *options, medtl_plugin **out,
                              medtl_error *err);
void medtl_abi_destroy(medtl_plugin *plugin);
size_t medtl_abi_task_count(const medtl_plugin *plugin);
const medtl_plugin_task *medtl_abi_task(const medtl_plugin *plugin, size_t index);
void medtl_abi_hold(medtl_plugin *plugin);
void medtl_abi_release(medtl_plugin *plugin);
void medtl_abi_say(const medtl_plugin *plugin, medtl_plugin_level level, const char *format, ...)
    MEDTL_PRINTF(3, 4);

/* worker.c: the plugin's own thread and the jobs that wait for it */
medtl_status medtl_abi_worker_push(medtl_plugin *plugin, medtl_plugin_job *job, medtl_error *err);
/** Take a waiting job back. @return false where the worker has it already, or is through with it. */
bool medtl_abi_worker_remove(medtl_plugin *plugin, medtl_plugin_job *job);
/** Cancel what runs and waits, and join the thread. */
void medtl_abi_worker_stop(medtl_plugin *plugin);

/* job.c */
medtl_status medtl_abi_job_create(medtl_plugin *plugin, medtl_plugin_job **out, medtl_error *err);
void medtl_abi_job_destroy(medtl_plugin_job *job);
medtl_status medtl_abi_job_add_file(medtl_plugin_job *job, const char *path, medtl_error *err);
medtl_status medtl_abi_job_add_folder(medtl_plugin_job *job, const char *path, medtl_error *err);
medtl_status medtl_abi_job_add_memory(medtl_plugin_job *job, const void *bytes, size_t size,
                                      const char *name, medtl_error *err);
medtl_status medtl_abi_job_set_progress(medtl_plugin_job *job, medtl_plugin_progress progress,
                                        void *context, medtl_error *err);
medtl_status medtl_abi_job_set_known(medtl_plugin_job *job, medtl_plugin_known known, void *context,
                                     medtl_error *err);

/* run.c */
medtl_status medtl_abi_job_run(medtl_plugin_job *job, medtl_error *err);
medtl_status medtl_abi_job_start(medtl_plugin_job *job, medtl_error *err);
/** Run the batch and keep its results; the state is RUNNING. The caller then ends the job. */
void medtl_abi_job_execute(medtl_plugin_job *job);
/** Make the results visible. After this the job may be gone at any time. */
void medtl_abi_job_end(medtl_plugin_job *job);
void medtl_abi_job_set_state(medtl_plugin_job *job, medtl_plugin_state state);
medtl_plugin_state medtl_abi_job_wait(medtl_plugin_job *job, int64_t milliseconds);
medtl_plugin_state medtl_abi_job_state(const medtl_plugin_job *job);
void medtl_abi_job_progress(const medtl_plugin_job *job, size_t *done, size_t *total);
void medtl_abi_job_cancel(medtl_plugin_job *job);

/* result.c */
medtl_status medtl_abi_sink(void *context, const medtl_batch_report *report,
                            char location[MEDTL_LOCATION_SIZE], medtl_error *err);
/** From the batch's records to items, reports and JSON. */
medtl_status medtl_abi_collect(medtl_plugin_job *job, medtl_error *err);
void medtl_abi_forget(medtl_plugin_job *job);
medtl_status medtl_abi_job_result(const medtl_plugin_job *job, medtl_error *err);
size_t medtl_abi_item_count(const medtl_plugin_job *job);
const medtl_plugin_item *medtl_abi_item(const medtl_plugin_job *job, size_t index);
size_t medtl_abi_report_count(const medtl_plugin_job *job);
const medtl_plugin_report *medtl_abi_report(const medtl_plugin_job *job, size_t index);
const char *medtl_abi_report_profile(const medtl_plugin_job *job, size_t index);
const char *medtl_abi_json(const medtl_plugin_job *job);

#endif
