#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BAR_WIDTH = 30 };

static struct timespec now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t;
}

static double seconds_between(struct timespec a, struct timespec b)
{
    return (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
}

void progress_start(progress_bar *bar, bool quiet)
{
    memset(bar, 0, sizeof *bar);
    bar->shown = !quiet && isatty(STDERR_FILENO);
    bar->started = now();
}

static void draw(const progress_bar *bar, const medtl_progress *progress, struct timespec t)
{
    const double elapsed = seconds_between(bar->started, t);
    const double rate = elapsed > 0.0 ? (double)progress->done / elapsed : 0.0;
    char blocks[BAR_WIDTH + 1];
    size_t full;
    long left;

    if (progress->phase == MEDTL_PHASE_SCAN) {
        fprintf(stderr, "\r\033[Kreading headers: %zu files", progress->done);
        return;
    }
    full = progress->total > 0 ? BAR_WIDTH * progress->done / progress->total : BAR_WIDTH;
    left = rate > 0.0 ? (long)((double)(progress->total - progress->done) / rate + 0.5) : 0;
    memset(blocks, '.', BAR_WIDTH);
    memset(blocks, '#', full < BAR_WIDTH ? full : BAR_WIDTH);
    blocks[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r\033[K[%s] %zu/%zu images  %.1f/s  %ld:%02ld left", blocks, progress->done,
            progress->total, rate, left / 60, left % 60);
}

void progress_step(void *context, const medtl_progress *progress)
{
    progress_bar *bar = context;
    struct timespec t;

    if (!bar->shown)
        return;
    t = now();
    if (progress->phase == MEDTL_PHASE_ANALYSE && !bar->analysing) {
        bar->analysing = true; /* the rate is of images, not of headers */
        bar->started = bar->latest;
    } else if (bar->drawn && seconds_between(bar->latest, t) < 0.1 &&
               progress->done != progress->total) {
        return;
    }
    draw(bar, progress, t);
    fflush(stderr);
    bar->drawn = true;
    bar->latest = t;
}

void progress_wipe(progress_bar *bar)
{
    if (bar->drawn)
        fputs("\r\033[K", stderr);
    bar->drawn = false;
}
