#define LOOP_SET      medtl_loops_portable
#define LOOP_SET_NAME "portable"
#include "loops_body.h"
