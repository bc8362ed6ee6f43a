/* SHA-256, and HMAC with it (through nettle, which keeps no global state). */
#ifndef MEDTL_BASE_DIGEST_H
#define MEDTL_BASE_DIGEST_H

#include "medtl/error.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MEDTL_SHA256_SIZE = 32, MEDTL_SHA256_TEXT_SIZE = 65 };

void medtl_sha256_text(const void *bytes, size_t size, char text[MEDTL_SHA256_TEXT_SIZE]);

/** A piece of a message. */
typedef struct medtl_hmac_part {
    const void *bytes;
    size_t size;
} medtl_hmac_part;

/** HMAC-SHA256 (RFC 2104) of the parts, one behind the other. */
void medtl_hmac_sha256(const void *key, size_t key_size, const medtl_hmac_part *parts, size_t count,
                       uint8_t out[MEDTL_SHA256_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
