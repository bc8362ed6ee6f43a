/* Convolutions in whole numbers, for AVX-VNNI, which is AVX2 with an instruction for it. */
#define INT8_SET      medtl_int8_avx_vnni
#define INT8_SET_NAME "avx-vnni"
#define INT8_FLOATS   "avx2"
#include "int8_kernel.h"
