/* The blocked convolutions for AVX2 with FMA. */
#define BLOCKED_SET      medtl_blocked_avx2
#define BLOCKED_SET_NAME "avx2"
#include "blocked_isa.h"
