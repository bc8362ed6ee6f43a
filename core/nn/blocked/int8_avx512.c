/* Convolutions in whole numbers, for AVX-512 without VNNI. */
#define INT8_SET      medtl_int8_avx512
#define INT8_SET_NAME "avx512"
#define INT8_FLOATS   "avx512"
#include "int8_kernel.h"
