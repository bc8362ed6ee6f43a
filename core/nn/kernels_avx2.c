#define KERNEL_SET      medtl_kernels_avx2
#define KERNEL_SET_NAME "avx2"
#include "kernels_isa.h"
