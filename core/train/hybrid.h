/* Classical classifiers on a network's features ("hybrid" transfer, Kim et al. 2022): the trunk stays as it is, and its
 * features go into logistic regression or a linear support vector machine (LIBLINEAR), a support vector machine with
 * Gaussian kernel (LIBSVM), or k nearest neighbours. What is fitted becomes the last layer of an ordinary model.
 *
 * Features are brought to mean 0 and deviation 1 of the training images first. Of more than two classes each is told from
 * the rest, and the largest value answers. Not for several threads at once: the two libraries have global state. */
#ifndef MEDTL_TRAIN_HYBRID_H
#define MEDTL_TRAIN_HYBRID_H

#include "core/nn/network.h"
#include "medtl/error.h"

#include <stddef.h>
#include <stdint.h>

typedef enum medtl_hybrid_kind {
    MEDTL_HYBRID_LOGISTIC, /* L2-regularised logistic regression (LIBLINEAR, solver 0) */
    MEDTL_HYBRID_SVM,      /* L2-regularised, squared hinge loss, primal (LIBLINEAR, solver 2) */
    MEDTL_HYBRID_RBF, /* C-SVC with Gaussian kernel (LIBSVM), one machine for each class against the rest */
    MEDTL_HYBRID_NEIGHBOURS /* Euclidean distance, equal votes */
} medtl_hybrid_kind;

typedef struct medtl_hybrid_options {
    medtl_hybrid_kind kind;
    double cost; /* C of the first three, above 0 */
    double
        gamma; /* RBF: exp(-gamma |a - b|^2) of standardised features; 0: 1 / number of features */
    size_t neighbours; /* NEIGHBOURS: 1 to MEDTL_MOST_NEIGHBOURS and to the number of samples */
    const float *class_weights; /* [classes], factors on C (not of NEIGHBOURS); NULL: 1 */
} medtl_hybrid_options;

/** Features and classes of images. Borrowed. */
typedef struct medtl_hybrid_data {
    const float *features;  /* [count][size] */
    const uint32_t *labels; /* [count] */
    size_t count, size, classes;
} medtl_hybrid_data;

/** A fitted classifier. */
typedef struct medtl_hybrid {
    medtl_hybrid_kind kind;
    size_t size, classes;
    float *weights,
        *bias; /* LOGISTIC, SVM: [classes][size] of features as they are, [classes]; RBF: bias */
    float *standard; /* RBF, NEIGHBOURS: [2][size], shift and scale (core/nn/node_distance.h) */
    float *vectors;  /* RBF, NEIGHBOURS: [vector_count][size] */
    float *shares;   /* RBF: [classes][vector_count]; NEIGHBOURS: [vector_count][classes] */
    size_t vector_count, neighbours;
} medtl_hybrid;

/** @param[out] out  For medtl_hybrid_clear(), also after a failure.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for impossible options, features that are no numbers, or fewer samples than the
 *          classifier needs (with the counts); MEDTL_E_MEMORY. */
medtl_status medtl_hybrid_fit(const medtl_hybrid_options *options, const medtl_hybrid_data *data,
                              medtl_hybrid *out, medtl_error *err);
void medtl_hybrid_clear(medtl_hybrid *hybrid); /* also of a zeroed one */

/** A network with the trunk of `network` and this classifier as its last layer. */
medtl_status medtl_hybrid_network(medtl_network *network, const medtl_hybrid *hybrid,
                                  medtl_network **out, medtl_error *err);

/** Its logits of features, [count][classes]. */
medtl_status medtl_hybrid_predict(const medtl_hybrid *hybrid, const float *features, size_t count,
                                  float *logits, medtl_error *err);

#endif
