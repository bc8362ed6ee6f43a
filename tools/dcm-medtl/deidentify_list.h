/* What became of each file that was to be de-identified. */
#ifndef DCM_MEDTL_DEIDENTIFY_LIST_H
#define DCM_MEDTL_DEIDENTIFY_LIST_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum deidentify_outcome {
    DEIDENTIFY_WRITTEN,
    DEIDENTIFY_DOUBLE,  /* another file of the run is the same object, and was written */
    DEIDENTIFY_REFUSED, /* valid, but nobody could vouch for what it would show */
    DEIDENTIFY_FAILED,  /* could not be read or written */
    DEIDENTIFY_IGNORED  /* not DICOM, or a DICOMDIR */
} deidentify_outcome;
enum { DEIDENTIFY_OUTCOME_COUNT = 5 };

typedef struct deidentify_entry {
    char *path; /* owned */
    deidentify_outcome outcome;
    char *output;    /* owned; NULL: none */
    char *reason;    /* owned; NULL: nothing to explain */
    unsigned doubts; /* of medtl_deidentify_doubt */
} deidentify_entry;

typedef struct deidentify_list {
    deidentify_entry *entries;
    size_t count, room;
} deidentify_list;

/** @param reason  May be NULL. @return the new entry, or NULL without memory. */
deidentify_entry *deidentify_list_add(deidentify_list *list, const char *path,
                                      deidentify_outcome outcome, const char *reason);
void deidentify_list_clear(deidentify_list *list);

size_t deidentify_list_outcomes(const deidentify_list *list, deidentify_outcome outcome);

/** The list as JSON. It says which output came from which input, and so undoes the de-identification for whoever
 *  has the inputs' names. @param[out] text  Owned by the caller (free). */
medtl_status deidentify_list_json(const deidentify_list *list, char **text, medtl_error *err);

#endif
