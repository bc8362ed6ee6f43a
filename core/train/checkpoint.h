/* A stopped run's state as one file: a text that says which run it is, then blocks of bytes whose order
 * and sizes both sides know. Not for exchange between machines: numbers are in the machine's own order.
 *
 *   "MEDTLCK1" | u64 size, text | u64 number of blocks | (u64 size, bytes)* | SHA-256 of all that, 64 hex digits */
#ifndef MEDTL_TRAIN_CHECKPOINT_H
#define MEDTL_TRAIN_CHECKPOINT_H

#include "medtl/error.h"

#include <stddef.h>

typedef struct medtl_block {
    void *bytes; /* borrowed; NULL where size is 0 */
    size_t size;
} medtl_block;

/** Write by temporary file and rename. */
medtl_status medtl_checkpoint_write(const char *path, const char *text, const medtl_block *blocks,
                                    size_t count, medtl_error *err);

/** Read back into the blocks. Nothing is copied unless everything fits.
 *  @return MEDTL_OK; MEDTL_E_IO; MEDTL_E_FORMAT for a damaged file; MEDTL_E_CONFIG where text or sizes
 *          are those of another run (the message shows the first line of the text that differs). */
medtl_status medtl_checkpoint_read(const char *path, const char *text, const medtl_block *blocks,
                                   size_t count, medtl_error *err);

#endif
