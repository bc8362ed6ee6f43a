/* Logits of the images of a table, several at a time. */
#ifndef MEDTL_TOOL_PREDICT_H
#define MEDTL_TOOL_PREDICT_H

#include "core/train/fingerprint.h"
#include "labels.h"
#include "medtl/image.h"
#include "medtl/model.h"

/** The images that could be read, in the table's order. */
typedef struct predictions {
    size_t count;
    size_t *rows;  /* [count], of the table; owned */
    float *logits; /* [count][classes]; owned */
    medtl_fingerprint
        *prints; /* [count], what the images look like; owned; NULL where not wanted */
} predictions;

typedef struct predict_options {
    size_t threads;
    bool prints; /* take fingerprints */
    bool quiet;
} predict_options;

/** Run a model over rows of a table. Names each file that cannot be read on standard error and leaves it out. */
medtl_status predict(const medtl_model *model, const medtl_normaliser *normaliser,
                     const labels *table, const size_t *rows, size_t count,
                     const predict_options *options, predictions *out, medtl_error *err);
void predictions_clear(predictions *p); /* all zero is allowed */

#endif
