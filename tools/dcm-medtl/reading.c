#include "reading.h"

#include "arguments.h"

#include <stdlib.h>
#include <string.h>

void reading_start(reading *r)
{
    memset(r, 0, sizeof *r);
    medtl_limits_default(&r->limits);
}

void reading_clear(reading *r) { free(r->given_limits.items); }

option reading_isolate_option(reading *r)
{
    return (option){
        OPTION_FLAG,
        "isolate",
        0,
        "",
        &r->options.isolate,
        0,
        0,
        SHAPES_NOTHING,
        "parse and decode in a child process: a file that crashes a decoder or takes too long is "
        "lost with its reason, and the others go on"};
}

option reading_timeout_option(reading *r)
{
    return (option){OPTION_WHOLE,
                    "timeout",
                    0,
                    "SECONDS",
                    &r->timeout_seconds,
                    1,
                    86400,
                    SHAPES_NOTHING,
                    "for one file in that process (default 60); implies --isolate"};
}

option reading_limit_option(reading *r)
{
    return (option){
        OPTION_TEXTS,
        "limit",
        0,
        "NAME=N",
        &r->given_limits,
        0,
        0,
        SHAPES_NOTHING,
        "refuse files that claim more: frame-pixels, frames, depth, elements, file-bytes and others "
        "(man dcm-medtl); N may end in K, M or G"};
}

bool reading_take(reading *r)
{
    medtl_error err = {MEDTL_OK, ""};

    if (r->timeout_seconds > 0) {
        r->options.isolate = true;
        r->options.timeout_ms = (uint32_t)r->timeout_seconds * 1000;
    }
    for (size_t i = 0; i < r->given_limits.count; i++)
        if (medtl_limits_set(&r->limits, r->given_limits.items[i], &err) != MEDTL_OK) {
            complain("--limit: %s", err.message);
            return false;
        }
    return true;
}

const medtl_reader_options *reading_finish(reading *r)
{
    r->options.limits = &r->limits;
    return &r->options;
}
