/* The inside of a loaded model: what it says of itself, and its plan. */
#ifndef MEDTL_NN_MODEL_PARTS_H
#define MEDTL_NN_MODEL_PARTS_H

#include "metadata.h"
#include "plan.h"
#include "tensor/nd_plan.h"

struct medtl_model {
    medtl_model_info info; /* points into metadata and sha256 */
    medtl_metadata metadata;
    medtl_plan plan; /* of one of our architectures */
    medtl_nd_plan
        tensors; /* of any other network ("graph"); its graph is NULL where there is none */
    char sha256[65];
};

/** Everything of medtl_model_load() but the plan of one of our architectures: a model that says of itself what the file
 *  does, but cannot be run, and the network with the file's weights. `network` is NULL for a model of another network
 *  ("graph"). Both are the caller's to destroy. */
medtl_status medtl_model_load_network(const char *path, medtl_model **out, medtl_network **network,
                                      medtl_error *err);

#endif
