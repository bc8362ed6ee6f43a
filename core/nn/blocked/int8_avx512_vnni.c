/* Convolutions in whole numbers, for AVX-512 with VNNI. */
#define INT8_SET      medtl_int8_avx512_vnni
#define INT8_SET_NAME "avx512-vnni"
#define INT8_FLOATS   "avx512"
#include "int8_kernel.h"
