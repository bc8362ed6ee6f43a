/* Command lines, and complaints about wrong ones. */
#ifndef DCM_MEDTL_ARGUMENTS_H
#define DCM_MEDTL_ARGUMENTS_H

#include "medtl/error.h"
#include "options.h"

/** Parse a command line by its table (options.h).
 *  @param help  What --help prints before the table.
 *  @return -1 to go on; else the exit code: help was printed, or the line is wrong, which was said. */
int take_arguments(const char *name, const char *help, const option *table, size_t count, int argc,
                   char **argv);

/** "dcm-medtl COMMAND: ..." and where to find help, on stderr. @return EXIT_USAGE. */
int wrong_usage(const char *name, const char *format, ...) MEDTL_PRINTF(2, 3);

/** "dcm-medtl: MESSAGE" on stderr. */
void complain(const char *format, ...) MEDTL_PRINTF(1, 2);

/** The exit code of a failure before anything ran. */
int exit_code_of(medtl_status status);

#endif
