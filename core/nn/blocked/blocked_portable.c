/* The blocked convolutions for any processor: vectors of four, which every compiler can do. */
#define BLOCKED_SET      medtl_blocked_portable
#define BLOCKED_SET_NAME "portable"
#include "blocked_isa.h"
