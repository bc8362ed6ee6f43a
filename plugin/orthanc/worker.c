/* The plugin's own thread: takes studies from the queue until the server stops. */
#include "orthanc.h"

#include <signal.h>
#include <string.h>

static void *work(void *context)
{
    medtl_orthanc *self = context;
    medtl_queue_job job;

    while (medtl_queue_take(self->queue, &job)) {
        medtl_job_result result;
        medtl_job_state state;

        memset(&result, 0, sizeof result);
        state = medtl_orthanc_classify(self, &job, &result);
        medtl_queue_finish(self->queue, state, &result);
        medtl_orthanc_log(self, state == MEDTL_JOB_FAILED ? MEDTL_LOG_ERROR : MEDTL_LOG_INFO,
                          "job %llu %s: %zu instances, %zu analysed, %zu already reported, %zu not "
                          "taken, %zu failed, %zu reports stored%s%s",
                          (unsigned long long)job.number, medtl_job_state_name(state),
                          result.objects, result.analysed, result.already_reported,
                          result.not_taken, result.failed, result.reports,
                          result.message[0] != '\0' ? ": " : "", result.message);
    }
    return NULL;
}

medtl_status medtl_orthanc_start_worker(medtl_orthanc *self, medtl_error *err)
{
    sigset_t all, before;
    int failure;

    sigfillset(&all); /* signals are for the server's own threads */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failure = pthread_create(&self->worker, NULL, work, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure != 0)
        return medtl_fail(err, MEDTL_E_MEMORY, "cannot start the worker thread (error %d)",
                          failure);
    self->has_worker = true;
    return MEDTL_OK;
}

void medtl_orthanc_stop_worker(medtl_orthanc *self)
{
    bool join;

    if (self->queue != NULL)
        medtl_queue_close(self->queue);
    pthread_mutex_lock(&self->lock);
    self->stopping = true;
    if (self->batch != NULL)
        medtl_batch_cancel(self->batch);
    join = self->has_worker;
    self->has_worker = false;
    pthread_mutex_unlock(&self->lock);
    if (join) /* without the lock: the worker takes it on its way out */
        pthread_join(self->worker, NULL);
}

bool medtl_orthanc_stopping(medtl_orthanc *self)
{
    bool stopping;

    pthread_mutex_lock(&self->lock);
    stopping = self->stopping;
    pthread_mutex_unlock(&self->lock);
    return stopping;
}

void medtl_orthanc_set_batch(medtl_orthanc *self, medtl_batch *batch)
{
    pthread_mutex_lock(&self->lock);
    self->batch = batch;
    if (batch != NULL && self->stopping)
        medtl_batch_cancel(batch);
    pthread_mutex_unlock(&self->lock);
}
