/* What stands for an identity: the same for the same key, and without the key not to be undone or repeated. */
#ifndef MEDTL_DEIDENTIFY_PSEUDONYM_H
#define MEDTL_DEIDENTIFY_PSEUDONYM_H

#include "medtl/study.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    MEDTL_PSEUDONYM_KEY_LEAST = 16, /* bytes */
    MEDTL_PSEUDONYM_KEY_MOST = 4096,
    MEDTL_PSEUDONYM_SIZE = 18, /* "P" and 16 hexadecimal digits */
    MEDTL_PSEUDONYM_MOST_DAYS = 3650
};

typedef struct medtl_pseudonym_key {
    uint8_t bytes[MEDTL_PSEUDONYM_KEY_MOST];
    size_t size;
} medtl_pseudonym_key;

/** Another UID for a UID: "2.25." and 128 bits of HMAC-SHA256 (RFC 2104) shaped as a UUID of version 8 (RFC 9562),
 *  which is for such use. A UID of the Standard itself ("1.2.840.10008." and more) stays. */
void medtl_pseudonym_uid(const medtl_pseudonym_key *key, const char *uid, char out[MEDTL_UID_SIZE]);

/** A name for a text. @param what  Separates uses ("patient", "tracking"): the same text gives another name. */
void medtl_pseudonym_name(const medtl_pseudonym_key *key, const char *what, const char *text,
                          char out[MEDTL_PSEUDONYM_SIZE]);

/** 1 to MEDTL_PSEUDONYM_MOST_DAYS, from a patient. */
unsigned medtl_pseudonym_days(const medtl_pseudonym_key *key, const char *patient);

#ifdef __cplusplus
}
#endif
#endif
