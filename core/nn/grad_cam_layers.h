/* Which nodes of a network Grad-CAM looks at. */
#ifndef MEDTL_NN_GRAD_CAM_LAYERS_H
#define MEDTL_NN_GRAD_CAM_LAYERS_H

#include "network_parts.h"

/** Outputs of a network are few; some are its own. */
enum { MEDTL_CAM_MOST_MEMBERS = 12 };

/** The layer in each member of a network; one where it is no ensemble. */
typedef struct medtl_cam_layers {
    size_t nodes[MEDTL_CAM_MOST_MEMBERS], count;
    size_t height, width;
    size_t
        skip; /* pixels before the first that belongs to the picture: 1 where a class token leads the tokens */
} medtl_cam_layers;

/** @param layer  As medtl_grad_cam_create(). */
medtl_status medtl_cam_layers_find(const medtl_network *network, const char *layer,
                                   medtl_cam_layers *layers, medtl_error *err);

#endif
