/* Filling a network from a file. */
#ifndef MEDTL_NN_NETWORK_FILE_H
#define MEDTL_NN_NETWORK_FILE_H

#include "network_match.h"
#include "network_parts.h"
#include "safetensors.h"

/** Every parameter from the tensor of its name, and no tensor besides but counters. On failure the values are mixed,
 *  and the network is only good for destroying. */
medtl_status medtl_network_fill(medtl_network *network, const char *path,
                                const medtl_safetensors *file, medtl_error *err);

#endif
