#include "queue.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct medtl_queue {
    pthread_mutex_t lock;
    pthread_cond_t more;
    bool closed;
    medtl_queue_job *waiting; /* a ring of `capacity`, the oldest at `first` */
    size_t capacity, first, count;
    medtl_queue_job running;                      /* number 0: none */
    medtl_queue_job history[MEDTL_QUEUE_HISTORY]; /* a ring, the next to be overwritten at `next` */
    size_t next;
    uint64_t last_number;
    medtl_queue_summary summary;
};

medtl_status medtl_queue_create(size_t capacity, medtl_queue **out, medtl_error *err)
{
    medtl_queue *queue = calloc(1, sizeof *queue);

    *out = NULL;
    if (queue != NULL)
        queue->waiting = calloc(capacity, sizeof *queue->waiting);
    if (queue == NULL || queue->waiting == NULL) {
        free(queue);
        return medtl_fail(err, MEDTL_E_MEMORY, "a queue of %zu studies", capacity);
    }
    queue->capacity = capacity;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->more, NULL);
    *out = queue;
    return MEDTL_OK;
}

void medtl_queue_destroy(medtl_queue *queue)
{
    if (queue == NULL)
        return;
    pthread_cond_destroy(&queue->more);
    pthread_mutex_destroy(&queue->lock);
    free(queue->waiting);
    free(queue);
}

static medtl_queue_job *waiting_at(medtl_queue *queue, size_t index)
{
    return &queue->waiting[(queue->first + index) % queue->capacity];
}

static medtl_queue_job *waiting_for(medtl_queue *queue, const char *study)
{
    for (size_t i = 0; i < queue->count; i++)
        if (strcmp(waiting_at(queue, i)->study, study) == 0)
            return waiting_at(queue, i);
    return NULL;
}

/* Called with the lock held. */
static medtl_queue_answer push(medtl_queue *queue, const char *study, bool automatic,
                               uint64_t *number)
{
    medtl_queue_job *job = waiting_for(queue, study);

    if (queue->closed)
        return MEDTL_QUEUE_CLOSED;
    if (job != NULL) {
        job->automatic = job->automatic && automatic;
        *number = job->number;
        return MEDTL_QUEUE_WAITS_ALREADY;
    }
    if (queue->count == queue->capacity) {
        queue->summary.refused++;
        return MEDTL_QUEUE_FULL;
    }
    job = waiting_at(queue, queue->count++);
    memset(job, 0, sizeof *job);
    job->number = *number = ++queue->last_number;
    (void)snprintf(job->study, sizeof job->study, "%s", study);
    job->automatic = automatic;
    job->arrived = time(NULL);
    queue->summary.accepted++;
    pthread_cond_signal(&queue->more);
    return MEDTL_QUEUE_ACCEPTED;
}

medtl_queue_answer medtl_queue_push(medtl_queue *queue, const char *study, bool automatic,
                                    uint64_t *number)
{
    medtl_queue_answer answer;
    uint64_t unasked;

    pthread_mutex_lock(&queue->lock);
    answer = push(queue, study, automatic, number != NULL ? number : &unasked);
    pthread_mutex_unlock(&queue->lock);
    return answer;
}

bool medtl_queue_take(medtl_queue *queue, medtl_queue_job *out)
{
    bool taken;

    pthread_mutex_lock(&queue->lock);
    while (queue->count == 0 && !queue->closed)
        pthread_cond_wait(&queue->more, &queue->lock);
    taken = !queue->closed;
    if (taken) {
        queue->running = *waiting_at(queue, 0);
        queue->running.state = MEDTL_JOB_RUNNING;
        queue->first = (queue->first + 1) % queue->capacity;
        queue->count--;
        *out = queue->running;
    }
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

void medtl_queue_progress(medtl_queue *queue, size_t done, size_t total)
{
    pthread_mutex_lock(&queue->lock);
    queue->running.done = done;
    queue->running.total = total;
    pthread_mutex_unlock(&queue->lock);
}

/* Called with the lock held. */
static void remember(medtl_queue *queue, const medtl_queue_job *job)
{
    medtl_queue_summary *summary = &queue->summary;
    const medtl_job_result *result = &job->result;

    queue->history[queue->next] = *job;
    queue->history[queue->next].ended = time(NULL);
    queue->next = (queue->next + 1) % MEDTL_QUEUE_HISTORY;
    summary->done += job->state == MEDTL_JOB_DONE;
    summary->failed += job->state == MEDTL_JOB_FAILED;
    summary->cancelled += job->state == MEDTL_JOB_CANCELLED;
    summary->totals.objects += result->objects;
    summary->totals.analysed += result->analysed;
    summary->totals.already_reported += result->already_reported;
    summary->totals.not_taken += result->not_taken;
    summary->totals.failed += result->failed;
    summary->totals.reports += result->reports;
}

void medtl_queue_finish(medtl_queue *queue, medtl_job_state state, const medtl_job_result *result)
{
    pthread_mutex_lock(&queue->lock);
    queue->running.state = state;
    queue->running.result = *result;
    remember(queue, &queue->running);
    memset(&queue->running, 0, sizeof queue->running);
    pthread_mutex_unlock(&queue->lock);
}

void medtl_queue_close(medtl_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    for (size_t i = 0; i < queue->count; i++) {
        waiting_at(queue, i)->state = MEDTL_JOB_CANCELLED;
        remember(queue, waiting_at(queue, i));
    }
    queue->count = 0;
    pthread_cond_broadcast(&queue->more);
    pthread_mutex_unlock(&queue->lock);
}

/* Called with the lock held. */
static const medtl_queue_job *find(medtl_queue *queue, uint64_t number)
{
    if (number == 0) /* marks an unused place */
        return NULL;
    if (queue->running.number == number)
        return &queue->running;
    for (size_t i = 0; i < queue->count; i++)
        if (waiting_at(queue, i)->number == number)
            return waiting_at(queue, i);
    for (size_t i = 0; i < MEDTL_QUEUE_HISTORY; i++)
        if (queue->history[i].number == number)
            return &queue->history[i];
    return NULL;
}

bool medtl_queue_find(medtl_queue *queue, uint64_t number, medtl_queue_job *out)
{
    const medtl_queue_job *job;

    pthread_mutex_lock(&queue->lock);
    job = find(queue, number);
    if (job != NULL)
        *out = *job;
    pthread_mutex_unlock(&queue->lock);
    return job != NULL;
}

void medtl_queue_summarise(medtl_queue *queue, medtl_queue_summary *out)
{
    pthread_mutex_lock(&queue->lock);
    *out = queue->summary;
    out->waiting = queue->count;
    out->capacity = queue->capacity;
    out->running = queue->running.number;
    pthread_mutex_unlock(&queue->lock);
}

size_t medtl_queue_failures(medtl_queue *queue, medtl_queue_job *out, size_t room)
{
    size_t found = 0;

    pthread_mutex_lock(&queue->lock);
    for (size_t back = 1; back <= MEDTL_QUEUE_HISTORY && found < room; back++) {
        const medtl_queue_job *job =
            &queue->history[(queue->next + MEDTL_QUEUE_HISTORY - back) % MEDTL_QUEUE_HISTORY];

        if (job->number != 0 && job->state == MEDTL_JOB_FAILED)
            out[found++] = *job;
    }
    pthread_mutex_unlock(&queue->lock);
    return found;
}

const char *medtl_job_state_name(medtl_job_state state)
{
    static const char *const names[] = {"Waiting", "Running", "Done", "Failed", "Cancelled"};

    return names[state];
}
