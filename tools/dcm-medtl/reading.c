#include "reading.h"

#include "arguments.h"

#include <string.h>

void reading_start(reading *r)
{
    memset(r, 0, sizeof *r);
    medtl_limits_default(&r->limits);
}

bool reading_take(reading *r, int option, const char *value)
{
    medtl_error err = {MEDTL_OK, ""};
    long seconds = 0;

    switch (option) {
    case READING_ISOLATE:
        r->options.isolate = true;
        return true;
    case READING_TIMEOUT:
        if (!parse_number("--timeout", value, 1, 86400, &seconds))
            return false;
        r->options.isolate = true;
        r->options.timeout_ms = (uint32_t)seconds * 1000;
        return true;
    case READING_LIMIT:
        if (medtl_limits_set(&r->limits, value, &err) == MEDTL_OK)
            return true;
        complain("--limit: %s", err.message);
        return false;
    default:
        return false;
    }
}

const medtl_reader_options *reading_finish(reading *r)
{
    r->options.limits = &r->limits;
    return &r->options;
}
