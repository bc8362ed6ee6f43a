/* Running another command of medtl as a process of its own. A stage that crashes or runs out of memory takes nothing
 * with it, each starts with fresh memory and threads, and what ran is a command line that anybody can repeat. */
#ifndef MEDTL_TOOL_CHILD_H
#define MEDTL_TOOL_CHILD_H

#include "medtl/error.h"

/** Run "medtl ARGUMENTS" to its end; it ends when this process does. SIGINT and SIGTERM are handed on to it.
 *  @param arguments  [0] is the command; ends with NULL.
 *  @param log        Its standard output is added to this file; NULL: thrown away.
 *  @param[out] exit_code  As of a shell: 128 + signal where a signal ended it.
 *  @return MEDTL_E_IO where it cannot be started or the log not written. */
medtl_status child_run(char *const *arguments, const char *log, int *exit_code, medtl_error *err);

#endif
