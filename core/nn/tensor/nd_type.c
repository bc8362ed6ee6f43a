/* Types of tensors: elements, shapes, and how much memory they are. */
#include "nd_op.h"

#include <stdlib.h>
#include <string.h>

size_t medtl_nd_width(medtl_nd_element element)
{
    return element == MEDTL_ND_FLOAT ? sizeof(float)
           : element == MEDTL_ND_INT ? sizeof(int64_t)
                                     : 1;
}

const char *medtl_nd_element_name(medtl_nd_element element)
{
    return element == MEDTL_ND_FLOAT ? "float32" : element == MEDTL_ND_INT ? "int64" : "bool";
}

size_t medtl_nd_count(const medtl_nd_type *type)
{
    size_t count = 1;

    for (size_t d = 0; d < type->rank; d++)
        count *= type->size[d];
    return count;
}

bool medtl_nd_fits(const medtl_nd_type *type, size_t most)
{
    size_t count = 1; /* with sizes of zero counted as one, so that no order of sizes overflows */

    if (type->rank > MEDTL_ND_RANK)
        return false;
    for (size_t d = 0; d < type->rank; d++) {
        const size_t size = type->size[d] > 0 ? type->size[d] : 1;

        if (size > most / count)
            return false;
        count *= size;
    }
    return true;
}

bool medtl_nd_same_shape(const medtl_nd_type *a, const medtl_nd_type *b)
{
    return a->rank == b->rank && memcmp(a->size, b->size, a->rank * sizeof a->size[0]) == 0;
}

void *medtl_nd_allocate(medtl_nd_element element, size_t count)
{
    const size_t bytes = (count * medtl_nd_width(element) + 64) / 64 * 64;
    void *block = aligned_alloc(64, bytes);

    return block != NULL ? memset(block, 0, bytes) : NULL;
}
