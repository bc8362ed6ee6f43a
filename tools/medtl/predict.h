/* Logits of the images of a table, several at a time. */
#ifndef MEDTL_TOOL_PREDICT_H
#define MEDTL_TOOL_PREDICT_H

#include "labels.h"
#include "medtl/image.h"
#include "medtl/model.h"

/** Which mirror images are averaged over, beside the image itself. */
typedef enum flip_axes { FLIP_NONE, FLIP_X, FLIP_Y, FLIP_XY } flip_axes;

/** The images that could be read, in the table's order. */
typedef struct predictions {
    size_t count;
    size_t *rows;  /* [count], of the table; owned */
    float *logits; /* [count][classes]; owned */
} predictions;

/** Run a model over rows of a table. Names each file that cannot be read on standard error and leaves
 *  it out.
 *  @param[out] plain    Of the images as they are.
 *  @param[out] flipped  Mean over mirror images; all zero where flips is FLIP_NONE. */
medtl_status predict(const medtl_model *model, const medtl_normaliser *normaliser,
                     const labels *table, const size_t *rows, size_t count, flip_axes flips,
                     size_t threads, bool quiet, predictions *plain, predictions *flipped,
                     medtl_error *err);
void predictions_clear(predictions *p); /* all zero is allowed */

#endif
