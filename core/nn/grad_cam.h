/* Grad-CAM: where in a picture a network found what speaks for a class (Selvaraju et al. 2017, "Grad-CAM: Visual
 * Explanations from Deep Networks via Gradient-based Localization", section 3):
 *
 *     alpha[k] = mean over the pixels of d logit[class] / d A[k]        map = max(sum over k of alpha[k] A[k], 0)
 *
 * A is the layer's activation, k its channels. Products of trained networks explain themselves through
 * include/medtl/model.h (medtl_explainer); this is what it is made of. */
#ifndef MEDTL_NN_GRAD_CAM_H
#define MEDTL_NN_GRAD_CAM_H

#include "network.h"

#include <stddef.h>

typedef struct medtl_grad_cam medtl_grad_cam;

/** Prepare to explain `network`, which must outlive the result and is changed by it: the layer becomes a named output
 *  and dropout is switched off for good. Trained values are not touched, and read anew by each run.
 *
 *  @param layer    NULL or "": the last feature map, which the network pools (of vit_tiny: the patch tokens that its
 *                  last block reads, after their norm). Else a module by PyTorch's name: of a layer with parameters
 *                  ("layer3.1.bn2"), its output, after the ReLU that is part of it; of a block ("layer3", "blocks.5"),
 *                  the output of its last layer and what joins it.
 *  @param threads  At least 1.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for a layer that the network does not have or that has no pixels;
 *          MEDTL_E_UNSUPPORTED for a network that does not look at pictures ("fusion") or an ensemble of more than
 *          twelve; MEDTL_E_MEMORY. */
medtl_status medtl_grad_cam_create(medtl_network *network, const char *layer, size_t threads,
                                   medtl_grad_cam **out, medtl_error *err);
void medtl_grad_cam_destroy(medtl_grad_cam *cam); /* NULL is allowed */

/** The size of a map: the layer's pixels. */
void medtl_grad_cam_size(const medtl_grad_cam *cam, size_t *height, size_t *width);

/** The sum over k of alpha[k] A[k], negative parts and all, so that maps can be added up before they are cut at zero.
 *  An ensemble's map is the sum of its members', as its logits are. Cannot fail. For one thread at a time.
 *  @param input        One normalised picture, [channels][height][width].
 *  @param class_index  Below spec.classes.
 *  @param map          [height][width] of medtl_grad_cam_size(), overwritten.
 *  @param logits       [classes] of this picture, or NULL. */
void medtl_grad_cam_run(medtl_grad_cam *cam, const float *input, size_t class_index, float *map,
                        float *logits);

#endif
