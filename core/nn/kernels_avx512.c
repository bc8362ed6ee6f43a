#define KERNEL_SET      medtl_kernels_avx512
#define KERNEL_SET_NAME "avx512"
#include "kernels_isa.h"
