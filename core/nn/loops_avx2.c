#define LOOP_SET      medtl_loops_avx2
#define LOOP_SET_NAME "avx2"
#include "loops_body.h"
