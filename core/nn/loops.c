/* Chooses the instruction set for the loops. */
#include "loops.h"

#include "kernels.h"

#include <string.h>

const medtl_loops *medtl_loops_supported(size_t index)
{
    const medtl_loops *sets[3] = {NULL};
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

const medtl_loops *medtl_loops_get(void)
{
    const char *forced = medtl_kernels_forced();
    const medtl_loops *set;

    for (size_t i = 0; forced != NULL && (set = medtl_loops_supported(i)) != NULL; i++)
        if (strcmp(set->name, forced) == 0)
            return set;
    return medtl_loops_supported(0);
}
