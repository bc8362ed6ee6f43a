#include "dicom/report/uid.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

/* RFC 4122 appendix C: the name space of domain names. */
static const uint8_t dns[MEDTL_UUID_SIZE] = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                                             0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};

/* Expected values: python3 -c 'import uuid; print(uuid.uuid5(uuid.NAMESPACE_DNS, NAME))', and .int
 * for the UID. */
struct name_case {
    char name[32];
    uint8_t uuid[MEDTL_UUID_SIZE];
    char uid[MEDTL_UID_SIZE];
};

ParameterizedTestParameters(uid, follows_rfc_4122_version_5)
{
    static struct name_case cases[] = {
        {"python.org",
         {0x88, 0x63, 0x13, 0xe1, 0x3b, 0x8a, 0x53, 0x72, 0x9b, 0x90, 0x0c, 0x9a, 0xee, 0x19, 0x9e,
          0x5d},
         "2.25.181289448026289383154478846676280385117"},
        {"www.example.com",
         {0x2e, 0xd6, 0x65, 0x7d, 0xe9, 0x27, 0x56, 0x8b, 0x95, 0xe1, 0x26, 0x65, 0xa8, 0xae, 0xa6,
          0xa2},
         "2.25.62257697832880430461588949038000940706"},
        {"a",
         {0x4f, 0x3f, 0x28, 0x98, 0x69, 0xe3, 0x5a, 0x0d, 0x82, 0x0a, 0xc4, 0xe8, 0x79, 0x87, 0xdb,
          0xce},
         "2.25.105336949740931673789449853882121837518"},
        {"",
         {0x4e, 0xbd, 0x02, 0x08, 0x83, 0x28, 0x5d, 0x69, 0x8c, 0x44, 0xec, 0x50, 0x93, 0x9c, 0x09,
          0x67},
         "2.25.104661169016722362372224050231930259815"},
    };
    return cr_make_param_array(struct name_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct name_case *c, uid, follows_rfc_4122_version_5)
{
    uint8_t uuid[MEDTL_UUID_SIZE];
    char uid[MEDTL_UID_SIZE];

    medtl_uuid_from_name(dns, c->name, strlen(c->name), uuid);
    cr_assert_arr_eq(uuid, c->uuid, MEDTL_UUID_SIZE, "%s", c->name);
    medtl_uid_from_uuid(uuid, uid);
    cr_assert_str_eq(uid, c->uid, "%s", c->name);
}

/* PS3.5 B.2: the decimal has no leading zeros, and UUID 0 is the single digit 0. */
Test(uid, writes_the_smallest_and_the_largest_uuid)
{
    uint8_t uuid[MEDTL_UUID_SIZE];
    char uid[MEDTL_UID_SIZE];

    memset(uuid, 0, sizeof uuid);
    medtl_uid_from_uuid(uuid, uid);
    cr_assert_str_eq(uid, "2.25.0");
    uuid[MEDTL_UUID_SIZE - 1] = 10;
    medtl_uid_from_uuid(uuid, uid);
    cr_assert_str_eq(uid, "2.25.10");
    memset(uuid, 0xff, sizeof uuid);
    medtl_uid_from_uuid(uuid, uid);
    cr_assert_str_eq(uid, "2.25.340282366920938463463374607431768211455"); /* 2^128 - 1 */
}

Test(uid, does_not_take_one_name_for_another)
{
    char one[MEDTL_UID_SIZE], other[MEDTL_UID_SIZE];

    medtl_uid_from_name("a", 1, one);
    medtl_uid_from_name("b", 1, other);
    cr_assert_str_neq(one, other);
    medtl_uid_from_name("a", 1, other);
    cr_assert_str_eq(one, other);
}
