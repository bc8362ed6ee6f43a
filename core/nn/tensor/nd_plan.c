#include "nd_plan.h"

#include "nd_op.h"

#include <stdlib.h>
#include <string.h>

static medtl_status prepare_all(medtl_nd_plan *plan, medtl_error *err)
{
    medtl_nd_graph *graph = plan->graph;

    for (size_t i = 0; i < graph->node_count; i++) {
        medtl_nd_node *node = &graph->nodes[i];
        const medtl_nd_infer c = {graph, node, err};
        medtl_status status;

        if (node->dead)
            continue;
        if (node->op->prepare != NULL && (status = node->op->prepare(&c)) != MEDTL_OK)
            return status;
        if (node->scratch > MEDTL_ND_MOST_ELEMENTS || node->shared > MEDTL_ND_MOST_ELEMENTS)
            return medtl_nd_refuse(graph, node, err, MEDTL_E_UNSUPPORTED,
                                   "needs more working memory than %zu floats",
                                   MEDTL_ND_MOST_ELEMENTS);
        plan->scratch = node->scratch > plan->scratch ? node->scratch : plan->scratch;
        plan->shared = node->shared > plan->shared ? node->shared : plan->shared;
    }
    plan->scratch = (plan->scratch + 15) / 16 * 16; /* 64 bytes */
    return MEDTL_OK;
}

/* Constants that no run reads any more: folded away, or packed (which is always input 1). */
static medtl_status drop_constants(medtl_nd_graph *graph, medtl_error *err)
{
    bool *wanted = calloc(graph->value_count + 1, sizeof *wanted);

    if (wanted == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", graph->path);
    for (size_t i = 0; i < graph->output_count; i++)
        wanted[graph->outputs[i]] = true;
    for (size_t i = 0; i < graph->node_count; i++)
        for (size_t k = 0; k < graph->nodes[i].input_count && !graph->nodes[i].dead; k++)
            if (graph->nodes[i].inputs[k] != MEDTL_ND_NONE &&
                !(k == 1 && graph->nodes[i].packed != NULL))
                wanted[graph->nodes[i].inputs[k]] = true;
    for (size_t v = 0; v < graph->value_count; v++)
        if (!wanted[v]) {
            free(graph->values[v].data);
            graph->values[v].data = NULL;
        }
    free(wanted);
    return MEDTL_OK;
}

medtl_status medtl_nd_plan_create_take(medtl_nd_graph *graph, medtl_nd_plan *plan, medtl_error *err)
{
    medtl_status status;

    memset(plan, 0, sizeof *plan);
    plan->graph = graph;
    if ((status = medtl_nd_infer_all(graph, err)) != MEDTL_OK ||
        (status = medtl_nd_rewrite(graph, err)) != MEDTL_OK ||
        (status = prepare_all(plan, err)) != MEDTL_OK ||
        (status = drop_constants(graph, err)) != MEDTL_OK ||
        (status = medtl_nd_layout(plan, err)) != MEDTL_OK) {
        plan->graph = NULL; /* stays the caller's */
        medtl_nd_plan_clear(plan);
    }
    return status;
}

void medtl_nd_plan_clear(medtl_nd_plan *plan)
{
    medtl_nd_graph_destroy(plan->graph);
    free(plan->root);
    free(plan->offset);
    memset(plan, 0, sizeof *plan);
}
