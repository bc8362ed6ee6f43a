/* The options on how objects are de-identified, which several commands share, and the secret. */
#ifndef DCM_MEDTL_DEIDENTIFYING_H
#define DCM_MEDTL_DEIDENTIFYING_H

#include "dicom/deidentify/deidentify.h"
#include "options.h"

#include <stdbool.h>

typedef struct deidentifying {
    const char *key_file; /* NULL: a secret for this run */
    medtl_deidentify_options options;
} deidentifying;

/** Rows for a command's table. */
option deidentifying_key_option(deidentifying *d);
option deidentifying_shift_option(deidentifying *d);
option deidentifying_characteristics_option(deidentifying *d);
option deidentifying_burned_in_option(deidentifying *d);

/** Read the secret that is in d->key_file; none is made.
 *  @return as medtl_deidentifier_create(); MEDTL_E_IO. */
medtl_status deidentifying_again(deidentifying *d, const medtl_limits *limits,
                                 medtl_deidentifier **out, medtl_error *err);

/** Read the secret, or make it (and say so, unless quiet, where a file is made).
 *  @param limits  NULL: the defaults.
 *  @return as medtl_deidentifier_create(); MEDTL_E_IO. */
medtl_status deidentifying_start(deidentifying *d, const medtl_limits *limits, bool quiet,
                                 medtl_deidentifier **out, medtl_error *err);

#endif
