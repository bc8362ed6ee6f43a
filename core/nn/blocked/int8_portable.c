/* Convolutions in whole numbers, for any processor. */
#define INT8_SET      medtl_int8_portable
#define INT8_SET_NAME "portable"
#define INT8_FLOATS   "portable"
#include "int8_kernel.h"
