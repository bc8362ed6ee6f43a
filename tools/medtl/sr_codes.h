/* Which coded concept of a report means which class. */
#ifndef MEDTL_TOOL_SR_CODES_H
#define MEDTL_TOOL_SR_CODES_H

#include "target.h"

#include "medtl/error.h"
#include "medtl/study.h"

#include <stddef.h>

enum { SR_NOT_MAPPED = -1, SR_NO_LABEL = -2 /* known, and to be passed over */ };

typedef struct sr_code_rule {
    char *value, *scheme; /* owned */
    int of_class;         /* index, or SR_NO_LABEL */
} sr_code_rule;

typedef struct sr_codes {
    sr_code_rule *rules;
    size_t count, room;
    char **classes; /* owned */
    size_t class_count;
} sr_codes;

/** The classes and their codes of a task, and the rows of a file. A row wins over the task.
 *
 *  The file is a CSV table with columns "value", "scheme" and "class"; an empty class: the code is no label. Scheme
 *  "BI-RADS" stands for the codes of PS3.16 CID 6027 in all their schemes: "4" takes 4A, 4B and 4C too, where these have no row
 *  of their own. Scheme "TEXT": the whole text of a finding, whatever its case.
 *  @param path  NULL: none. @return also MEDTL_E_ARGUMENT where there is neither task nor file, or no class. */
medtl_status sr_codes_read(const target *t, const char *path, sr_codes *out, medtl_error *err);
void sr_codes_clear(sr_codes *codes); /* all zero is allowed */

/** @return the class's index, SR_NO_LABEL or SR_NOT_MAPPED. */
int sr_codes_find(const sr_codes *codes, const medtl_code *code);
int sr_codes_find_text(const sr_codes *codes, const char *text);

#endif
