/* An option that may be given several times: it is taken out of the command line before its table sees it. */
#ifndef MEDTL_TOOL_REPEATED_H
#define MEDTL_TOOL_REPEATED_H

#include "medtl/error.h"

#include <stddef.h>

typedef struct repeated {
    const char **texts; /* owned array of owned texts */
    size_t count;
} repeated;

/** Take every "NAME VALUE" and "NAME=VALUE" out of argv. @param name  With its dashes. */
medtl_status repeated_take(int *argc, char **argv, const char *name, repeated *out,
                           medtl_error *err);
/** Add "name=value" at the end. */
medtl_status repeated_add(repeated *r, const char *name, const char *value, medtl_error *err);
void repeated_clear(repeated *r); /* all zero is allowed */

#endif
