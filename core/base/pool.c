/* A pool is a generation counter, an index counter and two conditions: the caller publishes a task,
 * everybody takes indices until none is left, and the caller waits for the last to finish. */
#include "pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct worker {
    medtl_pool *pool;
    pthread_t thread;
    size_t index;
} worker;

struct medtl_pool {
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    worker *workers; /* threads - 1 of them */
    size_t threads, started;
    medtl_pool_task task;
    void *context;
    size_t count, next, active;
    unsigned long generation;
    bool stop;
};

/* Take indices until none is left. Called with the mutex held; returns with it held. */
static void take_work(medtl_pool *pool, size_t index)
{
    while (pool->next < pool->count) {
        const size_t i = pool->next++;

        pthread_mutex_unlock(&pool->mutex);
        pool->task(pool->context, i, index);
        pthread_mutex_lock(&pool->mutex);
    }
}

static void *run(void *argument)
{
    worker *self = argument;
    medtl_pool *pool = self->pool;
    unsigned long seen = 0;

    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (!pool->stop && pool->generation == seen)
            pthread_cond_wait(&pool->work, &pool->mutex);
        if (pool->stop)
            break;
        seen = pool->generation;
        pool->active++;
        take_work(pool, self->index);
        if (--pool->active == 0)
            pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

medtl_status medtl_pool_create(size_t threads, medtl_pool **out, medtl_error *err)
{
    medtl_pool *pool;

    *out = NULL;
    if (threads == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "a pool needs at least one thread");
    pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a thread pool");
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    pool->threads = threads;
    pool->workers = calloc(threads, sizeof *pool->workers);
    if (pool->workers == NULL) {
        medtl_pool_destroy(pool);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a thread pool");
    }
    for (size_t i = 1; i < threads; i++) {
        worker *w = &pool->workers[i - 1];

        w->pool = pool;
        w->index = i;
        if (pthread_create(&w->thread, NULL, run, w) != 0) {
            medtl_pool_destroy(pool);
            return medtl_fail(err, MEDTL_E_MEMORY, "cannot start thread %zu of %zu", i + 1,
                              threads);
        }
        pool->started++;
    }
    *out = pool;
    return MEDTL_OK;
}

void medtl_pool_destroy(medtl_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->stop = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->workers);
    free(pool);
}

size_t medtl_pool_threads(const medtl_pool *pool) { return pool->threads; }

void medtl_pool_for(medtl_pool *pool, size_t count, medtl_pool_task task, void *context)
{
    if (pool->threads == 1 || count <= 1) {
        for (size_t i = 0; i < count; i++)
            task(context, i, 0);
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->task = task;
    pool->context = context;
    pool->count = count;
    pool->next = 0;
    pool->generation++;
    pthread_cond_broadcast(&pool->work);
    take_work(pool, 0);
    while (pool->active > 0)
        pthread_cond_wait(&pool->done, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
}
