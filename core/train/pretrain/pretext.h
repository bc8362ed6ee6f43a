/* What a network is taught while nobody has labelled its images: the methods, and the network that each trains.
 *
 * That network is an architecture's trunk (all of it up to "features", without its head) and layers of the method
 * behind it, which are thrown away in the end: a projector, and for BYOL a predictor; or a classifier of labels
 * that come for free. They are the last stage; all lower ones are the trunk, whose
 * parameters have the architecture's own names. */
#ifndef MEDTL_TRAIN_PRETEXT_H
#define MEDTL_TRAIN_PRETEXT_H

#include "core/nn/network.h"
#include "core/train/loss_self.h"

#include <stdbool.h>

typedef enum medtl_pretext_kind {
    MEDTL_PRETEXT_BYOL,     /* Grill et al. 2020, arXiv 2006.07733 */
    MEDTL_PRETEXT_VICREG,   /* Bardes, Ponce & LeCun 2021, arXiv 2105.04906 */
    MEDTL_PRETEXT_SIMCLR,   /* Chen et al. 2020, arXiv 2002.05709 */
    MEDTL_PRETEXT_BARLOW,   /* Zbontar et al. 2021, arXiv 2103.03230 */
    MEDTL_PRETEXT_ROTATION, /* which of four quarter turns: Gidaris et al. 2018, arXiv 1803.07728 */
    MEDTL_PRETEXT_LABELS    /* classes that every image carries anyway: view, side, source ... */
} medtl_pretext_kind;

typedef struct medtl_pretext {
    medtl_pretext_kind kind;
    size_t hidden, embedding; /* outputs of the projector's hidden layers and of its last one */
    double momentum;          /* BYOL: how slowly the target network follows at first (tau base) */
    double temperature;       /* SimCLR */
    double off_diagonal;      /* Barlow Twins */
    medtl_vicreg vicreg;
    double smoothing; /* of labels: 0 to below 1 */
} medtl_pretext;

/** Does the method compare two views of each image? (Else it sees one, and labels.) */
bool medtl_pretext_has_views(medtl_pretext_kind kind);

/** Build the network of a method; its output is what the loss compares, or logits of spec->classes labels.
 *  Projectors: BYOL and SimCLR linear, batch norm, ReLU, linear; VICReg and Barlow Twins one more of the hidden
 *  layers. BYOL's predictor is like its projector.
 *  @param spec       Of the trunk; `classes` counts only for labels and rotation (4).
 *  @param predictor  BYOL: with it (the online network) or without (the target network). Ignored elsewhere.
 *  @return as medtl_network_create(); MEDTL_E_UNSUPPORTED for an ensemble. */
medtl_status medtl_pretext_network_create(const medtl_network_spec *spec,
                                          const medtl_pretext *pretext, bool predictor,
                                          uint64_t seed, medtl_network **out, medtl_error *err);

/** Is this parameter of such a network one of the trunk? */
bool medtl_pretext_in_trunk(const medtl_network *network, const medtl_parameter *parameter);

#endif
