/* Labelled images, normalised once and kept in memory.
 *
 * Pixels are kept as 16-bit fractions of the normaliser's 0 to 1 range before mean and sd (a step of 1/65535 is
 * far below 8-bit sources), because augmentation works on that range: black stays 0. Images beyond the
 * cache's limit are read again each time, with the same result. Core knows no DICOM: whoever makes the data
 * set hands over a reader. */
#ifndef MEDTL_TRAIN_DATASET_H
#define MEDTL_TRAIN_DATASET_H

#include "medtl/error.h"

#include <stddef.h>
#include <stdint.h>

/** Reads one image, already normalised to (x - mean) / sd, x in 0 to 1.
 *  Called from several threads at once, for different indices.
 *  @param out  [channels][height][width]. */
typedef struct medtl_sample_reader {
    medtl_status (*read)(void *context, size_t index, float *out, medtl_error *err);
    void *context;
} medtl_sample_reader;

typedef struct medtl_dataset_spec {
    size_t count, classes;
    const uint32_t *labels; /* [count], below classes; copied */
    size_t channels, height, width;
    float mean[3], sd[3]; /* per channel, of the normaliser; sd > 0 */
    uint64_t cache_bytes; /* limit for pixels in memory */
    size_t threads;       /* for the first reading, at least 1 */
} medtl_dataset_spec;

typedef struct medtl_dataset medtl_dataset;

/** Told of each image on the first reading, in order of index within a block but only from the calling
 *  thread. @param failure  NULL when it could be read. @return other than MEDTL_OK to stop. */
typedef medtl_status (*medtl_dataset_watch)(void *context, size_t index,
                                            const medtl_error *failure);

/** Read everything once. Images that cannot be read are reported to `watch` and left out of use
 *  (medtl_dataset_usable()); that alone is no failure.
 *  @param reader  Kept for images beyond the cache. @param watch  May be NULL.
 *  @return MEDTL_OK, MEDTL_E_MEMORY, MEDTL_E_ARGUMENT, or the status of `watch`. */
medtl_status medtl_dataset_create(const medtl_dataset_spec *spec, const medtl_sample_reader *reader,
                                  medtl_dataset_watch watch, void *watch_context,
                                  medtl_dataset **out, medtl_error *err);
void medtl_dataset_destroy(medtl_dataset *dataset); /* NULL is allowed */

/** A data set of vectors instead of images, for what is learned from a network's features: `spec.channels` is their
 *  size, height and width are 1. Loaders hand them out as they are, without augmentation.
 *  @param labels  [count], below classes; copied. @param values  [count][size]; copied. */
medtl_status medtl_dataset_create_vectors(const uint32_t *labels, const float *values, size_t count,
                                          size_t size, size_t classes, medtl_dataset **out,
                                          medtl_error *err);

/** The vector of an index; NULL in a data set of images. Borrowed. */
const float *medtl_dataset_vector(const medtl_dataset *dataset, size_t index);

const medtl_dataset_spec *medtl_dataset_get_spec(const medtl_dataset *dataset);
int medtl_dataset_usable(const medtl_dataset *dataset, size_t index);
size_t medtl_dataset_pixels(const medtl_dataset *dataset); /* channels * height * width */

/** The pixels of an image: from the cache, or read again into `room`. Thread-safe.
 *  @param room     medtl_dataset_pixels() values, used where the image is not in the cache.
 *  @param scratch  As many floats.
 *  @param[out] pixels  Borrowed from the data set, or `room`. */
medtl_status medtl_dataset_load(const medtl_dataset *dataset, size_t index, uint16_t *room,
                                float *scratch, const uint16_t **pixels, medtl_error *err);

#endif
