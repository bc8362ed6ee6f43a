/* Dealing a table's images into training, validation and test: whole groups (patients, lesions) at a time, every class in
 * proportion, the same for the same seed, and small training sets as parts of larger ones. */
#ifndef MEDTL_TOOL_DEAL_H
#define MEDTL_TOOL_DEAL_H

#include "labels.h"

enum { DEAL_UNUSED = -1, DEAL_TRAIN, DEAL_VALIDATION, DEAL_TEST, DEAL_SIDES };

#define DEAL_NO_VALIDATION "none"

typedef struct deal_options {
    const char *test; /* folds of the table that are tested on; NULL: parts are */
    const char *
        validation; /* folds to validate on; DEAL_NO_VALIDATION: none; NULL: a share of the labelled images is */
    size_t parts, part; /* cross-validation: of `parts` parts, `part` (0-based) is tested on */
    size_t size; /* labelled images for training and validation together; 0: all that are left */
    double validation_share; /* of them; above 0, below 1 */
    uint64_t seed;
} deal_options;

/** Is nothing validated on? @param validation  As in deal_options. */
bool deal_without_validation(const char *validation);

/** @param[out] sides   [l->count], DEAL_...
 *  @param[out] counts  [DEAL_SIDES] images on each side. Groups are not broken, so their sum may be a few images
 *                      more than `size`.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for more images than there are, a side without images, or training images of
 *          one class alone (with the counts); MEDTL_E_MEMORY. */
medtl_status deal(const labels *l, const deal_options *options, int *sides, size_t *counts,
                  medtl_error *err);

/** Write the dealt images as a table of its own: file, label, group, fold (train, validation or test) and photometric.
 *  Classes that occur, for --classes, are the caller's. */
medtl_status deal_write(const labels *l, const int *sides, const char *path, medtl_error *err);

#endif
