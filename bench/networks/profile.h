/* Where the time of an inference goes. */
#ifndef BENCH_NETWORKS_PROFILE_H
#define BENCH_NETWORKS_PROFILE_H

#include "medtl/error.h"
#include "options.h"

medtl_status bench_profile(const bench_options *options, medtl_error *err);

#endif
