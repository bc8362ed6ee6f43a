#include "experiment_jobs.h"

#include "progress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct runner {
    experiment_state *s;
    pid_t *pids; /* [jobs]; 0: free */
    size_t jobs, running;
    size_t left, ended; /* runs that were not done at the start, and how many of them have ended */
    size_t failures;
    bool told; /* SIGTERM was handed on */
    double start;
} runner;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void say(const runner *r, size_t cell)
{
    const experiment_state *s = r->s;

    if (s->options.quiet)
        return;
    printf("run %zu of %zu: %s", cell + 1, s->cell_count, s->cells[cell].name);
    if (r->ended > 0)
        printf(" (about %.0f min left)",
               (now() - r->start) / (double)r->ended * (double)(r->left - r->ended) / 60.0);
    putchar('\n');
    fflush(stdout);
}

/* How a run has ended; also the exit code of a process that carries one out. */
enum { RUN_DONE, RUN_FAILED, RUN_STOPPED };

/* One run to its end. @return how. */
static int carry_out(const runner *r, size_t cell)
{
    medtl_error err = {0};
    const medtl_status status = experiment_run_cell(r->s, &r->s->cells[cell], false, &err);

    if (status == MEDTL_OK)
        return RUN_DONE;
    if (status == MEDTL_E_CANCELLED || stop_wanted())
        return RUN_STOPPED;
    fprintf(stderr, "medtl run-experiment: %s: %s\n", r->s->cells[cell].name, err.message);
    return RUN_FAILED;
}

/* One that was stopped has not ended: the same command goes on with it. */
static void count_end(runner *r, int how)
{
    r->ended += how != RUN_STOPPED;
    r->failures += how == RUN_FAILED;
}

/* A process that was stopped alone, by somebody else, leaves a run out, and that must be counted. */
static int how_ended(int state)
{
    const bool stopped = WIFEXITED(state) ? WEXITSTATUS(state) == RUN_STOPPED
                                          : WTERMSIG(state) == SIGTERM || WTERMSIG(state) == SIGINT;

    if (stopped)
        return stop_wanted() ? RUN_STOPPED : RUN_FAILED;
    return WIFEXITED(state) && WEXITSTATUS(state) == RUN_DONE ? RUN_DONE : RUN_FAILED;
}

/* See which processes have ended; wait a moment where none has. */
static void reap(runner *r)
{
    const struct timespec pause = {0, 50 * 1000 * 1000};
    const bool stop = stop_wanted(); /* one answer for all: none may pass for told that was not */
    bool any = false;

    for (size_t i = 0; i < r->jobs; i++) {
        int state = 0;

        if (r->pids[i] != 0 && stop && !r->told)
            kill(r->pids[i], SIGTERM);
        if (r->pids[i] == 0 || waitpid(r->pids[i], &state, WNOHANG) != r->pids[i])
            continue;
        count_end(r, how_ended(state));
        r->pids[i] = 0;
        r->running--;
        any = true;
    }
    r->told = stop;
    if (!any && r->running > 0)
        nanosleep(&pause, NULL);
}

static medtl_status start(runner *r, size_t cell, medtl_error *err)
{
    const pid_t parent = getpid();
    size_t place = 0;
    pid_t pid;

    while (r->pids[place] != 0)
        place++;
    fflush(stdout); /* or both would write what is in it */
    fflush(stderr);
    pid = fork();
    if (pid < 0)
        return medtl_fail(err, MEDTL_E_IO, "cannot start a run: %s", strerror(errno));
    if (pid == 0) {
        int code = RUN_STOPPED;

        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() == parent)
            code = carry_out(r, cell);
        fflush(stdout);
        _exit(code);
    }
    r->pids[place] = pid;
    r->running++;
    return MEDTL_OK;
}

medtl_status experiment_run_all(experiment_state *s, size_t jobs, size_t *failures,
                                medtl_error *err)
{
    runner r = {.s = s, .jobs = jobs, .start = now()};
    medtl_status status = MEDTL_OK;

    r.pids = calloc(jobs, sizeof *r.pids);
    if (r.pids == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu jobs", jobs);
    for (size_t i = 0; i < s->cell_count; i++)
        r.left += !s->cells[i].done;
    for (size_t i = 0; i < s->cell_count && status == MEDTL_OK && !stop_wanted(); i++) {
        if (s->cells[i].done)
            continue;
        while (r.running == jobs && !stop_wanted())
            reap(&r);
        if (stop_wanted())
            break;
        say(&r, i);
        if (jobs == 1)
            count_end(&r, carry_out(&r, i));
        else
            status = start(&r, i, err);
    }
    while (r.running > 0)
        reap(&r);
    free(r.pids);
    *failures = r.failures;
    if (status == MEDTL_OK && stop_wanted())
        status = medtl_fail(err, MEDTL_E_CANCELLED, "stopped with %zu of %zu runs to go",
                            r.left - r.ended, s->cell_count);
    return status;
}
