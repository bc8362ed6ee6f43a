#include "pseudonym.h"

#include "core/base/digest.h"
#include "dicom/report/uid.h"

#include <stdio.h>
#include <string.h>

/* The key's HMAC of "WHAT\nTEXT": what a text is used for is part of what is hashed. */
static void digest(const medtl_pseudonym_key *key, const char *what, const char *text,
                   uint8_t out[MEDTL_SHA256_SIZE])
{
    const medtl_hmac_part parts[] = {{what, strlen(what)}, {"\n", 1}, {text, strlen(text)}};

    medtl_hmac_sha256(key->bytes, key->size, parts, sizeof parts / sizeof parts[0], out);
}

void medtl_pseudonym_uid(const medtl_pseudonym_key *key, const char *uid, char out[MEDTL_UID_SIZE])
{
    static const char standard[] = "1.2.840.10008.";
    uint8_t hash[MEDTL_SHA256_SIZE];

    if (strncmp(uid, standard, sizeof standard - 1) == 0) {
        (void)snprintf(out, MEDTL_UID_SIZE, "%s", uid);
        return;
    }
    digest(key, "uid", uid, hash);
    hash[6] = (uint8_t)((hash[6] & 0x0F) | 0x80); /* version 8 */
    hash[8] = (uint8_t)((hash[8] & 0x3F) | 0x80); /* variant 10 */
    medtl_uid_from_uuid(hash, out);
}

void medtl_pseudonym_name(const medtl_pseudonym_key *key, const char *what, const char *text,
                          char out[MEDTL_PSEUDONYM_SIZE])
{
    uint8_t hash[MEDTL_SHA256_SIZE];

    digest(key, what, text, hash);
    out[0] = 'P';
    for (size_t i = 0; i < 8; i++)
        (void)snprintf(out + 1 + 2 * i, 3, "%02X", hash[i]);
}

unsigned medtl_pseudonym_days(const medtl_pseudonym_key *key, const char *patient)
{
    uint8_t hash[MEDTL_SHA256_SIZE];
    uint32_t number;

    digest(key, "days", patient, hash);
    number = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
    return 1 + number % MEDTL_PSEUDONYM_MOST_DAYS;
}
