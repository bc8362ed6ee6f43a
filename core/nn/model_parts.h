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

#endif
