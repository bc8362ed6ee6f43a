/* How every part of medtl says that something failed. */
#ifndef MEDTL_ERROR_H
#define MEDTL_ERROR_H

#include "medtl/export.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum medtl_status {
    MEDTL_OK = 0,
    MEDTL_E_ARGUMENT,    /* the caller broke the contract                     */
    MEDTL_E_MEMORY,      /* an allocation failed                              */
    MEDTL_E_IO,          /* cannot open, read or write                        */
    MEDTL_E_FORMAT,      /* the bytes are not what they claim to be           */
    MEDTL_E_UNSUPPORTED, /* valid, but not something we handle                */
    MEDTL_E_CONFIG,      /* a configuration file is wrong, or does not fit    */
    MEDTL_E_CANCELLED,   /* the caller asked to stop                          */
    MEDTL_E_NOT_DICOM,   /* the file is not a DICOM file at all               */
    MEDTL_E_INTERNAL     /* a bug on our side                                 */
} medtl_status;

enum { MEDTL_MESSAGE_SIZE = 400 };

/** Filled in on failure, untouched on success. The caller provides it and there
 *  is nothing to free. Messages name files, tags, sizes and limits; they never
 *  quote attribute values, which may identify a patient. */
typedef struct medtl_error {
    medtl_status status;
    char message[MEDTL_MESSAGE_SIZE]; /* UTF-8, always terminated */
} medtl_error;

/** Record a failure and return `status`, so a caller can `return medtl_fail(...)`.
 *  @param err     May be NULL: the status is returned all the same.
 *  @param status  Not MEDTL_OK. */
medtl_status medtl_fail(medtl_error *err, medtl_status status, const char *format,
                        ...) MEDTL_NOEXCEPT MEDTL_PRINTF(3, 4);

/** A short, stable, machine-readable name of a status: "ok", "io", "format" ...
 *  Never NULL. */
const char *medtl_status_name(medtl_status status) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
