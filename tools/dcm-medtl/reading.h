/* The options on how files are read, which several commands share. */
#ifndef DCM_MEDTL_READING_H
#define DCM_MEDTL_READING_H

#include "medtl/reader.h"

#include <stdbool.h>

/* For a command's table of long options; far from its own numbers. */
enum { READING_ISOLATE = 512, READING_TIMEOUT, READING_LIMIT };

#define READING_OPTIONS                                                                            \
    {"isolate", no_argument, NULL, READING_ISOLATE},                                               \
        {"timeout", required_argument, NULL, READING_TIMEOUT},                                     \
    {                                                                                              \
        "limit", required_argument, NULL, READING_LIMIT                                            \
    }

#define READING_HELP                                                                               \
    "  --isolate          parse and decode in a child process: a file that crashes a decoder or\n" \
    "                     takes too long is lost with its reason, and the others go on\n"          \
    "  --timeout SECONDS  for one file in that process (default 60); implies --isolate\n"          \
    "  --limit NAME=N     refuse files that claim more: frame-pixels, frames, depth, elements,\n"  \
    "                     file-bytes and others (man dcm-medtl); N may end in K, M or G\n"

typedef struct reading {
    medtl_reader_options options; /* of which `limits` is set by reading_finish() */
    medtl_limits limits;
} reading;

void reading_start(reading *r);

/** Take an option of READING_OPTIONS with its value. @return false (and says so) where the value is wrong. */
bool reading_take(reading *r, int option, const char *value);

/** @return what medtl_reader_create() wants; borrowed from `r`. */
const medtl_reader_options *reading_finish(reading *r);

#endif
