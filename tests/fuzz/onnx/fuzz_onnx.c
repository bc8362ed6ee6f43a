/* Any bytes as an ONNX file: read it, write its graph as a model file does and read that, plan it, and run what is
 * small. */
#include "core/base/pool.h"
#include "core/nn/tensor/nd_json.h"
#include "core/nn/tensor/nd_model.h"
#include "core/nn/tensor/nd_runner.h"
#include "core/onnx/onnx_read.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_INPUTS = 8, MOST_RUN = 1 << 16 };

static void run(const medtl_nd_plan *plan)
{
    const medtl_nd_graph *graph = plan->graph;
    const void *inputs[MOST_INPUTS];
    void *zeros;
    medtl_pool *pool = NULL;
    medtl_nd_runner *runner = NULL;

    if (graph->input_count > MOST_INPUTS || plan->arena > MOST_RUN || plan->shared > MOST_RUN ||
        plan->scratch > MOST_RUN)
        return;
    for (size_t i = 0; i < graph->input_count; i++)
        if (medtl_nd_count(&graph->values[graph->inputs[i]].type) > MOST_RUN)
            return;
    zeros = medtl_nd_allocate(MEDTL_ND_INT, MOST_RUN);
    for (size_t i = 0; i < graph->input_count; i++)
        inputs[i] = zeros;
    if (zeros != NULL && medtl_pool_create(1, &pool, NULL) == MEDTL_OK &&
        medtl_nd_runner_create(plan, pool, &runner, NULL) == MEDTL_OK) {
        medtl_nd_runner_run(runner, inputs);
        for (size_t k = 0; k < graph->output_count; k++)
            if (medtl_nd_runner_output(runner, k) == NULL)
                abort();
    }
    medtl_nd_runner_destroy(runner);
    medtl_pool_destroy(pool);
    free(zeros);
}

static void plan_and_run(medtl_nd_graph *graph)
{
    medtl_nd_plan plan;

    if (medtl_nd_plan_create_take(graph, &plan, NULL) != MEDTL_OK) {
        medtl_nd_graph_destroy(graph);
        return;
    }
    run(&plan);
    medtl_nd_plan_clear(&plan);
}

/* The same graph from its JSON text: what was written must be read. */
static medtl_nd_graph *through_json(const medtl_nd_graph *graph)
{
    medtl_nd_graph *copy = NULL;
    json_t *json = NULL;
    medtl_status status = medtl_nd_json_write(graph, &json, NULL);

    if (status == MEDTL_OK && (status = medtl_nd_graph_create("copy", medtl_nd_json_opset(json),
                                                              &copy, NULL)) == MEDTL_OK) {
        for (size_t i = 0; i < graph->value_count && status == MEDTL_OK; i++)
            if (graph->values[i].data != NULL && graph->values[i].type.element == MEDTL_ND_FLOAT)
                status =
                    medtl_nd_graph_add_constant(copy, graph->values[i].name, &graph->values[i].type,
                                                graph->values[i].data, NULL);
        if (status == MEDTL_OK)
            status = medtl_nd_json_read(json, copy, NULL);
    }
    if (status != MEDTL_OK) {
        medtl_nd_graph_destroy(copy);
        copy = NULL;
    }
    json_decref(json);
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const medtl_onnx_options options = {.open_sizes = {1, 3, 8, 8, 4, 2, 1, 1}};
    medtl_nd_graph *graph = NULL, *copy;

    if (medtl_onnx_parse("file", data, size, &options, &graph, NULL) != MEDTL_OK)
        return 0;
    copy = through_json(graph);
    if (copy != NULL)
        plan_and_run(copy);
    if (graph->input_count == 1)
        (void)medtl_nd_model_adapt(graph, NULL, NULL);
    plan_and_run(graph);
    return 0;
}
