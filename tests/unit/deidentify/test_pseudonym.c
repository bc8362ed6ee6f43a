#include "dicom/deidentify/pseudonym.h"

#include "core/base/digest.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static medtl_pseudonym_key key_of(const char *text)
{
    medtl_pseudonym_key key = {.size = strlen(text)};

    memcpy(key.bytes, text, key.size);
    return key;
}

/* RFC 4231, test cases 2 and 1. */
Test(hmac, gives_the_values_of_rfc_4231)
{
    static const uint8_t jefe[32] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e,
                                     0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
                                     0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83,
                                     0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
    static const uint8_t there[32] = {0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53,
                                      0x5c, 0xa8, 0xaf, 0xce, 0xaf, 0x0b, 0xf1, 0x2b,
                                      0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83, 0x3d, 0xa7,
                                      0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7};
    const medtl_hmac_part question[] = {{"what do ya ", 11}, {"want for nothing?", 17}};
    const medtl_hmac_part greeting[] = {{"Hi There", 8}};
    uint8_t key[20], out[MEDTL_SHA256_SIZE];

    medtl_hmac_sha256("Jefe", 4, question, 2, out);
    cr_assert_arr_eq(out, jefe, sizeof jefe);
    memset(key, 0x0b, sizeof key);
    medtl_hmac_sha256(key, sizeof key, greeting, 1, out);
    cr_assert_arr_eq(out, there, sizeof there);
}

Test(pseudonym, gives_a_uid_that_follows_from_key_and_uid_alone)
{
    const medtl_pseudonym_key one = key_of("0123456789abcdef"), other = key_of("fedcba9876543210");
    char first[MEDTL_UID_SIZE], again[MEDTL_UID_SIZE], elsewhere[MEDTL_UID_SIZE];

    medtl_pseudonym_uid(&one, "1.2.3.4", first);
    medtl_pseudonym_uid(&one, "1.2.3.4", again);
    medtl_pseudonym_uid(&other, "1.2.3.4", elsewhere);
    cr_assert_str_eq(first, again);
    cr_assert_str_neq(first, elsewhere);
    cr_assert_eq(strncmp(first, "2.25.", 5), 0);
    cr_assert_leq(strlen(first), 44);
    cr_assert_neq(first[5], '0');
    cr_assert_eq(strspn(first, "0123456789."), strlen(first));
    medtl_pseudonym_uid(&one, "1.2.3.5", again);
    cr_assert_str_neq(first, again);
}

Test(pseudonym, leaves_the_standards_own_uids)
{
    const medtl_pseudonym_key key = key_of("0123456789abcdef");
    char uid[MEDTL_UID_SIZE];

    medtl_pseudonym_uid(&key, "1.2.840.10008.1.4.1.1", uid); /* a well-known frame of reference */
    cr_assert_str_eq(uid, "1.2.840.10008.1.4.1.1");
}

Test(pseudonym, tells_uses_of_a_text_apart)
{
    const medtl_pseudonym_key key = key_of("0123456789abcdef");
    char patient[MEDTL_PSEUDONYM_SIZE], lesion[MEDTL_PSEUDONYM_SIZE];

    medtl_pseudonym_name(&key, "patient", "7", patient);
    medtl_pseudonym_name(&key, "tracking", "7", lesion);
    cr_assert_str_neq(patient, lesion);
    cr_assert_eq(strlen(patient), 17);
}

Test(pseudonym, moves_dates_by_one_day_to_ten_years)
{
    const medtl_pseudonym_key key = key_of("0123456789abcdef");

    for (int i = 0; i < 1000; i++) {
        char patient[16];

        (void)snprintf(patient, sizeof patient, "%d", i);
        cr_assert(medtl_pseudonym_days(&key, patient) >= 1);
        cr_assert(medtl_pseudonym_days(&key, patient) <= 3650);
    }
}
