/* The safetensors container: an 8-byte little-endian header length, a JSON header that places each named
 * tensor, and the bytes of the tensors one after another without gaps. A file is taken whole or refused:
 * nothing in it is believed before it has been checked. Knows nothing of networks. */
#ifndef MEDTL_NN_SAFETENSORS_H
#define MEDTL_NN_SAFETENSORS_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { MEDTL_SAFETENSORS_DIMENSIONS = 8 };

/** One tensor of a file. Strings and bytes are borrowed from the file. */
typedef struct medtl_stored {
    const char *name;
    const char *type; /* "F32", "F16", "BF16", or one that we only carry */
    size_t shape[MEDTL_SAFETENSORS_DIMENSIONS], dimensions;
    size_t count; /* values */
    const unsigned char *bytes;
    size_t byte_count;
} medtl_stored;

typedef struct medtl_safetensors medtl_safetensors;

/** Check and index `size` bytes. @param path  For messages only. @param bytes  Kept, not copied; freed by
 *  medtl_safetensors_destroy() on success, still the caller's on failure. */
medtl_status medtl_safetensors_parse_take(const char *path, unsigned char *bytes, size_t size,
                                          medtl_safetensors **out, medtl_error *err);
medtl_status medtl_safetensors_read(const char *path, medtl_safetensors **out, medtl_error *err);
void medtl_safetensors_destroy(medtl_safetensors *file); /* NULL is allowed */

size_t medtl_safetensors_count(const medtl_safetensors *file);
const medtl_stored *medtl_safetensors_at(const medtl_safetensors *file, size_t index);
const medtl_stored *medtl_safetensors_find(const medtl_safetensors *file,
                                           const char *name);      /* or NULL */
size_t medtl_safetensors_data_size(const medtl_safetensors *file); /* bytes of all tensors */

/** A value of __metadata__, or NULL. */
const char *medtl_safetensors_metadata(const medtl_safetensors *file, const char *key);

/** SHA-256 of the file: 64 hex digits into text[65]. */
void medtl_safetensors_digest(const medtl_safetensors *file, char *text);

/** Is it of a type whose values we read: F32, F16, BF16? */
bool medtl_stored_is_float(const medtl_stored *stored);

/** All values as floats. @return false if the type is none of F32, F16, BF16, or a value is not finite.
 *  @param values  Room for stored->count, or NULL only to check. */
bool medtl_stored_floats(const medtl_stored *stored, float *values);

/** A tensor to be written. */
typedef struct medtl_to_store {
    const char *name;
    const size_t *shape;
    size_t dimensions;
    const float *values;
    size_t count;
    bool half; /* store F16 instead of F32 */
} medtl_to_store;

/** Write a file with one metadata entry, by temporary file and rename. The same input gives the same bytes.
 *  @return MEDTL_E_ARGUMENT for a value that is not finite, or not as F16. */
medtl_status medtl_safetensors_write(const char *path, const char *metadata_key,
                                     const char *metadata_value, const medtl_to_store *tensors,
                                     size_t count, medtl_error *err);

#endif
