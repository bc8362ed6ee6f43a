/* Products of matrices: MatMul over any leading dimensions, and Gemm. A product y = A B is a 1x1 convolution whose
 * weights are A and whose pixels are the columns of B, so it runs on the core's kernels, A being packed on the way.
 * Few rows of A (a network's last layer has one) are taken as dot products with the columns of B instead. */
#include "nd_families.h"
#include "nd_walk.h"

#include "core/nn/kernels.h"
#include "core/nn/loops.h"

#include <stdlib.h>
#include <string.h>

enum { MATMUL, GEMM };
enum { FEW_ROWS = 4, COLUMNS_OF_A_PIECE = 16 };

typedef struct state {
    size_t rows, inner, columns; /* of one product: [rows][inner] x [inner][columns] */
    medtl_nd_walk walk;          /* over the leading dimensions; elements are whole matrices */
    bool transpose_a, transpose_b;
    float alpha, beta;
    medtl_nd_walk addend; /* Gemm's third input broadcast to the result */
    medtl_conv_shape shape;
    bool by_dots;    /* else by the kernels */
    size_t packed_a; /* floats */
} state;

/* Where and how the two operands lie: the kernels want A as it is and B as it is, dots want B transposed. */
static void choose(state *s)
{
    s->shape = (medtl_conv_shape){.channels_in = s->inner,
                                  .height_in = 1,
                                  .width_in = s->columns,
                                  .channels_out = s->rows,
                                  .kernel_h = 1,
                                  .kernel_w = 1,
                                  .stride_h = 1,
                                  .stride_w = 1,
                                  .dilation_h = 1,
                                  .dilation_w = 1,
                                  .groups = 1};
    s->by_dots = s->rows < FEW_ROWS || !medtl_conv_shape_complete(&s->shape);
}

static medtl_status finish(const medtl_nd_infer *c, state *s, medtl_nd_type *y)
{
    if (s->rows == 0 || s->inner == 0 || s->columns == 0 || s->walk.count == 0)
        return MEDTL_ND_LACK(c, "a product of no elements");
    choose(s);
    return medtl_nd_out(c, 0, y);
}

static medtl_status infer_matmul(const medtl_nd_infer *c)
{
    medtl_nd_type a = *medtl_nd_in(c, 0), b = *medtl_nd_in(c, 1), y = {0};
    const bool vector_a = a.rank == 1, vector_b = b.rank == 1;
    const medtl_nd_type *leading[] = {&a, &b};
    state *s = medtl_nd_state(c, sizeof *s);
    medtl_status status;

    if (s == NULL)
        return MEDTL_E_MEMORY;
    if ((status = medtl_nd_expect(c, 0, MEDTL_ND_FLOAT)) != MEDTL_OK ||
        (status = medtl_nd_expect(c, 1, MEDTL_ND_FLOAT)) != MEDTL_OK)
        return status;
    if (a.rank == 0 || b.rank == 0)
        return MEDTL_ND_REFUSE(c, "a product with a scalar");
    s->rows = vector_a ? 1 : a.size[a.rank - 2];
    s->inner = a.size[a.rank - 1];
    s->columns = vector_b ? 1 : b.size[b.rank - 1];
    if (b.size[vector_b ? 0 : b.rank - 2] != s->inner)
        return MEDTL_ND_REFUSE(c, "%zu columns times %zu rows", s->inner,
                               b.size[vector_b ? 0 : b.rank - 2]);
    a.rank -= vector_a ? 1 : 2;
    b.rank -= vector_b ? 1 : 2;
    if (!medtl_nd_broadcast(leading, 2, &y))
        return MEDTL_ND_REFUSE(c, "leading dimensions do not broadcast");
    medtl_nd_walk_broadcast(&s->walk, &y, leading, 2);
    if (!vector_a)
        y.size[y.rank++] = s->rows;
    if (!vector_b)
        y.size[y.rank++] = s->columns;
    if (b.rank == 0) { /* one B for all: the rows of every A are those of one product */
        s->rows *= s->walk.count;
        medtl_nd_walk_broadcast(&s->walk, &b, leading + 1, 1); /* one step, nothing added */
    }
    y.element = MEDTL_ND_FLOAT;
    return finish(c, s, &y);
}

static medtl_status infer_addend(const medtl_nd_infer *c, state *s, const medtl_nd_type *y)
{
    const medtl_nd_type *types[] = {medtl_nd_in(c, 2)}, *both[] = {y, medtl_nd_in(c, 2)};
    medtl_nd_type joined;

    if (types[0] == NULL)
        return MEDTL_OK;
    if (!medtl_nd_broadcast(both, 2, &joined) || !medtl_nd_same_shape(&joined, y))
        return MEDTL_ND_REFUSE(c, "the third input does not broadcast to the product");
    medtl_nd_walk_broadcast(&s->addend, y, types, 1);
    return MEDTL_OK;
}

static medtl_status infer_gemm(const medtl_nd_infer *c)
{
    const medtl_nd_type *a = medtl_nd_in(c, 0), *b = medtl_nd_in(c, 1);
    state *s = medtl_nd_state(c, sizeof *s);
    medtl_nd_type y = {MEDTL_ND_FLOAT, 2, {0}};
    medtl_status status;

    if (s == NULL)
        return MEDTL_E_MEMORY;
    for (size_t k = 0; k < c->node->input_count; k++)
        if ((status = medtl_nd_expect(c, k, MEDTL_ND_FLOAT)) != MEDTL_OK)
            return status;
    if (a->rank != 2 || b->rank != 2)
        return MEDTL_ND_REFUSE(c, "factors of %zu and %zu dimensions", a->rank, b->rank);
    s->transpose_a = medtl_nd_attribute_int(c->node, "transA", 0) != 0;
    s->transpose_b = medtl_nd_attribute_int(c->node, "transB", 0) != 0;
    s->alpha = medtl_nd_attribute_float(c->node, "alpha", 1.0f);
    s->beta = medtl_nd_attribute_float(c->node, "beta", 1.0f);
    s->rows = a->size[s->transpose_a ? 1 : 0];
    s->inner = a->size[s->transpose_a ? 0 : 1];
    s->columns = b->size[s->transpose_b ? 0 : 1];
    if (b->size[s->transpose_b ? 1 : 0] != s->inner)
        return MEDTL_ND_REFUSE(c, "%zu columns times %zu rows", s->inner,
                               b->size[s->transpose_b ? 1 : 0]);
    y.size[0] = s->rows;
    y.size[1] = s->columns;
    medtl_nd_walk_broadcast(&s->walk, &(medtl_nd_type){0},
                            (const medtl_nd_type *[]){&(medtl_nd_type){0}, &(medtl_nd_type){0}}, 2);
    if ((status = infer_addend(c, s, &y)) != MEDTL_OK)
        return status;
    return finish(c, s, &y);
}

static void transpose(const float *from, size_t rows, size_t columns, float *to)
{
    for (size_t j = 0; j < columns; j++)
        for (size_t i = 0; i < rows; i++)
            to[j * rows + i] = from[i * columns + j];
}

/* Is B wanted the other way round than it lies? */
static bool turns_b(const state *s) { return s->by_dots != s->transpose_b; }

static size_t round_up(size_t floats) { return (floats + 15) / 16 * 16; } /* 64 bytes */

/* A constant B is turned once. Shared memory holds: A packed, A turned, B turned. */
static medtl_status prepare(const medtl_nd_infer *c)
{
    state *s = c->node->state;
    const float *b = medtl_nd_constant(c, 1);

    s->packed_a = s->by_dots ? 0 : round_up(medtl_conv_packed_size(&s->shape));
    c->node->scratch = s->by_dots ? 0 : medtl_conv_scratch_size(&s->shape);
    c->node->shared = s->packed_a + (s->transpose_a ? round_up(s->rows * s->inner) : 0);
    if (!turns_b(s))
        return MEDTL_OK;
    if (b == NULL || s->walk.count > 1) {
        c->node->shared += round_up(s->inner * s->columns);
        return MEDTL_OK;
    }
    c->node->packed = medtl_nd_allocate(MEDTL_ND_FLOAT, s->inner * s->columns);
    if (c->node->packed == NULL)
        return medtl_nd_refuse(c->graph, c->node, c->err, MEDTL_E_MEMORY, "out of memory");
    transpose(b, s->transpose_b ? s->columns : s->inner, s->transpose_b ? s->inner : s->columns,
              c->node->packed);
    return MEDTL_OK;
}

/* One product. */
typedef struct product {
    const medtl_nd_call *call;
    const state *state;
    const float *a, *b; /* as they are wanted */
    float *y;
} product;

static void dot_piece(void *context, size_t index, size_t worker)
{
    const product *p = context;
    const size_t inner = p->state->inner, columns = p->state->columns,
                 first = index * COLUMNS_OF_A_PIECE;
    const medtl_loops *loops = medtl_loops_get();

    (void)worker;
    for (size_t j = first; j < first + COLUMNS_OF_A_PIECE && j < columns; j++)
        for (size_t i = 0; i < p->state->rows; i++)
            p->y[i * columns + j] = (float)loops->dot(p->a + i * inner, p->b + j * inner, inner);
}

static void kernel_tile(void *context, size_t tile, size_t worker)
{
    const product *p = context;

    medtl_conv_forward_tile(&p->state->shape, p->a, NULL, NULL, false, p->b, p->y, tile,
                            p->call->scratch + worker * p->call->scratch_stride);
}

static void multiply(const medtl_nd_call *call, const float *a, const float *b, float *y)
{
    const state *s = call->node->state;
    float *shared = call->shared;
    product p = {call, s, a, b, y};

    if (s->transpose_a) {
        transpose(a, s->inner, s->rows, shared + s->packed_a);
        p.a = shared + s->packed_a;
    }
    if (call->node->packed == NULL && turns_b(s)) {
        float *turned = shared + s->packed_a + (s->transpose_a ? round_up(s->rows * s->inner) : 0);

        transpose(b, s->transpose_b ? s->columns : s->inner, s->transpose_b ? s->inner : s->columns,
                  turned);
        p.b = turned;
    }
    if (s->by_dots) {
        medtl_nd_for(call, (s->columns + COLUMNS_OF_A_PIECE - 1) / COLUMNS_OF_A_PIECE, dot_piece,
                     &p);
        return;
    }
    medtl_conv_pack(&s->shape, p.a, shared);
    p.a = shared;
    medtl_nd_for(call, medtl_conv_tile_count(&s->shape), kernel_tile, &p);
}

/* A row of products along the leading dimensions. A constant B that was turned is no longer there by itself; it is the
 * only one, so that nothing is added to its address. */
static void product_row(void *context, size_t at, size_t count, const ptrdiff_t *offset,
                        const ptrdiff_t *stride)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    const ptrdiff_t size_a = (ptrdiff_t)(s->rows * s->inner),
                    size_b = (ptrdiff_t)(s->inner * s->columns);
    const float *first_b = call->node->packed != NULL ? call->node->packed : call->in[1];

    for (size_t i = 0; i < count; i++)
        multiply(call, (const float *)call->in[0] + (offset[0] + (ptrdiff_t)i * stride[0]) * size_a,
                 first_b + (offset[1] + (ptrdiff_t)i * stride[1]) * size_b,
                 (float *)call->out[0] + (at + i) * s->rows * s->columns);
}

static void run_matmul(const medtl_nd_call *call)
{
    const state *s = call->node->state;

    medtl_nd_walk_range(&s->walk, 0, s->walk.count, product_row, (void *)call);
}

static void addend_row(void *context, size_t at, size_t count, const ptrdiff_t *offset,
                       const ptrdiff_t *stride)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    const float *addend = call->in[2];
    float *y = call->out[0];

    for (size_t i = 0; i < count; i++)
        y[at + i] += s->beta * addend[offset[0] + (ptrdiff_t)i * stride[0]];
}

static void run_gemm(const medtl_nd_call *call)
{
    const state *s = call->node->state;
    const size_t count = s->rows * s->columns;
    float *y = call->out[0];

    run_matmul(call);
    for (size_t i = 0; i < count && s->alpha != 1.0f; i++)
        y[i] *= s->alpha;
    if (call->node->input_count > 2 && call->in[2] != NULL)
        medtl_nd_walk_range(&s->addend, 0, count, addend_row, (void *)call);
    for (size_t i = 0; i < count && call->node->relu; i++)
        y[i] = y[i] < 0.0f ? 0.0f : y[i];
}

const medtl_nd_op medtl_nd_matmul_ops[] = {
    {"Gemm", GEMM, MEDTL_ND_RELU | MEDTL_ND_HEAVY, 2, 3, 1,
     "alpha:f beta:f transA:i transB:i broadcast:i ", infer_gemm, prepare, run_gemm},
    {"MatMul", MATMUL, MEDTL_ND_HEAVY, 2, 2, 1, "", infer_matmul, prepare, run_matmul},
    {0},
};
