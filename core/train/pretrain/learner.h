/* One step of learning without labels: networks, the loss between two views, and its gradients.
 *
 * Both views of a batch go through the network as one batch of twice the size, first view first; batch norms thus
 * see both, as in SimCLR. BYOL's target network sees the same images, in training mode; its weights follow
 * the online network's, its batch norms' running statistics are its own. Nothing here is random. */
#ifndef MEDTL_TRAIN_LEARNER_H
#define MEDTL_TRAIN_LEARNER_H

#include "pretext.h"

typedef struct medtl_learner medtl_learner;

typedef struct medtl_learner_spec {
    medtl_network_spec trunk;
    medtl_pretext pretext;
    size_t batch; /* most images in a step; of each there are two views, if the method has views */
    size_t threads; /* at least 1 */
    bool recompute; /* less memory, as medtl_trainer_pass_create_recomputing() */
    uint64_t seed;  /* of the first weights */
} medtl_learner_spec;

medtl_status medtl_learner_create(const medtl_learner_spec *spec, medtl_learner **out,
                                  medtl_error *err);
void medtl_learner_destroy(medtl_learner *learner); /* NULL is allowed */

/** The network that is trained, and its pass: for the optimiser. Borrowed. */
medtl_network *medtl_learner_network(medtl_learner *learner);
medtl_trainer_pass *medtl_learner_pass(medtl_learner *learner);
/** BYOL's target network; NULL elsewhere. Its parameters are the first of the trained network's. */
medtl_network *medtl_learner_target(medtl_learner *learner);

/** Forward, loss and backward: the gradients are then in the pass.
 *  @param input    [views][count][channels][height][width].
 *  @param targets  [count][classes] for labels and rotation, else NULL.
 *  @param[out] spread  How far the first view's outputs, brought to length 1, lie apart: their standard deviation
 *                      over the batch, mean over the dimensions, times sqrt(dimensions). Near 1: all directions;
 *                      near 0: the network has collapsed to one answer (Chen & He 2020, arXiv 2011.10566,
 *                      section 4.1). NAN where there are no views.
 *  @return the loss; BYOL's as its paper's equation 2, mean over both orders and all images. */
double medtl_learner_step(medtl_learner *learner, const float *input, const float *targets,
                          size_t count, double *spread);

/** BYOL's target moves towards the trained network: target = tau * target + (1 - tau) * trained. 0 copies (all
 *  else too: the batch norms' statistics). No effect elsewhere. */
void medtl_learner_follow(medtl_learner *learner, double tau);

/** The trunk's features in evaluation mode. @param count  At most the batch times the views.
 *  @param[out] features  [count][medtl_learner_feature_count()]. */
void medtl_learner_features(medtl_learner *learner, const float *input, size_t count,
                            float *features);
size_t medtl_learner_feature_count(const medtl_learner *learner);

#endif
