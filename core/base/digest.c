#include "digest.h"

#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdio.h>

void medtl_sha256_text(const void *bytes, size_t size, char text[MEDTL_SHA256_TEXT_SIZE])
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];

    sha256_init(&context);
    sha256_update(&context, size, bytes);
    sha256_digest(&context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

void medtl_hmac_sha256(const void *key, size_t key_size, const medtl_hmac_part *parts, size_t count,
                       uint8_t out[MEDTL_SHA256_SIZE])
{
    struct hmac_sha256_ctx context;

    hmac_sha256_set_key(&context, key_size, key);
    for (size_t i = 0; i < count; i++)
        hmac_sha256_update(&context, parts[i].size, parts[i].bytes);
    hmac_sha256_digest(&context, MEDTL_SHA256_SIZE, out);
}
