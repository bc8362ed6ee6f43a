#include "nd_runner.h"

#include "nd_op.h"

#include <stdlib.h>
#include <string.h>

struct medtl_nd_runner {
    const medtl_nd_plan *plan;
    medtl_pool *pool;
    const void **given; /* of each value that is an input of the graph */
    char *arena;
    float *scratch, *shared;
    const void **in; /* of the node that runs */
    void **out;
};

static size_t most_connections(const medtl_nd_graph *graph)
{
    size_t most = 0;

    for (size_t i = 0; i < graph->node_count; i++) {
        most = graph->nodes[i].input_count > most ? graph->nodes[i].input_count : most;
        most = graph->nodes[i].output_count > most ? graph->nodes[i].output_count : most;
    }
    return most + 4; /* operators may look at inputs that were left out at the end */
}

medtl_status medtl_nd_runner_create(const medtl_nd_plan *plan, medtl_pool *pool,
                                    medtl_nd_runner **out, medtl_error *err)
{
    const size_t most = most_connections(plan->graph);
    medtl_nd_runner *r = calloc(1, sizeof *r);

    *out = NULL;
    if (r == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", plan->graph->path);
    r->plan = plan;
    r->pool = pool;
    r->given = calloc(plan->graph->value_count + 1, sizeof *r->given);
    r->arena = aligned_alloc(64, plan->arena + 64);
    r->scratch = medtl_nd_allocate(MEDTL_ND_FLOAT, plan->scratch * medtl_pool_threads(pool));
    r->shared = medtl_nd_allocate(MEDTL_ND_FLOAT, plan->shared);
    r->in = calloc(most, sizeof *r->in);
    r->out = calloc(most, sizeof *r->out);
    if (r->given == NULL || r->arena == NULL || r->scratch == NULL || r->shared == NULL ||
        r->in == NULL || r->out == NULL) {
        medtl_nd_runner_destroy(r);
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for running the model",
                          plan->graph->path);
    }
    *out = r;
    return MEDTL_OK;
}

void medtl_nd_runner_destroy(medtl_nd_runner *runner)
{
    if (runner == NULL)
        return;
    free(runner->given);
    free(runner->arena);
    free(runner->scratch);
    free(runner->shared);
    free(runner->in);
    free(runner->out);
    free(runner);
}

static const void *place_of(const medtl_nd_runner *r, size_t value)
{
    size_t root;

    if (value == MEDTL_ND_NONE)
        return NULL;
    root = r->plan->root[value];
    if (r->plan->offset[root] != MEDTL_ND_NONE)
        return r->arena + r->plan->offset[root];
    return r->given[root] != NULL ? r->given[root] : r->plan->graph->values[root].data;
}

void medtl_nd_runner_run(medtl_nd_runner *r, const void *const *inputs)
{
    const medtl_nd_graph *graph = r->plan->graph;
    medtl_nd_call call = {.graph = graph,
                          .pool = r->pool,
                          .in = r->in,
                          .out = r->out,
                          .scratch = r->scratch,
                          .scratch_stride = r->plan->scratch,
                          .shared = r->shared};

    for (size_t i = 0; i < graph->input_count; i++)
        r->given[graph->inputs[i]] = inputs[i];
    for (size_t i = 0; i < graph->node_count; i++) {
        const medtl_nd_node *node = &graph->nodes[i];

        if (node->dead)
            continue;
        for (size_t k = 0; k < node->input_count; k++)
            r->in[k] = place_of(r, node->inputs[k]);
        for (size_t k = 0; k < node->output_count; k++)
            r->out[k] = (void *)place_of(r, node->outputs[k]);
        call.node = node;
        node->op->run(&call);
    }
}

const void *medtl_nd_runner_output(const medtl_nd_runner *r, size_t k)
{
    return place_of(r, r->plan->graph->outputs[k]);
}
