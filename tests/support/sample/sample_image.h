/* Small synthetic DICOM images for tests, complete enough for a report to refer to. */
#ifndef MEDTL_SAMPLE_IMAGE_H
#define MEDTL_SAMPLE_IMAGE_H

#include "medtl/study.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sample_kind { SAMPLE_MAMMOGRAM, SAMPLE_DERMOSCOPY } sample_kind;

enum { SAMPLE_ROWS = 48, SAMPLE_COLUMNS = 40 };

/** What differs between samples. Zero-initialised it is the first image of an ASCII study. */
typedef struct sample_image {
    sample_kind kind;
    unsigned number; /* 0-based in its study: 0 R CC, 1 L CC, 2 R MLO, 3 L MLO, and again */
    unsigned frames; /* 0 and 1: a single frame; more: a multi-frame secondary capture */
    const char *character_set; /* Specific Character Set as written; NULL: absent */
    const char *patient_name;  /* the bytes of (0010,0010) in that character set; NULL: absent */
    const char *patient_id;    /* NULL: "ID-1" */
    const char *issuer;        /* Issuer of Patient ID; NULL: absent */
    const char *birth_date;    /* NULL: 19600102 */
    const char *study_time;    /* NULL: 101112 */
    const char *study;         /* Study Instance UID; NULL: one by kind */
    const char *series;        /* Series Instance UID; NULL: one by kind */
    const char *instance;      /* SOP Instance UID; NULL: one by kind, number and frames */
    bool with_request;     /* adds a Request Attributes Sequence: procedure RP-1, accession A-1 */
    const char *accession; /* of the image: its request has none of its own; NULL: A-1, both */
    const char *procedure; /* description and code meaning, as bytes; NULL: "Screening" */
    const char *body_part; /* Body Part Examined; NULL: absent */
    const char *syntax;    /* UID of a compressed one, around no picture; NULL: native */
    const char *lossy;     /* Lossy Image Compression; "01": 12.5, ISO_10918_1; NULL: absent */
    bool sparse; /* leaves out what type 2 allows to be unknown (dates, sex, physician ...) */
} sample_image;

/** A DICOM file in memory. @param[out] bytes  Owned by the caller (free).
 *  @return false when it could not be made. */
bool sample_image_make(const sample_image *sample, unsigned char **bytes, size_t *size);

/** As read by medtl_instance_read_memory(). @return NULL when it could not be made. */
medtl_instance *sample_image_read(const sample_image *sample);

/** SOP Instance UID of the sample. */
void sample_image_uid(const sample_image *sample, char uid[MEDTL_UID_SIZE]);

#ifdef __cplusplus
}
#endif
#endif
