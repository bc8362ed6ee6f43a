#define KERNEL_SET      medtl_kernels_portable
#define KERNEL_SET_NAME "portable"
#include "kernels_isa.h"
