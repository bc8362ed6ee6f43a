/* The images of a run: which are for training, which for validation, and reading them. */
#ifndef MEDTL_TOOL_FINETUNE_DATA_H
#define MEDTL_TOOL_FINETUNE_DATA_H

#include "core/train/dataset.h"
#include "finetune_options.h"
#include "labels.h"
#include "leaks.h"
#include "target.h"

typedef struct finetune_data {
    labels table;
    size_t *rows; /* [count]: row of the table of each image in the data set */
    size_t count; /* images of training and validation together */
    char (
        *sha256)[MEDTL_SHA256_TEXT_SIZE]; /* [count], of each file; "" where it could not be read */
    bool digested;                        /* all of them: no more digests are taken */
    medtl_fingerprint *prints; /* [count], while images are read for the first time; else NULL */
    fingerprint_text fingerprints; /* of what the run learns from */
    medtl_dataset *dataset;
    size_t *train, *validation; /* indices into the data set, usable images only */
    size_t train_count, validation_count, left_out; /* left_out: rows of test folds */
    size_t unreadable;
    const medtl_normaliser *normaliser; /* borrowed */
} finetune_data;

/** Read the table, split it, refuse leaks, and read every image of training and validation. Prints what
 *  there is and names each file that cannot be read. Nothing is written: fingerprints are made, unless leaks are not
 *  looked for.
 *  @param data  Must stay where it is while the data set is used. */
medtl_status finetune_data_read(const finetune_options *options, const target *t,
                                finetune_data *data, medtl_error *err);
void finetune_data_clear(finetune_data *data); /* all zero is allowed */

/** One digest for all images: SHA-256 over lines "<digest>  <file>\n" in the table's order.
 *  @return MEDTL_OK or MEDTL_E_MEMORY. */
medtl_status finetune_data_digest(const finetune_data *data, char out[MEDTL_SHA256_TEXT_SIZE],
                                  medtl_error *err);

#endif
