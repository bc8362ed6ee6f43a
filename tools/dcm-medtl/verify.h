/* Is a report of medtl's what its images, model and configuration give? Compares the report with one that was made
 * anew from the images. */
#ifndef DCM_MEDTL_VERIFY_H
#define DCM_MEDTL_VERIFY_H

#include "dicom/report_read/document.h"

#include <stdbool.h>
#include <stdio.h>

typedef enum verify_answer { VERIFY_AGREES, VERIFY_DIFFERS, VERIFY_NOT_COMPARED } verify_answer;

typedef enum verify_subject {
    VERIFY_MODEL, /* SHA-256 of the model file                                              */
    VERIFY_CONFIGURATION, /* SHA-256 of the task                                                    */
    VERIFY_IMAGES, /* the images and frames that the report is on                            */
    VERIFY_PROBABILITIES, /* every percentage, of images and exam; in a text report every sentence of them */
    VERIFY_CONTENT, /* every content item, where model, configuration, images and version agree */
    VERIFY_SUBJECT_COUNT
} verify_subject;

enum { VERIFY_WORDS = 512 };

typedef struct verify_check {
    verify_answer answer;
    char what[VERIFY_WORDS]; /* one line: what agrees, or what differs */
} verify_check;

typedef struct verification {
    verify_check checks[VERIFY_SUBJECT_COUNT];
    size_t values;     /* probabilities that were compared */
    double difference; /* the largest one between two of them, 0 to 1; 0 where none was compared */
} verification;

/** What is configured here for the report's task. */
typedef struct verify_reference {
    const char *model_sha256, *task_digest;
} verify_reference;

/** The rest of the first text of the content that begins so ("configuration: "). @return NULL where there is none;
 *  borrowed from the document. */
const char *verify_stated(const medtl_document *report, const char *beginning);

/** @param here   NULL: no task of the report's name is configured.
 *  @param again  The same kind of report, made anew; NULL: none could be made.
 *  @return MEDTL_OK also where they differ; MEDTL_E_MEMORY. */
medtl_status verify_compare(const medtl_document *report, const verify_reference *here,
                            const medtl_document *again, verification *out, medtl_error *err);

/** Does nothing differ, and was everything compared that makes a result (all but the content)? */
bool verify_all_agrees(const verification *v);

const char *verify_subject_name(verify_subject subject);
const char *verify_answer_name(verify_answer answer);

/* ---- for the parts of the comparison ------------------------------------------------------ */

/** Fill in a check. What a report says goes to a terminal: all but printable ASCII becomes '?'. */
void verify_say(verify_check *check, verify_answer answer, const char *format, ...)
    MEDTL_PRINTF(3, 4);

/** Fill in images and probabilities. In verify_result.c. */
medtl_status verify_result(const medtl_document *report, const medtl_document *again,
                           verification *out, medtl_error *err);

/** In verify_content.c. */
void verify_content(const medtl_document *report, const medtl_document *again, verify_check *check);

/* ---- verify_values.c: what is compared ---------------------------------------------------- */

/** One thing that a report says, found again in another report by its key: an image with its frame, or the
 *  probability of a class in one. */
typedef struct verify_value {
    char *key;                      /* owned */
    const medtl_content_item *item; /* borrowed from the document */
} verify_value;

typedef struct verify_values {
    verify_value *values; /* sorted by key */
    size_t count;
} verify_values;

/** The images that the report is on, each frame once; not those that only illustrate it. */
medtl_status verify_images(const medtl_document *document, verify_values *out, medtl_error *err);
/** Its probabilities: numbers in percent; in a text report, the sentences that hold a percentage. */
medtl_status verify_probabilities(const medtl_document *document, verify_values *out,
                                  medtl_error *err);
void verify_values_clear(verify_values *values);

#endif
