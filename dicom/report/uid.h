/* UIDs that follow from a name: the same name gives the same UID, here and on any other machine. */
#ifndef MEDTL_REPORT_UID_H
#define MEDTL_REPORT_UID_H

#include "medtl/study.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MEDTL_UUID_SIZE = 16 };

/** Implementation Class UID (PS3.7 D.3.3.2) of every DICOM file that reports are. */
#define MEDTL_IMPLEMENTATION_CLASS_UID "2.25.223025792026051419593572906174605399165"

/** The name-based UUID of RFC 4122 section 4.3, version 5 (SHA-1). */
void medtl_uuid_from_name(const uint8_t name_space[MEDTL_UUID_SIZE], const void *name, size_t size,
                          uint8_t uuid[MEDTL_UUID_SIZE]) MEDTL_NOEXCEPT;

/** A UUID as a DICOM UID: "2.25." and the UUID as one decimal number (PS3.5 B.2). At most 44
 * characters. */
void medtl_uid_from_uuid(const uint8_t uuid[MEDTL_UUID_SIZE],
                         char uid[MEDTL_UID_SIZE]) MEDTL_NOEXCEPT;

/** The two together, in medtl's own name space. */
void medtl_uid_from_name(const void *name, size_t size, char uid[MEDTL_UID_SIZE]) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
