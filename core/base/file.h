/* Files as wholes: read one, or replace one so that nobody ever sees half of it. */
#ifndef MEDTL_BASE_FILE_H
#define MEDTL_BASE_FILE_H

#include "medtl/error.h"

#include <stddef.h>

/** Read a whole regular file. @param limit  Refuse more bytes than this (MEDTL_E_FORMAT).
 *  @param[out] bytes  Owned by the caller (free). */
medtl_status medtl_file_read(const char *path, size_t limit, unsigned char **bytes, size_t *size,
                             medtl_error *err);

/** Write `path` through a temporary file beside it, fsync and rename; on failure (full disk, say) the
 *  temporary file is gone and an old `path` is untouched. */
medtl_status medtl_file_replace(const char *path, const void *bytes, size_t size, medtl_error *err);

/** mkdir -p. */
medtl_status medtl_file_make_folders(const char *path, medtl_error *err);

#endif
