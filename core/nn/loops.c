/* Chooses the instruction set for the loops. */
#include "loops.h"

const medtl_loops *medtl_loops_supported(size_t index)
{
    const medtl_loops *sets[3];
    size_t count = 0;

#if defined(MEDTL_LOOPS_X86)
    if (__builtin_cpu_supports("avx512f"))
        sets[count++] = &medtl_loops_avx512;
    if (__builtin_cpu_supports("avx2"))
        sets[count++] = &medtl_loops_avx2;
#endif
    sets[count++] = &medtl_loops_portable;
    return index < count ? sets[index] : NULL;
}

const medtl_loops *medtl_loops_get(void) { return medtl_loops_supported(0); }
