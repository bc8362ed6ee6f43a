/* The caller publishes a task and a ticket: a generation and how many indices were taken, in one word. Everybody adds
 * to the ticket until there is nothing left to take; that succeeds only in the generation whose task was read, so late
 * comers do no harm. Whoever got a ticket then takes an index: the first of its own share, or the last of another's
 * when that is empty. There are as many indices as tickets, so there is one. A share is of neighbouring indices,
 * because these often read the same memory: each thread reads its own part of it, and not all of it.
 *
 * A network is hundreds of short tasks, so whoever waits looks again for some hundred microseconds before it sleeps:
 * waking a thread takes longer than many a task. */
#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__x86_64__) || defined(__i386__)
#define PAUSE() __builtin_ia32_pause()
#else
#define PAUSE() atomic_signal_fence(memory_order_seq_cst)
#endif

enum { LOOKS = 4000, INDEX_BITS = 32 };
static const uint64_t index_mask = ((uint64_t)1 << INDEX_BITS) - 1;

/* Indices that are left, [low half, high half) of one word. A cache line for each. */
typedef struct share {
    _Alignas(64) _Atomic uint64_t left;
} share;

typedef struct worker {
    medtl_pool *pool;
    pthread_t thread;
    size_t index;
} worker;

struct medtl_pool {
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    worker *workers; /* threads - 1 of them */
    share *shares;   /* of each thread */
    size_t threads, started;
    /* Written by the caller while no index of the last generation is left; read by others before they take one. */
    _Atomic(medtl_pool_task) task;
    _Atomic(void *) context;
    _Atomic uint64_t count;
    _Alignas(64) _Atomic uint64_t ticket;
    _Alignas(64) _Atomic uint64_t finished; /* indices of this generation */
    _Alignas(64) atomic_size_t sleepers;    /* workers that wait for work to be signalled */
    atomic_bool caller_sleeps, stop;
};

static void share_out(medtl_pool *pool, uint64_t count)
{
    uint64_t first = 0;

    for (size_t t = 0; t < pool->threads; t++) {
        const uint64_t end = first + count / pool->threads + (t < count % pool->threads);

        atomic_store_explicit(&pool->shares[t].left, end << INDEX_BITS | first,
                              memory_order_relaxed);
        first = end;
    }
}

/* @return false if the share is empty. */
static bool take_from(share *of, bool own, size_t *index)
{
    uint64_t left = atomic_load_explicit(&of->left, memory_order_relaxed);

    for (;;) {
        const uint64_t first = left & index_mask, end = left >> INDEX_BITS;

        if (first == end)
            return false;
        if (atomic_compare_exchange_weak_explicit(
                &of->left, &left, own ? left + 1 : left - ((uint64_t)1 << INDEX_BITS),
                memory_order_relaxed, memory_order_relaxed)) {
            *index = (size_t)(own ? first : end - 1);
            return true;
        }
    }
}

/* For the holder of a ticket, who looks until there is one. */
static size_t take_index(medtl_pool *pool, size_t thread)
{
    size_t index = 0;

    for (size_t t = thread; !take_from(&pool->shares[t], t == thread, &index);)
        t = (t + 1) % pool->threads;
    return index;
}

/* Take one index of the present generation and work on it. @return false if none is left. */
static bool take_one(medtl_pool *pool, size_t thread)
{
    uint64_t ticket = atomic_load(&pool->ticket);

    for (;;) {
        medtl_pool_task task = atomic_load_explicit(&pool->task, memory_order_relaxed);
        void *context = atomic_load_explicit(&pool->context, memory_order_relaxed);
        const uint64_t count = atomic_load_explicit(&pool->count, memory_order_relaxed);

        if ((ticket & index_mask) >= count)
            return false;
        if (!atomic_compare_exchange_weak(&pool->ticket, &ticket, ticket + 1))
            continue;
        task(context, take_index(pool, thread), thread);
        if (atomic_fetch_add(&pool->finished, 1) + 1 == count &&
            atomic_load(&pool->caller_sleeps)) {
            pthread_mutex_lock(&pool->mutex);
            pthread_cond_signal(&pool->done);
            pthread_mutex_unlock(&pool->mutex);
        }
        return true;
    }
}

static bool has_news(medtl_pool *pool, uint64_t seen)
{
    return atomic_load(&pool->ticket) >> INDEX_BITS != seen || atomic_load(&pool->stop);
}

static void wait_for_news(medtl_pool *pool, uint64_t seen)
{
    for (int i = 0; i < LOOKS; i++) {
        if (has_news(pool, seen))
            return;
        PAUSE();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleepers, 1);
    while (!has_news(pool, seen))
        pthread_cond_wait(&pool->work, &pool->mutex);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
}

static void *run(void *argument)
{
    worker *self = argument;
    medtl_pool *pool = self->pool;
    uint64_t seen = 0;

    for (;;) {
        wait_for_news(pool, seen);
        if (atomic_load(&pool->stop))
            return NULL;
        seen = atomic_load(&pool->ticket) >> INDEX_BITS;
        while (take_one(pool, self->index))
            ;
    }
}

medtl_status medtl_pool_create(size_t threads, medtl_pool **out, medtl_error *err)
{
    medtl_pool *pool;

    *out = NULL;
    if (threads == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "a pool needs at least one thread");
    pool = aligned_alloc(_Alignof(medtl_pool), sizeof *pool);
    if (pool == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a thread pool");
    *pool = (medtl_pool){.threads = threads};
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    pool->workers = calloc(threads, sizeof *pool->workers);
    pool->shares = aligned_alloc(_Alignof(share), threads * sizeof *pool->shares);
    if (pool->workers == NULL || pool->shares == NULL) {
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

static void wake_workers(medtl_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
}

void medtl_pool_destroy(medtl_pool *pool)
{
    if (pool == NULL)
        return;
    atomic_store(&pool->stop, true);
    wake_workers(pool);
    for (size_t i = 0; i < pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->shares);
    free(pool->workers);
    free(pool);
}

size_t medtl_pool_threads(const medtl_pool *pool) { return pool->threads; }

static void wait_for_the_last(medtl_pool *pool, uint64_t count)
{
    for (int i = 0; i < LOOKS; i++) {
        if (atomic_load(&pool->finished) == count)
            return;
        PAUSE();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->caller_sleeps, true);
    while (atomic_load(&pool->finished) != count)
        pthread_cond_wait(&pool->done, &pool->mutex);
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->mutex);
}

void medtl_pool_for(medtl_pool *pool, size_t count, medtl_pool_task task, void *context)
{
    const uint64_t generation = atomic_load(&pool->ticket) >> INDEX_BITS;

    if (pool->threads == 1 || count <= 1 || count >= index_mask) {
        for (size_t i = 0; i < count; i++)
            task(context, i, 0);
        return;
    }
    /* Closed while it changes: whoever still holds the last ticket cannot take an index of this task with it. */
    atomic_store(&pool->ticket, (generation + 1) << INDEX_BITS | index_mask);
    atomic_store_explicit(&pool->task, task, memory_order_relaxed);
    atomic_store_explicit(&pool->context, context, memory_order_relaxed);
    atomic_store_explicit(&pool->count, count, memory_order_relaxed);
    atomic_store(&pool->finished, 0);
    share_out(pool, count);
    atomic_store(&pool->ticket, (generation + 2) << INDEX_BITS);
    if (atomic_load(&pool->sleepers) > 0)
        wake_workers(pool);
    while (take_one(pool, 0))
        ;
    wait_for_the_last(pool, count);
}
