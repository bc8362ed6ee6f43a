/* The weights that training starts from. */
#ifndef MEDTL_TOOL_START_WEIGHTS_H
#define MEDTL_TOOL_START_WEIGHTS_H

#include "core/nn/network.h"
#include "core/train/dataset.h"

/** Images that norms may be measured on. */
typedef struct start_images {
    const medtl_dataset *dataset;
    const size_t *indices; /* of images to learn from */
    size_t count, most;    /* of them, and how many to use at once */
    size_t threads;
} start_images;

/** Take over what fits of a file (medtl_network_start_from()). Where the file holds the network's form with folded batch
 *  norms, these are put back, measured on some of the images.
 *  @param images  NULL: such a file is refused like any that does not fit.
 *  @param report  Say what was taken over. What does not fit is said in any case.
 *  @param[out] sha256  The file's. */
medtl_status start_weights(medtl_network *network, const char *path, const start_images *images,
                           bool report, char *sha256, medtl_error *err);

#endif
