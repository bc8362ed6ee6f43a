#include "progress.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void progress_start(progress_line *line, bool quiet)
{
    line->terminal = !quiet && isatty(STDERR_FILENO) == 1;
    line->start = now();
    line->shown = 0.0;
}

void progress_show(progress_line *line, const char *label, size_t done, size_t total,
                   const char *tail, double seconds_left)
{
    static const char full[] = "####################", empty[] = "                    ";
    const double share = total > 0 ? (double)done / (double)total : 1.0, time = now();
    const int filled = (int)(share * 20.0);
    double left = seconds_left;

    if (!line->terminal || (time - line->shown < 0.1 && done < total))
        return;
    line->shown = time;
    if (left < 0.0)
        left = share > 0.0 ? (time - line->start) * (1.0 - share) / share : 0.0;
    fprintf(stderr, "\r%s [%.*s%.*s] %3.0f %%  %s%s%ld:%02ld:%02ld left\033[K", label, filled, full,
            20 - filled, empty, 100.0 * share, tail, tail[0] != '\0' ? "  " : "", (long)left / 3600,
            (long)left / 60 % 60, (long)left % 60);
    fflush(stderr);
}

void progress_end(progress_line *line)
{
    if (line->terminal)
        fputs("\r\033[K", stderr);
}

size_t available_threads(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (size_t)CPU_COUNT(&set);
    return 1;
}

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

void watch_for_stop(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESETHAND; /* the second one has its usual effect */
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool stop_wanted(void) { return stop != 0; }
