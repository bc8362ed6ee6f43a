/* A job while it runs: on the caller's thread or the worker's, watched and cancelled from any. */
#include "abi.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* NEW -> state, once: the only step that two threads could both try. */
static medtl_status claim(medtl_plugin_job *job, medtl_plugin_state state, const char *function,
                          medtl_error *err)
{
    bool claimed;

    if (job == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: job is NULL", function);
    pthread_mutex_lock(&job->lock);
    claimed = job->state == MEDTL_PLUGIN_JOB_NEW;
    if (claimed)
        job->state = state;
    pthread_mutex_unlock(&job->lock);
    return claimed ? MEDTL_OK
                   : medtl_fail(err, MEDTL_E_ARGUMENT, "%s: a job runs only once", function);
}

void medtl_abi_job_set_state(medtl_plugin_job *job, medtl_plugin_state state)
{
    pthread_mutex_lock(&job->lock);
    job->state = state;
    pthread_mutex_unlock(&job->lock);
}

void medtl_abi_job_end(medtl_plugin_job *job)
{
    pthread_mutex_lock(&job->lock);
    job->state = MEDTL_PLUGIN_JOB_ENDED;
    pthread_cond_broadcast(&job->ended);
    pthread_mutex_unlock(&job->lock);
}

static void on_progress(void *context, const medtl_progress *progress)
{
    medtl_plugin_job *job = context;

    atomic_store(&job->done, progress->done);
    atomic_store(&job->total, progress->total);
    if (job->progress != NULL)
        job->progress(job->progress_context, progress->done, progress->total);
}

static void log_items(const medtl_plugin_job *job)
{
    for (size_t i = 0; i < job->item_count; i++) {
        const medtl_plugin_item *item = &job->items[i];

        if (item->outcome == MEDTL_PLUGIN_FAILED)
            medtl_abi_say(job->plugin, MEDTL_PLUGIN_LOG_WARNING, "%s: failed: %s", item->name,
                          item->reason);
        else if (item->outcome != MEDTL_PLUGIN_ANALYSED)
            medtl_abi_say(job->plugin, MEDTL_PLUGIN_LOG_DEBUG, "%s: %s: %s", item->name,
                          medtl_outcome_name((medtl_outcome)item->outcome), item->reason);
    }
}

static void log_end(const medtl_plugin_job *job)
{
    size_t reports = 0;

    for (size_t i = 0; i < job->report_count; i++) {
        if (job->reports[i].status != MEDTL_OK)
            medtl_abi_say(job->plugin, MEDTL_PLUGIN_LOG_ERROR, "a %s report failed: %s",
                          job->reports[i].task, job->reports[i].reason);
        reports += job->reports[i].bytes != NULL;
    }
    if (job->result.status != MEDTL_OK)
        medtl_abi_say(job->plugin, MEDTL_PLUGIN_LOG_ERROR, "job ended: %s", job->result.message);
    medtl_abi_say(job->plugin, MEDTL_PLUGIN_LOG_INFO,
                  "job ended: %zu objects, %zu analysed, %zu failed, %zu reports", job->item_count,
                  medtl_batch_outcome_count(job->batch, MEDTL_OUTCOME_ANALYSED),
                  medtl_batch_outcome_count(job->batch, MEDTL_OUTCOME_FAILED), reports);
}

void medtl_abi_job_execute(medtl_plugin_job *job)
{
    const medtl_batch_options options = {.threads = job->plugin->threads,
                                         .sink = medtl_abi_sink,
                                         .sink_context = job,
                                         .known = job->known,
                                         .known_context = job->known_context,
                                         .progress = on_progress,
                                         .progress_context = job};
    medtl_error err = {0}, more = {0};
    medtl_status status = medtl_batch_run(job->batch, &options, &err);

    /* A cancelled run has results too. What failed first is what the host is told. */
    if ((status == MEDTL_OK || status == MEDTL_E_CANCELLED) &&
        medtl_abi_collect(job, &more) != MEDTL_OK) {
        status = more.status;
        err = more;
    }
    err.status = status;
    job->result = err;
    log_items(job);
    log_end(job);
}

medtl_status medtl_abi_job_run(medtl_plugin_job *job, medtl_error *err)
{
    const medtl_status status = claim(job, MEDTL_PLUGIN_JOB_RUNNING, "job_run", err);

    if (status != MEDTL_OK)
        return status;
    medtl_abi_job_execute(job);
    medtl_abi_job_end(job);
    return medtl_abi_job_result(job, err);
}

medtl_status medtl_abi_job_start(medtl_plugin_job *job, medtl_error *err)
{
    medtl_status status = claim(job, MEDTL_PLUGIN_JOB_QUEUED, "job_start", err);

    if (status != MEDTL_OK)
        return status;
    status = medtl_abi_worker_push(job->plugin, job, err);
    if (status != MEDTL_OK)
        medtl_abi_job_set_state(job, MEDTL_PLUGIN_JOB_NEW);
    return status;
}

static struct timespec moment_in(int64_t milliseconds)
{
    struct timespec moment;

    clock_gettime(CLOCK_MONOTONIC, &moment);
    moment.tv_sec += (time_t)(milliseconds / 1000);
    moment.tv_nsec += (long)(milliseconds % 1000) * 1000000L;
    if (moment.tv_nsec >= 1000000000L) {
        moment.tv_sec++;
        moment.tv_nsec -= 1000000000L;
    }
    return moment;
}

static bool under_way(medtl_plugin_state state)
{
    return state == MEDTL_PLUGIN_JOB_QUEUED || state == MEDTL_PLUGIN_JOB_RUNNING;
}

medtl_plugin_state medtl_abi_job_wait(medtl_plugin_job *job, int64_t milliseconds)
{
    const struct timespec until = moment_in(milliseconds < 0 ? 0 : milliseconds);
    medtl_plugin_state state;
    int waited = 0;

    if (job == NULL)
        return MEDTL_PLUGIN_JOB_NEW;
    pthread_mutex_lock(&job->lock);
    while (under_way(job->state) && waited != ETIMEDOUT)
        waited = milliseconds < 0 ? pthread_cond_wait(&job->ended, &job->lock)
                                  : pthread_cond_timedwait(&job->ended, &job->lock, &until);
    state = job->state;
    pthread_mutex_unlock(&job->lock);
    return state;
}

medtl_plugin_state medtl_abi_job_state(const medtl_plugin_job *job)
{
    medtl_plugin_job *mine = (medtl_plugin_job *)job; /* for its lock only */
    medtl_plugin_state state;

    if (job == NULL)
        return MEDTL_PLUGIN_JOB_NEW;
    pthread_mutex_lock(&mine->lock);
    state = mine->state;
    pthread_mutex_unlock(&mine->lock);
    return state;
}

void medtl_abi_job_progress(const medtl_plugin_job *job, size_t *done, size_t *total)
{
    if (done != NULL)
        *done = job != NULL ? atomic_load(&job->done) : 0;
    if (total != NULL)
        *total = job != NULL ? atomic_load(&job->total) : 0;
}

void medtl_abi_job_cancel(medtl_plugin_job *job)
{
    if (job != NULL)
        medtl_batch_cancel(job->batch);
}
