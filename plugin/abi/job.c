/* A job until it runs: created, filled and, in the end, destroyed. */
#include "abi.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

medtl_status medtl_abi_job_create(medtl_plugin *plugin, medtl_plugin_job **out, medtl_error *err)
{
    medtl_plugin_job *job;
    pthread_condattr_t clock;
    medtl_status status;

    if (out == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "job_create: out is NULL");
    *out = NULL;
    if (plugin == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "job_create: plugin is NULL");
    job = calloc(1, sizeof *job);
    if (job == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "job");
    if ((status = medtl_batch_create(plugin->pipeline, &job->batch, err)) != MEDTL_OK) {
        free(job);
        return status;
    }
    pthread_mutex_init(&job->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC); /* waits survive a change of the clock */
    pthread_cond_init(&job->ended, &clock);
    pthread_condattr_destroy(&clock);
    medtl_abi_hold(plugin);
    job->plugin = plugin;
    *out = job;
    return MEDTL_OK;
}

void medtl_abi_job_destroy(medtl_plugin_job *job)
{
    if (job == NULL)
        return;
    if (medtl_abi_job_state(job) != MEDTL_PLUGIN_JOB_NEW &&
        !medtl_abi_worker_remove(job->plugin, job)) {
        medtl_abi_job_cancel(job);
        (void)medtl_abi_job_wait(job, -1);
    }
    medtl_abi_forget(job);
    medtl_batch_destroy(job->batch);
    pthread_cond_destroy(&job->ended);
    pthread_mutex_destroy(&job->lock);
    medtl_abi_release(job->plugin);
    free(job);
}

/* A job can be changed until it is started or run. */
static medtl_status require_new(const medtl_plugin_job *job, const char *function, medtl_error *err)
{
    if (job == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: job is NULL", function);
    if (medtl_abi_job_state(job) != MEDTL_PLUGIN_JOB_NEW)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: the job has been started", function);
    return MEDTL_OK;
}

medtl_status medtl_abi_job_add_file(medtl_plugin_job *job, const char *path, medtl_error *err)
{
    const medtl_status status = require_new(job, "job_add_file", err);

    if (status != MEDTL_OK)
        return status;
    if (path == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "job_add_file: path is NULL");
    return medtl_batch_add_path(job->batch, path, err);
}

medtl_status medtl_abi_job_add_folder(medtl_plugin_job *job, const char *path, medtl_error *err)
{
    const medtl_status status = require_new(job, "job_add_folder", err);
    struct stat what;

    if (status != MEDTL_OK)
        return status;
    if (path == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "job_add_folder: path is NULL");
    if (stat(path, &what) != 0 || !S_ISDIR(what.st_mode))
        return medtl_fail(err, MEDTL_E_IO, "%s: is not a folder", path);
    return medtl_batch_add_path(job->batch, path, err);
}

medtl_status medtl_abi_job_add_memory(medtl_plugin_job *job, const void *bytes, size_t size,
                                      const char *name, medtl_error *err)
{
    const medtl_status status = require_new(job, "job_add_memory", err);

    if (status != MEDTL_OK)
        return status;
    if (bytes == NULL || name == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "job_add_memory: bytes or name is NULL");
    return medtl_batch_add_memory(job->batch, bytes, size, name, err);
}

medtl_status medtl_abi_job_set_progress(medtl_plugin_job *job, medtl_plugin_progress progress,
                                        void *context, medtl_error *err)
{
    const medtl_status status = require_new(job, "job_set_progress", err);

    if (status != MEDTL_OK)
        return status;
    job->progress = progress;
    job->progress_context = context;
    return MEDTL_OK;
}

medtl_status medtl_abi_job_set_known(medtl_plugin_job *job, medtl_plugin_known known, void *context,
                                     medtl_error *err)
{
    const medtl_status status = require_new(job, "job_set_known", err);

    if (status != MEDTL_OK)
        return status;
    job->known = known;
    job->known_context = context;
    return MEDTL_OK;
}
