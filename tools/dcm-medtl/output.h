/* Results as files. */
#ifndef DCM_MEDTL_OUTPUT_H
#define DCM_MEDTL_OUTPUT_H

#include "medtl/error.h"

#include <stddef.h>

/** Write a whole file: "-" is standard output, of which main() says in the end whether it took everything; a pipe
 *  or device is written to directly; anything else by temporary file and rename, so that nobody sees half of it. */
medtl_status write_output(const char *path, const void *bytes, size_t size, medtl_error *err);

/** Could write_output() write there, as far as one can know beforehand? */
medtl_status check_output(const char *path, medtl_error *err);

#endif
