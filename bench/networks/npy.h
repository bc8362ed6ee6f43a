/* NumPy's file of one array (numpy.lib.format, versions 1 and 2): little-endian float32 in C order alone. */
#ifndef BENCH_NETWORKS_NPY_H
#define BENCH_NETWORKS_NPY_H

#include "medtl/error.h"

#include <stddef.h>

/** @param[out] values  To be freed. @param[out] count  Of all values; the shape is the caller's to know. */
medtl_status bench_npy_read(const char *path, float **values, size_t *count, medtl_error *err);

#endif
