/* Choosing for a given instruction set; see conv.h for the calls that use the running one's. */
#ifndef MEDTL_NN_BLOCKED_CONV_CHOOSE_H
#define MEDTL_NN_BLOCKED_CONV_CHOOSE_H

#include "conv_parts.h"

bool medtl_blocked_choose_for(const medtl_conv_shape *shape, const medtl_blocked_part *parts,
                              size_t part_count, bool plain_input, const medtl_blocked_width *width,
                              medtl_blocked_conv *conv);
bool medtl_blocked_choose_algorithm_for(const medtl_conv_shape *shape, bool plain_input,
                                        medtl_blocked_algorithm algorithm, size_t outputs,
                                        const medtl_blocked_width *width, medtl_blocked_conv *conv);

#endif
