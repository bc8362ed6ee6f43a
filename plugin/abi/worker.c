/* The plugin's own thread: runs started jobs one after the other. Started with the first job. */
#include "abi.h"

#include <signal.h>

static medtl_plugin_job *next_job(medtl_plugin *plugin)
{
    medtl_plugin_job *job;

    pthread_mutex_lock(&plugin->lock);
    while (plugin->first == NULL && !plugin->closing)
        pthread_cond_wait(&plugin->work, &plugin->lock);
    job = plugin->first;
    if (job != NULL) {
        plugin->first = job->next;
        if (plugin->first == NULL)
            plugin->last = NULL;
        plugin->current = job;
    }
    pthread_mutex_unlock(&plugin->lock);
    return job;
}

static void *work(void *context)
{
    medtl_plugin *plugin = context;
    medtl_plugin_job *job;

    while ((job = next_job(plugin)) != NULL) {
        medtl_abi_job_set_state(job, MEDTL_PLUGIN_JOB_RUNNING);
        medtl_abi_job_execute(job);
        pthread_mutex_lock(&plugin->lock);
        plugin->current = NULL; /* before the job ends: from then on the host may destroy it */
        pthread_mutex_unlock(&plugin->lock);
        medtl_abi_job_end(job);
    }
    return NULL;
}

/* The host's signals are for the host's threads. Called with the lock held. */
static medtl_status start_thread(medtl_plugin *plugin, medtl_error *err)
{
    sigset_t all, before;
    int failure;

    if (plugin->has_worker)
        return MEDTL_OK;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failure = pthread_create(&plugin->worker, NULL, work, plugin);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure != 0)
        return medtl_fail(err, MEDTL_E_MEMORY, "cannot start the worker thread (error %d)",
                          failure);
    plugin->has_worker = true;
    return MEDTL_OK;
}

medtl_status medtl_abi_worker_push(medtl_plugin *plugin, medtl_plugin_job *job, medtl_error *err)
{
    medtl_status status;

    pthread_mutex_lock(&plugin->lock);
    status = plugin->closing ? medtl_fail(err, MEDTL_E_ARGUMENT, "the plugin is being destroyed")
                             : start_thread(plugin, err);
    if (status == MEDTL_OK) {
        job->next = NULL;
        if (plugin->last != NULL)
            plugin->last->next = job;
        else
            plugin->first = job;
        plugin->last = job;
        pthread_cond_signal(&plugin->work);
    }
    pthread_mutex_unlock(&plugin->lock);
    return status;
}

bool medtl_abi_worker_remove(medtl_plugin *plugin, medtl_plugin_job *job)
{
    medtl_plugin_job *before = NULL, *at;

    pthread_mutex_lock(&plugin->lock);
    for (at = plugin->first; at != NULL && at != job; at = at->next)
        before = at;
    if (at != NULL) {
        if (before != NULL)
            before->next = at->next;
        else
            plugin->first = at->next;
        if (plugin->last == at)
            plugin->last = before;
    }
    pthread_mutex_unlock(&plugin->lock);
    return at != NULL;
}

/* Waiting jobs still pass the worker: cancelled, they end at once, with an item for each object. */
void medtl_abi_worker_stop(medtl_plugin *plugin)
{
    bool has_worker;

    pthread_mutex_lock(&plugin->lock);
    plugin->closing = true;
    if (plugin->current != NULL)
        medtl_batch_cancel(plugin->current->batch);
    for (medtl_plugin_job *job = plugin->first; job != NULL; job = job->next)
        medtl_batch_cancel(job->batch);
    has_worker = plugin->has_worker;
    plugin->has_worker = false;
    pthread_cond_broadcast(&plugin->work);
    pthread_mutex_unlock(&plugin->lock);
    if (has_worker)
        pthread_join(plugin->worker, NULL);
}
