/* The options on how files are read, which several commands share. */
#ifndef DCM_MEDTL_READING_H
#define DCM_MEDTL_READING_H

#include "medtl/reader.h"
#include "options.h"

#include <stdbool.h>

typedef struct reading {
    medtl_reader_options options; /* of which `limits` is set by reading_finish() */
    medtl_limits limits;
    uint64_t timeout_seconds; /* 0: not given */
    option_words given_limits;
} reading;

void reading_start(reading *r);
void reading_clear(reading *r);

/** Rows for a command's table. */
option reading_isolate_option(reading *r);
option reading_timeout_option(reading *r);
option reading_limit_option(reading *r);

/** Take over what was given. @return false (and says so) where a limit is wrong. */
bool reading_take(reading *r);

/** @return what medtl_reader_create() wants; borrowed from `r`. */
const medtl_reader_options *reading_finish(reading *r);

#endif
