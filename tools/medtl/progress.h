/* One moving line on a terminal; nothing at all where standard error is piped. */
#ifndef MEDTL_TOOL_PROGRESS_H
#define MEDTL_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct progress_line {
    bool terminal;
    double start, shown; /* seconds */
} progress_line;

/** @param quiet  Show nothing even on a terminal. */
void progress_start(progress_line *line, bool quiet);
/** "LABEL [####      ] 40 %  TAIL  0:41 left"; at most ten times a second.
 *  @param tail  May be "". @param seconds_left  Negative: worked out from the start. */
void progress_show(progress_line *line, const char *label, size_t done, size_t total,
                   const char *tail, double seconds_left);
void progress_end(progress_line *line); /* the line disappears */

/** Threads that this process may use at once, at least 1. */
size_t available_threads(void);

/** Ctrl-C and SIGTERM set a flag instead of ending the program; a second one ends it. */
void watch_for_stop(void);
bool stop_wanted(void);

#endif
