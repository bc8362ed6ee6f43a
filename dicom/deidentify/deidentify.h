/* De-identification by the Basic Application Level Confidentiality Profile (PS3.15 Annex E, edition 2024b).
 *
 * What is done to each attribute is a table (profile.c); how, is attributes.cpp. docs/DEIDENTIFY.md says what a reader of
 * the results must know. Why not a library: the one in Debian 12, GDCM's Anonymizer, refuses SOP classes that are newer than it
 * is (Dermoscopic Photography, say), encrypts the old values to a certificate that it wants, and draws other UIDs in each process. */
#ifndef MEDTL_DEIDENTIFY_H
#define MEDTL_DEIDENTIFY_H

#include "medtl/error.h"
#include "medtl/limits.h"
#include "medtl/study.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options and the secret. Immutable, so threads may share it. */
typedef struct medtl_deidentifier medtl_deidentifier;

enum { MEDTL_DEIDENTIFY_KEY_LEAST = 16, MEDTL_DEIDENTIFY_KEY_MOST = 4096 };

typedef struct medtl_deidentify_options {
    const void *key; /* secret bytes; copied. The same key gives the same UIDs and pseudonyms */
    size_t key_size; /* MEDTL_DEIDENTIFY_KEY_LEAST to _MOST */
    bool
        shift_dates; /* Retain Longitudinal Temporal Information With Modified Dates: all dates of a
                         patient go back by the same 1 to 3650 days, times of day stay. Else dates go.
                         Dates of birth always go */
    bool keep_patient_characteristics; /* age (90 years at most), sex, size, weight ... stay */
    bool allow_burned_in;       /* take images that say that names are burned into their pixels */
    const medtl_limits *limits; /* NULL: the defaults; copied */
} medtl_deidentify_options;

/** What a person should look at before the object is given away, as a set. */
typedef enum medtl_deidentify_doubt {
    MEDTL_DOUBT_BURNED_IN = 1,        /* Burned In Annotation says YES, and that was allowed */
    MEDTL_DOUBT_BURNED_IN_UNSAID = 2, /* the image does not say whether names are in its pixels */
    MEDTL_DOUBT_RECOGNISABLE = 4      /* Recognizable Visual Features says YES: a face, say */
} medtl_deidentify_doubt;

/** A de-identified object: a complete DICOM file in memory. */
typedef struct medtl_deidentified {
    unsigned char *bytes; /* owned by the caller (free) */
    size_t size;
    char sop_instance_uid[MEDTL_UID_SIZE]; /* the new ones, like all here */
    char study_instance_uid[MEDTL_UID_SIZE];
    unsigned doubts; /* of medtl_deidentify_doubt */
} medtl_deidentified;

/** @return MEDTL_OK; MEDTL_E_ARGUMENT for a key that is too short or too long; MEDTL_E_MEMORY. */
medtl_status medtl_deidentifier_create(const medtl_deidentify_options *options,
                                       medtl_deidentifier **out, medtl_error *err) MEDTL_NOEXCEPT;
void medtl_deidentifier_destroy(medtl_deidentifier *d) MEDTL_NOEXCEPT; /* NULL is allowed */

/** Images and Structured Reports. Pixels are carried over byte for byte in their transfer syntax; whatever in a compressed
 *  frame is no part of its picture is overwritten (codestream.h). A deflated data set is written inflated.
 *  The same object, key and options give the same bytes.
 *  @param path  As medtl_instance_read(): also a member of a zip archive.
 *  @return MEDTL_OK; MEDTL_E_IO; MEDTL_E_NOT_DICOM; MEDTL_E_FORMAT; MEDTL_E_UNSUPPORTED for what cannot be
 *          looked through: neither image nor report, video and other syntaxes, an overlay in the pixels' unused bits; and for
 *          burned-in annotation that is not allowed; MEDTL_E_MEMORY. Messages are "FILE: reason". */
medtl_status medtl_deidentify_file(const medtl_deidentifier *d, const char *path,
                                   medtl_deidentified *out, medtl_error *err) MEDTL_NOEXCEPT;

/** The same from a complete DICOM file in memory. @param name  Stands for the path in messages. */
medtl_status medtl_deidentify_memory(const medtl_deidentifier *d, const void *bytes, size_t size,
                                     const char *name, medtl_deidentified *out,
                                     medtl_error *err) MEDTL_NOEXCEPT;

/** What a UID becomes. */
void medtl_deidentify_uid(const medtl_deidentifier *d, const char *uid,
                          char out[MEDTL_UID_SIZE]) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
