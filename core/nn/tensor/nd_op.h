/* What an operator is to a plan: a constant table entry. Each family of operators is one file; nd_ops.c joins them.
 * `infer` is the only step of an operator that may refuse; it sets the types of the outputs and keeps what it read of
 * the attributes and constant inputs in the node's state. After it, `run` cannot fail. */
#ifndef MEDTL_ND_OP_H
#define MEDTL_ND_OP_H

#include "nd.h"

#include "core/base/pool.h"

typedef struct medtl_nd_infer {
    medtl_nd_graph *graph;
    medtl_nd_node *node;
    medtl_error *err;
} medtl_nd_infer;

typedef struct medtl_nd_call {
    const medtl_nd_graph *graph;
    const medtl_nd_node *node;
    medtl_pool *pool;      /* NULL: run in the calling thread */
    const void *const *in; /* NULL for those left out */
    void *const *out;
    float *scratch; /* of worker t: scratch + t * scratch_stride */
    size_t scratch_stride;
    float *shared;
} medtl_nd_call;

enum {
    MEDTL_ND_VIEW = 1,       /* output 0 is input 0 under another shape: the same memory */
    MEDTL_ND_SHAPE_ONLY = 2, /* reads types, not elements: always a constant */
    MEDTL_ND_IN_PLACE = 4,   /* output 0 may lie over input 0, if they have one type */
    MEDTL_ND_RELU = 8,       /* honours node->relu */
    MEDTL_ND_HEAVY = 16      /* not worth folding unless it is small */
};

struct medtl_nd_op {
    const char *name; /* ONNX's */
    int kind;         /* which of its family */
    unsigned flags;
    size_t least, most; /* inputs; most 0: any number */
    size_t outputs;     /* at most */
    const char *
        attributes; /* those honoured, "name:kind name:kind ...": i, f, t one number or text; I, F a list */
    medtl_status (*infer)(const medtl_nd_infer *c);
    /** After all rewriting: pack weights, ask for scratch. May only fail for want of memory. NULL: nothing. */
    medtl_status (*prepare)(const medtl_nd_infer *c);
    void (*run)(const medtl_nd_call *call);
};

/** NULL for an operator that we lack. */
const medtl_nd_op *medtl_nd_op_find(const char *name);
/** All operators, in the order of the table; NULL past the last. */
const medtl_nd_op *medtl_nd_op_at(size_t index);

/* For infer. */

/** NULL for an input that was left out. */
const medtl_nd_type *medtl_nd_in(const medtl_nd_infer *c, size_t k);
/** Is output `k` wanted? */
bool medtl_nd_wants(const medtl_nd_infer *c, size_t k);
/** The elements of a constant input; NULL if it is none, or was left out. */
const void *medtl_nd_constant(const medtl_nd_infer *c, size_t k);
/** Set the type of output `k`, if it is wanted. Refuses more than MEDTL_ND_MOST_ELEMENTS. */
medtl_status medtl_nd_out(const medtl_nd_infer *c, size_t k, const medtl_nd_type *type);
/** The node's state: `size` zero bytes. NULL (and the error is recorded) if memory ran out. */
void *medtl_nd_state(const medtl_nd_infer *c, size_t size);
/** Record a failure that names the node. Use as: return REFUSE(c, "..."). */
#define MEDTL_ND_REFUSE(c, ...)                                                                    \
    medtl_nd_refuse((c)->graph, (c)->node, (c)->err, MEDTL_E_FORMAT, __VA_ARGS__)
#define MEDTL_ND_LACK(c, ...)                                                                      \
    medtl_nd_refuse((c)->graph, (c)->node, (c)->err, MEDTL_E_UNSUPPORTED, __VA_ARGS__)
/** Input `k` must be of this element type. */
medtl_status medtl_nd_expect(const medtl_nd_infer *c, size_t k, medtl_nd_element element);

const medtl_nd_attribute *medtl_nd_attribute_find(const medtl_nd_node *node, const char *name);
int64_t medtl_nd_attribute_int(const medtl_nd_node *node, const char *name, int64_t otherwise);
float medtl_nd_attribute_float(const medtl_nd_node *node, const char *name, float otherwise);
const char *medtl_nd_attribute_text(const medtl_nd_node *node, const char *name,
                                    const char *otherwise);

/** An axis in -rank..rank-1, counted from the front. Refuses others. */
medtl_status medtl_nd_axis(const medtl_nd_infer *c, int64_t axis, size_t rank, size_t *out);

/** A list of whole numbers: of attribute `name`, or else of constant input `k` (which must then be one).
 *  @param[out] list  Borrowed; NULL where there is neither. */
medtl_status medtl_nd_list(const medtl_nd_infer *c, const char *name, size_t k,
                           const int64_t **list, size_t *count);

/* For run. */

static inline const medtl_nd_type *medtl_nd_in_type(const medtl_nd_call *call, size_t k)
{
    return &call->graph->values[call->node->inputs[k]].type;
}

static inline const medtl_nd_type *medtl_nd_out_type(const medtl_nd_call *call, size_t k)
{
    return &call->graph->values[call->node->outputs[k]].type;
}

enum {
    MEDTL_ND_PART = 16384
}; /* elements of one piece of work: long enough to hide handing it out */

/** task(context, 0 .. count-1, worker), on the call's threads if it has some. */
void medtl_nd_for(const medtl_nd_call *call, size_t count, medtl_pool_task task, void *context);
/** Pieces of `elements`, and where piece `index` lies. */
size_t medtl_nd_parts(size_t elements);
void medtl_nd_part(size_t elements, size_t index, size_t *first, size_t *end);

#endif
