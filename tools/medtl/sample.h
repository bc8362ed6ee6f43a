/* One labelled file as a network's input: PNG, JPEG, PGM, PPM or DICOM, through the normaliser. */
#ifndef MEDTL_TOOL_SAMPLE_H
#define MEDTL_TOOL_SAMPLE_H

#include "core/base/digest.h"
#include "core/train/fingerprint.h"
#include "labels.h"
#include "medtl/image.h"

/** Read and normalise. Thread-safe. Of a multi-frame DICOM file the first frame is taken.
 *  @param out     channels * height * width floats.
 *  @param sha256  Of the file; may be NULL. */
medtl_status sample_read(const label_row *row, const medtl_normaliser *normaliser, float *out,
                         char sha256[MEDTL_SHA256_TEXT_SIZE], medtl_error *err);

/** The same, and what the pixels look like before they are normalised.
 *  @param print  NULL: not wanted. Without a digest where the image cannot be read. */
medtl_status sample_read_print(const label_row *row, const medtl_normaliser *normaliser, float *out,
                               char sha256[MEDTL_SHA256_TEXT_SIZE], medtl_fingerprint *print,
                               medtl_error *err);

#endif
