/* Operators that copy elements along other strides: each result is a walk through the input. */
#include "nd_families.h"
#include "nd_walk.h"

#include <string.h>

enum { DEPTH_TO_SPACE, EXPAND, SLICE, SPACE_TO_DEPTH, SPLIT, TILE, TRANSPOSE, MOST_PARTS = 64 };

typedef struct part {
    medtl_nd_walk walk;
    size_t start; /* elements into the input */
} part;

typedef struct state {
    size_t count;
    part parts[]; /* one for each output */
} state;

static state *make_state(const medtl_nd_infer *c, size_t count)
{
    state *s = medtl_nd_state(c, sizeof *s + count * sizeof s->parts[0]);

    if (s != NULL)
        s->count = count;
    return s;
}

static void natural_strides(const medtl_nd_type *type, ptrdiff_t *stride)
{
    ptrdiff_t s = 1;

    for (size_t d = type->rank; d-- > 0;) {
        stride[d] = s;
        s *= (ptrdiff_t)type->size[d];
    }
}

static void set_walk(medtl_nd_walk *walk, size_t rank, const size_t *size, const ptrdiff_t *stride)
{
    walk->rank = rank;
    walk->arrays = 1;
    for (size_t d = 0; d < rank; d++) {
        walk->size[d] = size[d];
        walk->stride[0][d] = stride[d];
    }
    medtl_nd_walk_finish(walk);
}

static medtl_status infer_transpose(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    const medtl_nd_attribute *perm = medtl_nd_attribute_find(c->node, "perm");
    ptrdiff_t natural[MEDTL_ND_RANK], stride[MEDTL_ND_RANK];
    bool seen[MEDTL_ND_RANK] = {false};
    medtl_nd_type y = *x;
    medtl_status status;
    state *s = make_state(c, 1);

    if (s == NULL)
        return MEDTL_E_MEMORY;
    if (perm != NULL && perm->count != x->rank)
        return MEDTL_ND_REFUSE(c, "perm has %zu numbers for %zu dimensions", perm->count, x->rank);
    natural_strides(x, natural);
    for (size_t d = 0; d < x->rank; d++) {
        size_t from = x->rank - 1 - d;

        if (perm != NULL && (status = medtl_nd_axis(c, perm->ints[d], x->rank, &from)) != MEDTL_OK)
            return status;
        if (seen[from])
            return MEDTL_ND_REFUSE(c, "perm lists axis %zu twice", from);
        seen[from] = true;
        y.size[d] = x->size[from];
        stride[d] = natural[from];
    }
    set_walk(&s->parts[0].walk, y.rank, y.size, stride);
    return medtl_nd_out(c, 0, &y);
}

/* The list `name`, of an attribute or input k, which must have `count` numbers; absent: NULL. */
static medtl_status slice_list(const medtl_nd_infer *c, const char *name, size_t k, size_t count,
                               const int64_t **list)
{
    size_t got;
    const medtl_status status = medtl_nd_list(c, name, k, list, &got);

    if (status == MEDTL_OK && *list != NULL && got != count)
        return MEDTL_ND_REFUSE(c, "%s has %zu numbers, not %zu", name, got, count);
    return status;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* One axis of a slice, by the rules of ONNX: negative ends count from the back, then all is clamped. */
static void slice_axis(size_t size, int64_t start, int64_t end, int64_t step, size_t *first,
                       size_t *count)
{
    const int64_t n = (int64_t)size;
    const uint64_t pace = step < 0 ? 0u - (uint64_t)step : (uint64_t)step; /* also of INT64_MIN */

    start = start < -n ? -n : start;
    end = end < -n - 1 ? -n - 1 : end;
    start = start < 0 ? start + n : start;
    end = end < 0 ? end + n : end;
    if (step > 0) {
        start = clamp(start, 0, n);
        end = clamp(end, 0, n);
        *count = end > start ? (size_t)((uint64_t)(end - start - 1) / pace + 1) : 0;
    } else {
        start = clamp(start, 0, n - 1);
        end = clamp(end, -1, n - 1);
        *count = start > end && n > 0 ? (size_t)((uint64_t)(start - end - 1) / pace + 1) : 0;
    }
    *first = *count > 0 ? (size_t)start : 0;
}

static medtl_status infer_slice(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    const int64_t *starts, *ends, *axes, *steps;
    ptrdiff_t stride[MEDTL_ND_RANK];
    medtl_nd_type y = *x;
    size_t count, axis, first;
    medtl_status status;
    state *s = make_state(c, 1);

    if (s == NULL)
        return MEDTL_E_MEMORY;
    if ((status = medtl_nd_list(c, "starts", 1, &starts, &count)) != MEDTL_OK ||
        (status = slice_list(c, "ends", 2, count, &ends)) != MEDTL_OK ||
        (status = slice_list(c, "axes", 3, count, &axes)) != MEDTL_OK ||
        (status = slice_list(c, "steps", 4, count, &steps)) != MEDTL_OK)
        return status;
    if (starts == NULL || ends == NULL || (axes == NULL && count > x->rank))
        return MEDTL_ND_REFUSE(c, "starts and ends are missing, or too many");
    natural_strides(x, stride);
    for (size_t i = 0; i < count; i++) {
        const int64_t step = steps != NULL ? steps[i] : 1;

        if ((status = medtl_nd_axis(c, axes != NULL ? axes[i] : (int64_t)i, x->rank, &axis)) !=
            MEDTL_OK)
            return status;
        if (step == 0)
            return MEDTL_ND_REFUSE(c, "a step of 0");
        if (y.size[axis] != x->size[axis])
            return MEDTL_ND_REFUSE(c, "axis %zu is listed twice", axis);
        slice_axis(x->size[axis], starts[i], ends[i], step, &first, &y.size[axis]);
        s->parts[0].start += first * (size_t)stride[axis];
        stride[axis] *= y.size[axis] > 1 ? (ptrdiff_t)step : 1; /* else it may be any number */
    }
    set_walk(&s->parts[0].walk, y.rank, y.size, stride);
    return medtl_nd_out(c, 0, &y);
}

static medtl_status infer_split(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    const size_t parts = c->node->output_count;
    const int64_t *sizes;
    ptrdiff_t stride[MEDTL_ND_RANK];
    size_t axis, count, at = 0;
    medtl_status status;
    state *s = make_state(c, parts);

    if (s == NULL)
        return MEDTL_E_MEMORY;
    if ((status = medtl_nd_axis(c, medtl_nd_attribute_int(c->node, "axis", 0), x->rank, &axis)) !=
            MEDTL_OK ||
        (status = medtl_nd_list(c, "split", 1, &sizes, &count)) != MEDTL_OK)
        return status;
    if (sizes != NULL ? count != parts : x->size[axis] % parts != 0)
        return MEDTL_ND_REFUSE(c, "a size of %zu split in %zu parts", x->size[axis], parts);
    natural_strides(x, stride);
    for (size_t k = 0; k < parts; k++) {
        const int64_t size = sizes != NULL ? sizes[k] : (int64_t)(x->size[axis] / parts);
        medtl_nd_type y = *x;

        if (size < 0 || (uint64_t)size > x->size[axis] - at)
            return MEDTL_ND_REFUSE(c, "parts do not add up to a size of %zu", x->size[axis]);
        y.size[axis] = (size_t)size;
        s->parts[k].start = medtl_nd_count(&y) > 0 ? at * (size_t)stride[axis] : 0;
        set_walk(&s->parts[k].walk, y.rank, y.size, stride);
        at += (size_t)size;
        if ((status = medtl_nd_out(c, k, &y)) != MEDTL_OK)
            return status;
    }
    return at == x->size[axis]
               ? MEDTL_OK
               : MEDTL_ND_REFUSE(c, "parts do not add up to a size of %zu", x->size[axis]);
}

static medtl_status infer_expand(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    const int64_t *shape;
    medtl_nd_type wanted = {x->element, 0, {0}}, y;
    const medtl_nd_type *types[] = {x, &wanted};
    medtl_status status;
    state *s = make_state(c, 1);

    if (s == NULL)
        return MEDTL_E_MEMORY;
    if ((status = medtl_nd_list(c, "", 1, &shape, &wanted.rank)) != MEDTL_OK)
        return status;
    if (wanted.rank > MEDTL_ND_RANK)
        return MEDTL_ND_LACK(c, "a shape of %zu dimensions", wanted.rank);
    for (size_t d = 0; d < wanted.rank; d++) {
        if (shape[d] < 0 || (uint64_t)shape[d] > MEDTL_ND_MOST_ELEMENTS)
            return MEDTL_ND_REFUSE(c, "a shape with %lld at place %zu", (long long)shape[d], d);
        wanted.size[d] = (size_t)shape[d];
    }
    if (!medtl_nd_broadcast(types, 2, &y))
        return MEDTL_ND_REFUSE(c, "the input does not broadcast to the shape");
    y.element = x->element;
    if ((status = medtl_nd_out(c, 0, &y)) == MEDTL_OK)
        medtl_nd_walk_broadcast(&s->parts[0].walk, &y, types, 1);
    return status;
}

/* Repeats: an outer dimension of stride 0 before each. */
static medtl_status infer_tile(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    const int64_t *repeats;
    ptrdiff_t natural[MEDTL_ND_RANK], stride[2 * MEDTL_ND_RANK];
    size_t size[2 * MEDTL_ND_RANK], count;
    medtl_nd_type y = *x;
    medtl_status status;
    state *s = make_state(c, 1);

    if (s == NULL)
        return MEDTL_E_MEMORY;
    if ((status = medtl_nd_list(c, "", 1, &repeats, &count)) != MEDTL_OK)
        return status;
    if (count != x->rank)
        return MEDTL_ND_REFUSE(c, "%zu repeats for %zu dimensions", count, x->rank);
    natural_strides(x, natural);
    for (size_t d = 0; d < x->rank; d++) {
        if (repeats[d] < 0 ||
            (uint64_t)repeats[d] > MEDTL_ND_MOST_ELEMENTS / (x->size[d] > 0 ? x->size[d] : 1))
            return MEDTL_ND_REFUSE(c, "%lld repeats", (long long)repeats[d]);
        size[2 * d] = (size_t)repeats[d];
        stride[2 * d] = 0;
        size[2 * d + 1] = x->size[d];
        stride[2 * d + 1] = natural[d];
        y.size[d] = x->size[d] * (size_t)repeats[d];
    }
    if ((status = medtl_nd_out(c, 0, &y)) == MEDTL_OK)
        set_walk(&s->parts[0].walk, 2 * x->rank, size, stride);
    return status;
}

/* Both are a transpose of six dimensions, [n][a][b][c][d][e] to another order. */
static medtl_status permute_six(const medtl_nd_infer *c, const size_t *six, const size_t *order,
                                medtl_nd_type y)
{
    medtl_nd_type inner = {y.element, 6, {0}};
    ptrdiff_t natural[MEDTL_ND_RANK], stride[6];
    size_t size[6];
    state *s = make_state(c, 1);

    if (s == NULL)
        return MEDTL_E_MEMORY;
    memcpy(inner.size, six, 6 * sizeof *six);
    natural_strides(&inner, natural);
    for (size_t d = 0; d < 6; d++) {
        size[d] = six[order[d]];
        stride[d] = natural[order[d]];
    }
    set_walk(&s->parts[0].walk, 6, size, stride);
    return medtl_nd_out(c, 0, &y);
}

static medtl_status infer_depth_to_space(const medtl_nd_infer *c)
{
    static const size_t depth_first[] = {0, 3, 4, 1, 5, 2}, column_first[] = {0, 1, 4, 2, 5, 3};
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    const int64_t block = medtl_nd_attribute_int(c->node, "blocksize", 0);
    const bool crd = strcmp(medtl_nd_attribute_text(c->node, "mode", "DCR"), "CRD") == 0;
    const size_t b = (size_t)block;
    medtl_nd_type y = *x;

    if (x->rank != 4 || block < 1 || block > 4096 || x->size[1] % (b * b) != 0)
        return MEDTL_ND_REFUSE(c, "blocks of %lld do not fit the input", (long long)block);
    y.size[1] /= b * b;
    y.size[2] *= b;
    y.size[3] *= b;
    if (crd) /* [n][c][b][b][h][w] to [n][c][h][b][w][b] */
        return permute_six(c, (const size_t[]){x->size[0], y.size[1], b, b, x->size[2], x->size[3]},
                           column_first, y);
    return permute_six(c, (const size_t[]){x->size[0], b, b, y.size[1], x->size[2], x->size[3]},
                       depth_first, y);
}

static medtl_status infer_space_to_depth(const medtl_nd_infer *c)
{
    static const size_t order[] = {0, 3, 5, 1, 2, 4}; /* [n][c][h][b][w][b] to [n][b][b][c][h][w] */
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    const int64_t block = medtl_nd_attribute_int(c->node, "blocksize", 0);
    const size_t b = (size_t)block;
    medtl_nd_type y = *x;

    if (x->rank != 4 || block < 1 || block > 4096 || x->size[2] % b != 0 || x->size[3] % b != 0)
        return MEDTL_ND_REFUSE(c, "blocks of %lld do not fit the input", (long long)block);
    y.size[1] *= b * b;
    y.size[2] /= b;
    y.size[3] /= b;
    return permute_six(c, (const size_t[]){x->size[0], x->size[1], y.size[2], b, y.size[3], b},
                       order, y);
}

/* One output. */
typedef struct copying {
    const medtl_nd_call *call;
    const part *part;
    size_t width, index;
} copying;

static void copy_row(void *context, size_t at, size_t count, const ptrdiff_t *offset,
                     const ptrdiff_t *stride)
{
    const copying *k = context;
    const char *from = (const char *)k->call->in[0] +
                       ((ptrdiff_t)k->part->start + offset[0]) * (ptrdiff_t)k->width;
    char *to = (char *)k->call->out[k->index] + at * k->width;
    const ptrdiff_t step = stride[0];

    if (step == 1)
        memcpy(to, from, count * k->width);
    else if (k->width == sizeof(float))
        for (size_t i = 0; i < count; i++)
            ((float *)to)[i] = ((const float *)from)[(ptrdiff_t)i * step];
    else
        for (size_t i = 0; i < count; i++)
            memcpy(to + i * k->width, from + (ptrdiff_t)i * step * (ptrdiff_t)k->width, k->width);
}

static void copy_part(void *context, size_t index, size_t worker)
{
    copying *k = context;
    size_t first, end;

    (void)worker;
    medtl_nd_part(k->part->walk.count, index, &first, &end);
    medtl_nd_walk_range(&k->part->walk, first, end, copy_row, k);
}

static void run(const medtl_nd_call *call)
{
    const state *s = call->node->state;

    for (size_t i = 0; i < s->count; i++) {
        copying k = {call, &s->parts[i], medtl_nd_width(medtl_nd_in_type(call, 0)->element), i};

        if (call->out[i] != NULL)
            medtl_nd_for(call, medtl_nd_parts(s->parts[i].walk.count), copy_part, &k);
    }
}

const medtl_nd_op medtl_nd_strided_ops[] = {
    {"DepthToSpace", DEPTH_TO_SPACE, 0, 1, 1, 1, "blocksize:i mode:t ", infer_depth_to_space, NULL,
     run},
    {"Expand", EXPAND, 0, 2, 2, 1, "", infer_expand, NULL, run},
    {"Slice", SLICE, 0, 1, 5, 1, "starts:I ends:I axes:I ", infer_slice, NULL, run},
    {"SpaceToDepth", SPACE_TO_DEPTH, 0, 1, 1, 1, "blocksize:i ", infer_space_to_depth, NULL, run},
    {"Split", SPLIT, 0, 1, 2, MOST_PARTS, "axis:i split:I ", infer_split, NULL, run},
    {"Tile", TILE, 0, 2, 2, 1, "", infer_tile, NULL, run},
    {"Transpose", TRANSPOSE, 0, 1, 1, 1, "perm:I ", infer_transpose, NULL, run},
    {0},
};
