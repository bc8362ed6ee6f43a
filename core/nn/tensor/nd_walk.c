#include "nd_walk.h"

#include <string.h>

static bool joins(const medtl_nd_walk *w, size_t outer, size_t inner)
{
    for (size_t k = 0; k < w->arrays; k++)
        if (w->stride[k][outer] != w->stride[k][inner] * (ptrdiff_t)w->size[inner])
            return false;
    return true;
}

static void copy_dimension(medtl_nd_walk *w, size_t from, size_t to)
{
    w->size[to] = w->size[from];
    for (size_t k = 0; k < w->arrays; k++)
        w->stride[k][to] = w->stride[k][from];
}

void medtl_nd_walk_finish(medtl_nd_walk *w)
{
    size_t rank = 0;

    w->count = 1;
    for (size_t d = 0; d < w->rank; d++) {
        w->count *= w->size[d];
        if (w->size[d] == 1)
            continue;
        if (rank > 0 && joins(w, rank - 1, d)) {
            const size_t outer = w->size[rank - 1];

            copy_dimension(w, d, rank - 1);
            w->size[rank - 1] *= outer;
        } else {
            copy_dimension(w, d, rank++);
        }
    }
    if (rank == 0) { /* one element */
        w->size[0] = 1;
        for (size_t k = 0; k < w->arrays; k++)
            w->stride[k][0] = 0;
        rank = 1;
    }
    w->rank = rank;
}

void medtl_nd_walk_range(const medtl_nd_walk *w, size_t first, size_t end, medtl_nd_row row,
                         void *context)
{
    const size_t last = w->rank - 1, length = w->size[last];
    ptrdiff_t stride[MEDTL_ND_WALK_ARRAYS] = {0};

    for (size_t k = 0; k < w->arrays; k++)
        stride[k] = w->stride[k][last];
    while (first < end) {
        const size_t inner = first % length, left = length - inner;
        const size_t count = left < end - first ? left : end - first;
        ptrdiff_t offset[MEDTL_ND_WALK_ARRAYS] = {0};
        size_t index = first / length;

        for (size_t k = 0; k < w->arrays; k++)
            offset[k] = (ptrdiff_t)inner * stride[k];
        for (size_t d = last; d-- > 0; index /= w->size[d])
            for (size_t k = 0; k < w->arrays; k++)
                offset[k] += (ptrdiff_t)(index % w->size[d]) * w->stride[k][d];
        row(context, first, count, offset, stride);
        first += count;
    }
}

bool medtl_nd_broadcast(const medtl_nd_type *const *types, size_t count, medtl_nd_type *out)
{
    out->rank = 0;
    for (size_t k = 0; k < count; k++)
        out->rank = types[k]->rank > out->rank ? types[k]->rank : out->rank;
    for (size_t d = 0; d < out->rank; d++)
        out->size[d] = 1;
    for (size_t k = 0; k < count; k++)
        for (size_t d = 0; d < types[k]->rank; d++) {
            size_t *size = &out->size[out->rank - types[k]->rank + d];

            if (*size == 1)
                *size = types[k]->size[d];
            else if (types[k]->size[d] != 1 && types[k]->size[d] != *size)
                return false;
        }
    return true;
}

void medtl_nd_walk_broadcast(medtl_nd_walk *w, const medtl_nd_type *out,
                             const medtl_nd_type *const *types, size_t count)
{
    memset(w, 0, sizeof *w);
    w->rank = out->rank;
    w->arrays = count;
    memcpy(w->size, out->size, out->rank * sizeof w->size[0]);
    for (size_t k = 0; k < count; k++) {
        ptrdiff_t stride = 1;

        for (size_t d = types[k]->rank; d-- > 0;) {
            w->stride[k][out->rank - types[k]->rank + d] = types[k]->size[d] == 1 ? 0 : stride;
            stride *= (ptrdiff_t)types[k]->size[d];
        }
    }
    medtl_nd_walk_finish(w);
}
