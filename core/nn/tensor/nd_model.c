#include "nd_model.h"

#include "nd_json.h"
#include "nd_op.h"

#include <stdlib.h>
#include <string.h>

static medtl_status add_tensor(medtl_nd_graph *graph, const medtl_stored *stored,
                               uint64_t *parameters, medtl_error *err)
{
    medtl_nd_type type = {.element = MEDTL_ND_FLOAT, .rank = stored->dimensions};
    float *values = medtl_nd_allocate(MEDTL_ND_FLOAT, stored->count);
    medtl_status status;

    memcpy(type.size, stored->shape, stored->dimensions * sizeof type.size[0]);
    if (values == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", graph->path);
    if (!medtl_stored_floats(stored, values))
        status = medtl_fail(
            err, MEDTL_E_FORMAT,
            "%s: tensor \"%.80s\" is not F32, F16 or BF16, or has a value that is not finite",
            graph->path, stored->name);
    else
        status = medtl_nd_graph_add_constant(graph, stored->name, &type, values, err);
    *parameters += stored->count;
    free(values);
    return status;
}

static medtl_status build(const char *path, const medtl_safetensors *file, const json_t *json,
                          medtl_nd_graph **out, uint64_t *parameters, medtl_error *err)
{
    medtl_nd_graph *graph;
    medtl_status status = medtl_nd_graph_create(path, medtl_nd_json_opset(json), &graph, err);

    *out = NULL;
    *parameters = 0;
    if (status != MEDTL_OK)
        return status;
    for (size_t i = 0; i < medtl_safetensors_count(file) && status == MEDTL_OK; i++)
        status = add_tensor(graph, medtl_safetensors_at(file, i), parameters, err);
    if (status == MEDTL_OK)
        status = medtl_nd_json_read(json, graph, err);
    if (status == MEDTL_OK)
        *out = graph;
    else
        medtl_nd_graph_destroy(graph);
    return status;
}

medtl_status medtl_nd_model_check(const medtl_nd_graph *graph, const medtl_network_spec *spec,
                                  medtl_error *err)
{
    const medtl_nd_type wanted = {
        MEDTL_ND_FLOAT, 4, {1, spec->channels, spec->height, spec->width_px}};
    const medtl_nd_type *in =
        graph->input_count == 1 ? &graph->values[graph->inputs[0]].type : NULL;
    const medtl_nd_type *out =
        graph->output_count == 1 ? &graph->values[graph->outputs[0]].type : NULL;

    if (in == NULL || in->element != MEDTL_ND_FLOAT || !medtl_nd_same_shape(in, &wanted))
        return medtl_fail(err, MEDTL_E_FORMAT,
                          "%s: the graph does not have one float32 input of 1 x %u x %u x %u",
                          graph->path, spec->channels, spec->height, spec->width_px);
    if (out == NULL || out->element != MEDTL_ND_FLOAT || medtl_nd_count(out) != spec->classes)
        return medtl_fail(
            err, MEDTL_E_FORMAT,
            "%s: the graph does not have one float32 output of %u classes (it has %zu)",
            graph->path, spec->classes, out != NULL ? medtl_nd_count(out) : 0);
    return MEDTL_OK;
}

medtl_status medtl_nd_model_read(const char *path, const medtl_safetensors *file, const char *text,
                                 const medtl_metadata *metadata, medtl_nd_plan *plan,
                                 uint64_t *parameters, medtl_error *err)
{
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    const json_t *json = json_object_get(root, "graph");
    medtl_nd_graph *graph = NULL;
    medtl_status status;

    if (!json_is_object(json))
        status = medtl_fail(err, MEDTL_E_FORMAT, "%s: metadata: \"graph\" is not an object", path);
    else if ((status = build(path, file, json, &graph, parameters, err)) == MEDTL_OK &&
             (status = medtl_nd_plan_create_take(graph, plan, err)) == MEDTL_OK) {
        graph = NULL;
        if ((status = medtl_nd_model_check(plan->graph, &metadata->spec, err)) != MEDTL_OK)
            medtl_nd_plan_clear(plan);
    }
    medtl_nd_graph_destroy(graph);
    json_decref(root);
    return status;
}

static const medtl_nd_node *writer_of(const medtl_nd_graph *graph, size_t value)
{
    for (size_t i = 0; i < graph->node_count; i++)
        for (size_t k = 0; k < graph->nodes[i].output_count; k++)
            if (graph->nodes[i].outputs[k] == value)
                return &graph->nodes[i];
    return NULL;
}

medtl_status medtl_nd_model_adapt(medtl_nd_graph *graph, const char *output, medtl_error *err)
{
    const medtl_nd_node *last;
    size_t chosen = 0;

    if (graph->input_count != 1)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "%s: has %zu inputs; a model reads one image",
                          graph->path, graph->input_count);
    while (output != NULL && chosen < graph->output_count &&
           strcmp(graph->values[graph->outputs[chosen]].name, output) != 0)
        chosen++;
    if (chosen == graph->output_count)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: has no output \"%.80s\"", graph->path,
                          output);
    graph->outputs[0] = graph->outputs[chosen];
    graph->output_count = 1;
    while ((last = writer_of(graph, graph->outputs[0])) != NULL &&
           (strcmp(last->op->name, "Softmax") == 0 || strcmp(last->op->name, "LogSoftmax") == 0))
        graph->outputs[0] = last->inputs[0];
    return medtl_nd_sweep(graph, err);
}
