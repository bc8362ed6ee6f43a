/* Convolutions in whole numbers, for AVX2. */
#define INT8_SET      medtl_int8_avx2
#define INT8_SET_NAME "avx2"
#define INT8_FLOATS   "avx2"
#include "int8_kernel.h"
