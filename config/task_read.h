/* From a validated document to a task with its rule. */
#ifndef MEDTL_CONFIG_TASK_READ_H
#define MEDTL_CONFIG_TASK_READ_H

#include "document.h"
#include "medtl/config.h"
#include "rule.h"

/** A task and everything that it points to. */
typedef struct medtl_task_entry {
    medtl_task task; /* first: a task is its entry */
    medtl_rule take;
    medtl_class *classes;
    medtl_expected_view *expected_views;
    char *name, *title, *file, *model_path, *profile, *series_description, *disclaimer;
    char digest[MEDTL_SHA256_TEXT_SIZE];
} medtl_task_entry;

medtl_status medtl_task_read(const char *path, xmlSchema *schema, medtl_task_entry **out,
                             medtl_error *err);
void medtl_task_entry_destroy(medtl_task_entry *entry); /* NULL is allowed */

#endif
