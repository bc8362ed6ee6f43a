/* The network that is measured, with the weights and images that were named or with random ones. */
#ifndef BENCH_NETWORKS_SUBJECT_H
#define BENCH_NETWORKS_SUBJECT_H

#include "core/nn/network.h"
#include "options.h"

enum { BENCH_CHANNELS = 3 };

/** The network as it is trained. */
medtl_status bench_subject_network(const bench_options *options, medtl_network **out,
                                   medtl_error *err);

/** The network as a host would load it, from a model file. Another process makes that file, so that this one's peak
 *  memory is what a host sees. */
medtl_status bench_subject_model(const bench_options *options, medtl_model **out, medtl_error *err);

/** `count` images of noise, which the caller frees; NULL if there is no memory. */
float *bench_subject_noise(const bench_options *options, size_t count);

/** The images of options->input, or one of noise. @param[out] images  To be freed. */
medtl_status bench_subject_input(const bench_options *options, float **images, size_t *count,
                                 medtl_error *err);

#endif
