#define LOOP_SET      medtl_loops_avx512
#define LOOP_SET_NAME "avx512"
#include "loops_body.h"
