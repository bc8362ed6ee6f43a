/* A bar with rate and time left, on a terminal only. */
#ifndef DCM_MEDTL_PROGRESS_H
#define DCM_MEDTL_PROGRESS_H

#include "pipeline.h"

#include <time.h>

typedef struct progress_bar {
    bool shown; /* stderr is a terminal and nobody asked for quiet */
    bool drawn; /* a line stands there */
    bool analysing;
    struct timespec started, latest;
} progress_bar;

void progress_start(progress_bar *bar, bool quiet);

/** A medtl_batch_progress; context is a progress_bar. Draws ten times a second at most. */
void progress_step(void *context, const medtl_progress *progress);

/** Wipe the line, so that other output starts on an empty one. */
void progress_wipe(progress_bar *bar);

#endif
