/* What one picture and one class give: a page with a heat map, and numbers. */
#ifndef MEDTL_TOOL_EXPLAIN_PAGE_H
#define MEDTL_TOOL_EXPLAIN_PAGE_H

#include "medtl/image.h"
#include "medtl/model.h"

#include <jansson.h>

typedef struct explanation {
    const char *file; /* as the command line named it */
    const char *page; /* name of the page's file */
    const medtl_model_info *info;
    const medtl_normaliser *normaliser;
    const char *layer;          /* "" for the last feature map */
    const float *input;         /* normalised */
    const float *probabilities; /* [classes] */
    size_t class_index;
    const float *map; /* [height][width] */
    size_t height, width;
} explanation;

/** Draw the picture as the network sees it, the map over it, a legend and the most probable classes.
 *  @param path  *.png or *.svg. */
medtl_status explain_page_write(const char *path, const explanation *e, medtl_error *err);

/** {"file", "page", "class", "probability", "map": [[...]]}; NULL without memory. */
json_t *explain_json(const explanation *e);

#endif
