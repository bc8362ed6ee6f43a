/* A network as a graph of tensors of any rank, in the words of ONNX: values that have names and types, and nodes that
 * make values of values. It is built by the reader of ONNX files or of our own model files (nd_json.h), made ready by
 * nd_plan.h and run by nd_runner.h. The networks that we train are graphs of another kind (core/nn/graph.h).
 *
 * Building keeps what ONNX asks for: every value has one writer, and is written before it is read. */
#ifndef MEDTL_ND_H
#define MEDTL_ND_H

#include "medtl/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MEDTL_ND_RANK = 8,
    MEDTL_ND_OLDEST_OPSET = 1,
    MEDTL_ND_NEWEST_OPSET = 17,
    MEDTL_ND_MOST_NODES = 20000,
    MEDTL_ND_MOST_VALUES = 60000,
    MEDTL_ND_MOST_NAME = 255
};
/** Elements of one value. */
#define MEDTL_ND_MOST_ELEMENTS ((size_t)1 << 28)
/** No value: an optional input or output that is left out. */
#define MEDTL_ND_NONE SIZE_MAX

/** Integers of 32 bits are held as 64. */
typedef enum medtl_nd_element { MEDTL_ND_FLOAT, MEDTL_ND_INT, MEDTL_ND_BOOL } medtl_nd_element;

typedef struct medtl_nd_type {
    medtl_nd_element element;
    size_t rank, size[MEDTL_ND_RANK];
} medtl_nd_type;

size_t medtl_nd_width(medtl_nd_element element); /* bytes of one: 4, 8, 1 */
const char *medtl_nd_element_name(medtl_nd_element element);

/** Elements of a type that has been checked; 1 for a scalar. */
size_t medtl_nd_count(const medtl_nd_type *type);
/** Is the number of elements at most `most` (and so free of overflow)? */
bool medtl_nd_fits(const medtl_nd_type *type, size_t most);
bool medtl_nd_same_shape(const medtl_nd_type *a, const medtl_nd_type *b);

typedef enum medtl_nd_attribute_kind {
    MEDTL_ND_INTS, /* one or several */
    MEDTL_ND_FLOATS,
    MEDTL_ND_TEXT
} medtl_nd_attribute_kind;

typedef struct medtl_nd_attribute {
    char *name;
    medtl_nd_attribute_kind kind;
    bool list; /* one number, or a list of `count` */
    size_t count;
    int64_t *ints;
    float *floats;
    char *text;
} medtl_nd_attribute;

typedef struct medtl_nd_op medtl_nd_op;

typedef struct medtl_nd_node {
    const medtl_nd_op *op;
    char *name;                  /* "" where the file gives none */
    size_t *inputs, input_count; /* values, or MEDTL_ND_NONE */
    size_t *outputs, output_count;
    medtl_nd_attribute *attributes;
    size_t attribute_count;

    /* Set by a plan. */
    void *state;            /* of the operator; one block */
    float *packed;          /* weights as the kernels want them */
    size_t scratch, shared; /* floats: for each thread, for all */
    bool relu;              /* max(., 0) comes last */
    bool dead;              /* nobody wants it, or it was folded away */
} medtl_nd_node;

typedef struct medtl_nd_value {
    char *name;
    medtl_nd_type type; /* of a constant or an input; of the others after inference */
    void *data;         /* of a constant, owned; else NULL */
    bool written;       /* it is a constant, an input, or some node's output */
} medtl_nd_value;

typedef struct medtl_nd_graph {
    char *path; /* for messages */
    unsigned opset;
    medtl_nd_value *values;
    size_t value_count, value_room;
    medtl_nd_node *nodes;
    size_t node_count, node_room;
    size_t *inputs, input_count;
    size_t *outputs, output_count;
    size_t *table, table_size; /* names to values: open addressing, MEDTL_ND_NONE is free */
} medtl_nd_graph;

/** @param path  For messages. @return MEDTL_E_UNSUPPORTED for an opset out of our range; MEDTL_E_MEMORY. */
medtl_status medtl_nd_graph_create(const char *path, int64_t opset, medtl_nd_graph **out,
                                   medtl_error *err);
void medtl_nd_graph_destroy(medtl_nd_graph *graph); /* NULL is allowed */

/** The value of this name; MEDTL_ND_NONE where there is none. */
size_t medtl_nd_graph_find(const medtl_nd_graph *graph, const char *name);

/** @param data  medtl_nd_count() elements, copied. */
medtl_status medtl_nd_graph_add_constant(medtl_nd_graph *graph, const char *name,
                                         const medtl_nd_type *type, const void *data,
                                         medtl_error *err);
medtl_status medtl_nd_graph_add_input(medtl_nd_graph *graph, const char *name,
                                      const medtl_nd_type *type, medtl_error *err);

/** Append a node of an operator that we have.
 *  @param inputs, outputs  Names; "" for one that is left out.
 *  @param attributes       Copied. Those that the operator does not know are refused.
 *  @return MEDTL_E_UNSUPPORTED for an operator or attribute we lack, MEDTL_E_FORMAT for a node that reads what is not
 *          there, or writes what is there already. */
medtl_status medtl_nd_graph_add_node(medtl_nd_graph *graph, const char *op, const char *name,
                                     const char *const *inputs, size_t input_count,
                                     const char *const *outputs, size_t output_count,
                                     const medtl_nd_attribute *attributes, size_t attribute_count,
                                     medtl_error *err);
medtl_status medtl_nd_graph_add_output(medtl_nd_graph *graph, const char *name, medtl_error *err);

bool medtl_nd_has_op(const char *name);
/** The names of all operators, in the order of their families; NULL past the last. */
const char *medtl_nd_op_name(size_t index);

/** Records "PATH: node "NAME" (OP, opset N): reason". */
medtl_status medtl_nd_refuse(const medtl_nd_graph *graph, const medtl_nd_node *node,
                             medtl_error *err, medtl_status status, const char *format, ...)
    MEDTL_PRINTF(5, 6);

/** Memory for `count` elements, 64-byte aligned and zero; NULL if there is none. Give to free(). */
void *medtl_nd_allocate(medtl_nd_element element, size_t count);

#endif
