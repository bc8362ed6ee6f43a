/* The options on how objects are de-identified, which several commands share, and the secret. */
#ifndef DCM_MEDTL_DEIDENTIFYING_H
#define DCM_MEDTL_DEIDENTIFYING_H

#include "dicom/deidentify/deidentify.h"

#include <stdbool.h>

/* For a command's table of long options; far from its own numbers. */
enum { DEIDENTIFYING_KEY = 768, DEIDENTIFYING_SHIFT, DEIDENTIFYING_CHARACTERISTICS };

#define DEIDENTIFYING_OPTIONS                                                                      \
    {"key", required_argument, NULL, DEIDENTIFYING_KEY},                                           \
        {"shift-dates", no_argument, NULL, DEIDENTIFYING_SHIFT},                                   \
    {                                                                                              \
        "keep-patient-characteristics", no_argument, NULL, DEIDENTIFYING_CHARACTERISTICS           \
    }

#define DEIDENTIFYING_HELP                                                                         \
    "  --key FILE         the secret that UIDs and pseudonyms follow from; made if it is not\n"    \
    "                     there. With it, later runs give the same ones; whoever has it can\n"     \
    "                     test guesses: keep it with the patients' data. Without: a new secret\n"  \
    "                     for this run, which is forgotten\n"                                      \
    "  --shift-dates      move all dates of a patient back by the same 1 to 3650 days, and keep\n" \
    "                     times of day, instead of removing both\n"                                \
    "  --keep-patient-characteristics\n"                                                           \
    "                     keep age (at most 90), sex, size, weight, ethnic group, smoking,\n"      \
    "                     pregnancy\n"

typedef struct deidentifying {
    const char *key_file; /* NULL: a secret for this run */
    bool used;            /* one of the options was given */
    medtl_deidentify_options options;
} deidentifying;

/** Take an option of DEIDENTIFYING_OPTIONS with its value. */
void deidentifying_take(deidentifying *d, int option, const char *value);

/** Read the secret, or make it (and say so, unless quiet, where a file is made).
 *  @param limits  NULL: the defaults.
 *  @return as medtl_deidentifier_create(); MEDTL_E_IO. */
medtl_status deidentifying_start(deidentifying *d, const medtl_limits *limits, bool quiet,
                                 medtl_deidentifier **out, medtl_error *err);

#endif
