/* The blocked convolutions for AVX-512. */
#define BLOCKED_SET      medtl_blocked_avx512
#define BLOCKED_SET_NAME "avx512"
#include "blocked_isa.h"
