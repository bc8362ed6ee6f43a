/* Views: mirror images and quarter turns of one input, whose logits a model averages. A skin lesion has no
 * up or down, so what a network says of one should not depend on it; the average of several views depends
 * less (test-time augmentation; Krizhevsky et al. 2012, section 4.1). */
#ifndef MEDTL_NN_VIEWS_H
#define MEDTL_NN_VIEWS_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum medtl_views {
    MEDTL_VIEWS_ONE,       /* the input alone */
    MEDTL_VIEWS_FLIP_X,    /* and its left-right mirror image */
    MEDTL_VIEWS_FLIP_Y,    /* and its top-bottom mirror image */
    MEDTL_VIEWS_FLIPS,     /* all four by mirroring both ways */
    MEDTL_VIEWS_SYMMETRIES /* all eight symmetries of the square */
} medtl_views;

enum { MEDTL_MOST_VIEWS = 8 };

/** How a view is made of the input; a sum of these. Transposing comes first. */
enum { MEDTL_VIEW_MIRROR_X = 1, MEDTL_VIEW_MIRROR_Y = 2, MEDTL_VIEW_TRANSPOSE = 4 };

/** "one", "flip-x", "flip-y", "flips", "symmetries". */
const char *medtl_views_name(medtl_views views);

/** @return false for a word that is none of these; *out is then unchanged. */
bool medtl_views_parse(const char *word, medtl_views *out);

/** 1 to MEDTL_MOST_VIEWS. */
size_t medtl_views_count(medtl_views views);

/** The changes that make view `index` (0-based; 0 is the input itself). */
unsigned medtl_view_changes(medtl_views views, size_t index);

/** Whether inputs of this size have such views: the symmetries ask for a square. */
bool medtl_views_fit(medtl_views views, size_t height, size_t width);

/** View `index` (0-based; 0 is the input itself) of one image.
 *  @param in   [channels][height][width].
 *  @param out  The same size, elsewhere. */
void medtl_view_draw(medtl_views views, size_t index, size_t channels, size_t height, size_t width,
                     const float *in, float *out);

struct medtl_model;

/** Let a model average over other views than its file says, for measuring what they are worth. Before any predictor of it
 *  is made. @return MEDTL_E_ARGUMENT for views that its input's size does not have. */
medtl_status medtl_model_use_views(struct medtl_model *model, medtl_views views, medtl_error *err);

/** Means over the views, in double, in their order.
 *  @param logits  [views][classes].
 *  @param out     [classes]; may be `logits`. */
void medtl_views_mean(medtl_views views, const float *logits, size_t classes, float *out);

#endif
