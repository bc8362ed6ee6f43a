/* Command lines: the options that the commands share, and complaints about wrong ones. */
#ifndef DCM_MEDTL_ARGUMENTS_H
#define DCM_MEDTL_ARGUMENTS_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { CONFIG_LIMIT = 64 };

/** --config, as often as it is given. */
typedef struct config_list {
    const char *paths[CONFIG_LIMIT];
    size_t count;
} config_list;

/** @return false (and says so) where there are too many. */
bool add_config(config_list *list, const char *path);

/** A whole number within bounds. @return false (and says so) where it is none. */
bool parse_number(const char *option, const char *text, long low, long high, long *out);

/** "dcm-medtl COMMAND: ..." and where to find help, on stderr. @return EXIT_USAGE. */
int wrong_usage(const char *name, const char *format, ...) MEDTL_PRINTF(2, 3);

/** "dcm-medtl: MESSAGE" on stderr. */
void complain(const char *format, ...) MEDTL_PRINTF(1, 2);

/** The exit code of a failure before anything ran. */
int exit_code_of(medtl_status status);

#endif
