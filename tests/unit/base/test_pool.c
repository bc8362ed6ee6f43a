/* A pool runs each index once, whether its threads are awake or asleep when work comes, and whoever has time takes what is left of
 * another's share. */
#include "core/base/pool.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 512, ROUNDS = 2000 };

typedef struct tally {
    atomic_int runs[MOST];
    atomic_size_t largest_worker;
    int nap_every; /* microseconds of sleep in every so many indices, so that others wait; 0: none */
} tally;

static void count_run(void *context, size_t index, size_t worker)
{
    tally *t = context;

    atomic_fetch_add(&t->runs[index], 1);
    if (worker > atomic_load(&t->largest_worker))
        atomic_store(&t->largest_worker, worker);
    if (t->nap_every > 0 && index % (size_t)t->nap_every == 0)
        usleep(20);
}

static void check_round(medtl_pool *pool, size_t count, int nap_every)
{
    tally t = {.nap_every = nap_every};

    medtl_pool_for(pool, count, count_run, &t);
    for (size_t i = 0; i < MOST; i++)
        cr_assert_eq(atomic_load(&t.runs[i]), i < count ? 1 : 0, "index %zu of %zu ran %d times", i,
                     count, atomic_load(&t.runs[i]));
    cr_assert_lt(atomic_load(&t.largest_worker), medtl_pool_threads(pool));
}

typedef struct pool_case {
    size_t threads;
    int nap_every,
        rest_every; /* rounds after which the caller sleeps, so that the threads do, too */
} pool_case;

ParameterizedTestParameters(pool, runs_each_index_once)
{
    static pool_case cases[] = {{1, 0, 0},   {2, 0, 0},   {2, 5, 0},
                                {2, 0, 100}, {3, 7, 100}, {8, 0, 0}};

    return cr_make_param_array(pool_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(pool_case *c, pool, runs_each_index_once)
{
    medtl_pool *pool = NULL;
    const int rounds = c->nap_every > 0 ? ROUNDS / 20 : ROUNDS;

    cr_assert_eq(medtl_pool_create(c->threads, &pool, NULL), MEDTL_OK);
    for (int i = 0; i < rounds; i++) {
        check_round(pool, (size_t)(i * 7919 % MOST), c->nap_every);
        if (c->rest_every > 0 && i % c->rest_every == 0)
            usleep(2000);
    }
    medtl_pool_destroy(pool);
}

enum { SHARED = 64, LONG_ENOUGH = 10 * 1000 }; /* milliseconds */

/* The first index ends when all others have been run. */
static void wait_for_the_others(void *context, size_t index, size_t worker)
{
    atomic_int *done = context;

    (void)worker;
    if (index > 0)
        atomic_fetch_add(done, 1);
    for (int i = 0; index == 0 && i < LONG_ENOUGH && atomic_load(done) < SHARED - 1; i++)
        usleep(1000);
    if (index == 0)
        cr_assert_eq(atomic_load(done), SHARED - 1, "%d of %d others ran", atomic_load(done),
                     SHARED - 1);
}

Test(pool, leaves_nothing_behind_a_slow_thread)
{
    medtl_pool *pool = NULL;

    cr_assert_eq(medtl_pool_create(2, &pool, NULL), MEDTL_OK);
    for (int i = 0; i < 20; i++) {
        atomic_int done = 0;

        medtl_pool_for(pool, SHARED, wait_for_the_others, &done);
    }
    medtl_pool_destroy(pool);
}

Test(pool, refuses_no_threads)
{
    medtl_pool *pool = NULL;
    medtl_error err;

    cr_assert_eq(medtl_pool_create(0, &pool, &err), MEDTL_E_ARGUMENT);
    cr_assert_null(pool);
}
