/* The limits' defaults and names. */
#include "medtl/limits.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct limit {
    const char *name;
    size_t offset;
    uint64_t otherwise, most; /* the default, and what the code behind it can take */
} limits_known[] = {
    {"file-bytes", offsetof(medtl_limits, file_bytes), UINT64_C(4) << 30, INT64_MAX},
    {"inflated-bytes", offsetof(medtl_limits, inflated_bytes), UINT64_C(1) << 30,
     UINT64_C(4) << 30},
    {"header-bytes", offsetof(medtl_limits, header_bytes), UINT64_C(64) << 20, UINT64_C(1) << 30},
    {"value-bytes", offsetof(medtl_limits, value_bytes), UINT64_C(1) << 20, UINT64_C(1) << 30},
    {"elements", offsetof(medtl_limits, elements), 2000000, UINT32_MAX},
    {"depth", offsetof(medtl_limits, depth), 32, MEDTL_LIMIT_DEPTH_MOST},
    {"frame-pixels", offsetof(medtl_limits, frame_pixels), UINT64_C(64) << 20, UINT32_MAX},
    {"frames", offsetof(medtl_limits, frames), 1000000, INT32_MAX},
    {"image-pixels", offsetof(medtl_limits, image_pixels), UINT64_C(64) << 30, INT64_MAX},
    {"fragments", offsetof(medtl_limits, fragments), 4000000, UINT32_MAX},
    {"frame-bytes", offsetof(medtl_limits, frame_bytes), UINT64_C(1) << 30, UINT32_MAX - 1},
    {"members", offsetof(medtl_limits, members), 1000000, UINT32_MAX},
};
enum { LIMIT_COUNT = sizeof limits_known / sizeof limits_known[0] };

static uint64_t *place_of(medtl_limits *limits, const struct limit *limit)
{
    return (uint64_t *)(void *)((char *)limits + limit->offset);
}

void medtl_limits_default(medtl_limits *limits)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        *place_of(limits, &limits_known[i]) = limits_known[i].otherwise;
}

const char *medtl_limits_name(size_t index)
{
    return index < LIMIT_COUNT ? limits_known[index].name : NULL;
}

/* @return false where the text is no number above 0 and up to `most`. */
static bool read_number(const char *text, uint64_t most, uint64_t *out)
{
    static const char units[] = "KMG";
    char *end = NULL;
    unsigned long long number;
    unsigned shift = 0;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (*end != '\0') {
        const char *unit = strchr(units, *end);

        if (unit == NULL || end[1] != '\0')
            return false;
        shift = 10u * (unsigned)(unit - units + 1);
    }
    if (errno != 0 || number == 0 || number > most >> shift)
        return false;
    *out = (uint64_t)number << shift;
    return true;
}

medtl_status medtl_limits_set(medtl_limits *limits, const char *text, medtl_error *err)
{
    const size_t length = strcspn(text, "=");

    if (text[length] != '=')
        return medtl_fail(err, MEDTL_E_ARGUMENT, "a limit is written NAME=NUMBER, not '%.60s'",
                          text);
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        const struct limit *limit = &limits_known[i];

        if (strlen(limit->name) != length || strncmp(limit->name, text, length) != 0)
            continue;
        if (!read_number(text + length + 1, limit->most, place_of(limits, limit)))
            return medtl_fail(err, MEDTL_E_ARGUMENT,
                              "the limit %s takes a whole number from 1 to %llu, not '%.60s'",
                              limit->name, (unsigned long long)limit->most, text + length + 1);
        return MEDTL_OK;
    }
    return medtl_fail(err, MEDTL_E_ARGUMENT, "there is no limit '%.*s'",
                      (int)(length < 60 ? length : 60), text);
}
