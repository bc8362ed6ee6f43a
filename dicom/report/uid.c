#include "uid.h"

#include <nettle/sha1.h>
#include <string.h>

/* medtl's name space: a random (version 4) UUID, drawn once. Another value would rename every
 * report. */
static const uint8_t medtl_name_space[MEDTL_UUID_SIZE] = {
    0x04, 0x87, 0x2a, 0x42, 0xd3, 0x18, 0x47, 0x74, 0xa5, 0xf4, 0x5b, 0x1c, 0x1d, 0x3f, 0x5d, 0x71,
};

void medtl_uuid_from_name(const uint8_t name_space[MEDTL_UUID_SIZE], const void *name, size_t size,
                          uint8_t uuid[MEDTL_UUID_SIZE])
{
    struct sha1_ctx context;

    sha1_init(&context);
    sha1_update(&context, MEDTL_UUID_SIZE, name_space);
    sha1_update(&context, size, name);
    sha1_digest(&context, MEDTL_UUID_SIZE, uuid); /* the first 16 of its 20 bytes */
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x50); /* version 5      */
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80); /* variant of RFC */
}

/* Divide a big-endian number by ten in place. @return the remainder. */
static unsigned divide_by_ten(uint8_t number[MEDTL_UUID_SIZE])
{
    unsigned remainder = 0;

    for (size_t i = 0; i < MEDTL_UUID_SIZE; i++) {
        const unsigned value = remainder << 8 | number[i];

        number[i] = (uint8_t)(value / 10);
        remainder = value % 10;
    }
    return remainder;
}

static bool is_zero(const uint8_t number[MEDTL_UUID_SIZE])
{
    for (size_t i = 0; i < MEDTL_UUID_SIZE; i++)
        if (number[i] != 0)
            return false;
    return true;
}

void medtl_uid_from_uuid(const uint8_t uuid[MEDTL_UUID_SIZE], char uid[MEDTL_UID_SIZE])
{
    uint8_t rest[MEDTL_UUID_SIZE];
    char digits[40]; /* 2^128 has 39 digits; least significant first */
    size_t count = 0;
    size_t length = 5;

    memcpy(rest, uuid, sizeof rest);
    do
        digits[count++] = (char)('0' + divide_by_ten(rest));
    while (!is_zero(rest));
    memcpy(uid, "2.25.", length);
    while (count > 0)
        uid[length++] = digits[--count];
    uid[length] = '\0';
}

void medtl_uid_from_name(const void *name, size_t size, char uid[MEDTL_UID_SIZE])
{
    uint8_t uuid[MEDTL_UUID_SIZE];

    medtl_uuid_from_name(medtl_name_space, name, size, uuid);
    medtl_uid_from_uuid(uuid, uid);
}
