/* What a model is to answer: the classes and the normaliser, of a task or from the command line. */
#ifndef MEDTL_TOOL_TARGET_H
#define MEDTL_TOOL_TARGET_H

#include "medtl/config.h"
#include "medtl/error.h"
#include "medtl/image.h"

#include <stddef.h>

typedef struct target {
    medtl_config *config;   /* owned; NULL without a task */
    const medtl_task *task; /* of config; NULL without a task */
    medtl_normaliser normaliser;
    char *class_text;     /* owned */
    const char **classes; /* owned array, borrowed texts; NULL: not said */
    size_t class_count;
} target;

/** @param task        A task's name, or the XML file of one task; may be NULL.
 *  @param normaliser  Canonical text (image.h); NULL: the task's. One of the two is needed.
 *  @param classes     "a,b,c"; NULL: the task's, if there is one. */
medtl_status target_resolve(const char *task, const char *normaliser, const char *classes,
                            target *out, medtl_error *err);
/** The classes alone: no normaliser is asked for. @param task, classes  Either may be NULL, or both: then none is said. */
medtl_status target_resolve_classes(const char *task, const char *classes, target *out,
                                    medtl_error *err);
void target_clear(target *t); /* all zero is allowed */

#endif
