/* The first half of a plan: what type each value has, and which are known already. */
#include "nd_op.h"
#include "nd_plan.h"

#include <stdlib.h>
#include <string.h>

/* What folding may cost: bytes of results in all, elements that a heavy operator may read or write, floats of working
 * memory. */
static const size_t most_folded = (size_t)256 << 20, most_heavy = (size_t)1 << 16,
                    most_scratch = (size_t)1 << 24;

static bool is_constant(const medtl_nd_graph *graph, size_t value)
{
    return value == MEDTL_ND_NONE || graph->values[value].data != NULL;
}

static size_t bytes_of(const medtl_nd_type *type)
{
    return medtl_nd_count(type) * medtl_nd_width(type->element);
}

static bool foldable(const medtl_nd_graph *graph, const medtl_nd_node *node, size_t *budget)
{
    size_t bytes = 0, elements = 0;

    for (size_t k = 0; k < node->input_count; k++) {
        if (!is_constant(graph, node->inputs[k]) && (node->op->flags & MEDTL_ND_SHAPE_ONLY) == 0)
            return false;
        if (node->inputs[k] != MEDTL_ND_NONE)
            elements += medtl_nd_count(&graph->values[node->inputs[k]].type);
    }
    for (size_t k = 0; k < node->output_count; k++)
        if (node->outputs[k] != MEDTL_ND_NONE) {
            bytes += bytes_of(&graph->values[node->outputs[k]].type);
            elements += medtl_nd_count(&graph->values[node->outputs[k]].type);
        }
    if (bytes > *budget || ((node->op->flags & MEDTL_ND_HEAVY) != 0 && elements > most_heavy))
        return false; /* it is computed in each run, then */
    *budget -= bytes;
    return true;
}

/* Memory for one node's pass. */
typedef struct bench {
    const void **in;
    void **out;
    float *scratch, *shared;
} bench;

static bool set_up(medtl_nd_graph *graph, medtl_nd_node *node, bench *b)
{
    bool complete = true;

    b->in = calloc(node->input_count + 1, sizeof *b->in);
    b->out = calloc(node->output_count + 1, sizeof *b->out);
    b->scratch = medtl_nd_allocate(MEDTL_ND_FLOAT, node->scratch);
    b->shared = medtl_nd_allocate(MEDTL_ND_FLOAT, node->shared);
    if (b->in == NULL || b->out == NULL || b->scratch == NULL || b->shared == NULL)
        return false;
    for (size_t k = 0; k < node->input_count; k++)
        b->in[k] = node->inputs[k] != MEDTL_ND_NONE ? graph->values[node->inputs[k]].data : NULL;
    for (size_t k = 0; k < node->output_count; k++)
        if (node->outputs[k] != MEDTL_ND_NONE) {
            medtl_nd_value *v = &graph->values[node->outputs[k]];

            v->data = b->out[k] = medtl_nd_allocate(v->type.element, medtl_nd_count(&v->type));
            complete = complete && v->data != NULL;
        }
    return complete;
}

static medtl_status fold(medtl_nd_graph *graph, medtl_nd_node *node, medtl_error *err)
{
    const medtl_nd_infer c = {graph, node, err};
    bench b = {0};
    medtl_nd_call call = {.graph = graph, .node = node};
    medtl_status status = node->op->prepare != NULL ? node->op->prepare(&c) : MEDTL_OK;

    if (status == MEDTL_OK && (node->scratch > most_scratch || node->shared > most_scratch))
        status = medtl_nd_refuse(graph, node, err, MEDTL_E_UNSUPPORTED,
                                 "needs too much working memory for its size");
    if (status == MEDTL_OK && !set_up(graph, node, &b))
        status = medtl_nd_refuse(graph, node, err, MEDTL_E_MEMORY, "out of memory");
    if (status == MEDTL_OK) {
        call.in = b.in;
        call.out = b.out;
        call.scratch = b.scratch;
        call.shared = b.shared;
        node->op->run(&call);
        node->dead = true;
    }
    free(b.in);
    free(b.out);
    free(b.scratch);
    free(b.shared);
    return status;
}

medtl_status medtl_nd_infer_all(medtl_nd_graph *graph, medtl_error *err)
{
    size_t budget = most_folded;

    for (size_t i = 0; i < graph->node_count; i++) {
        medtl_nd_node *node = &graph->nodes[i];
        const medtl_nd_infer c = {graph, node, err};
        medtl_status status = node->op->infer(&c);

        if (status == MEDTL_OK && foldable(graph, node, &budget))
            status = fold(graph, node, err);
        if (status != MEDTL_OK)
            return status;
    }
    return MEDTL_OK;
}
