#include "nd_model.h"

#include "nd_json.h"
#include "nd_op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Constants that a node that is left, or the output, reads. */
static bool *find_wanted(const medtl_nd_graph *graph)
{
    bool *wanted = calloc(graph->value_count + 1, sizeof *wanted);

    for (size_t i = 0; wanted != NULL && i < graph->node_count; i++)
        for (size_t k = 0; k < graph->nodes[i].input_count && !graph->nodes[i].dead; k++)
            if (graph->nodes[i].inputs[k] != MEDTL_ND_NONE)
                wanted[graph->nodes[i].inputs[k]] = true;
    for (size_t i = 0; wanted != NULL && i < graph->output_count; i++)
        wanted[graph->outputs[i]] = true;
    return wanted;
}

static medtl_status list_tensors(const medtl_nd_graph *graph, bool half, medtl_to_store **out,
                                 size_t *count, medtl_error *err)
{
    bool *wanted = find_wanted(graph);

    *count = 0;
    *out = calloc(graph->value_count + 1, sizeof **out);
    if (*out == NULL || wanted == NULL) {
        free(wanted);
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", graph->path);
    }
    for (size_t i = 0; i < graph->value_count; i++) {
        const medtl_nd_value *v = &graph->values[i];

        if (wanted[i] && v->data != NULL && v->type.element == MEDTL_ND_FLOAT)
            (*out)[(*count)++] = (medtl_to_store){.name = v->name,
                                                  .shape = v->type.size,
                                                  .dimensions = v->type.rank,
                                                  .values = v->data,
                                                  .count = medtl_nd_count(&v->type),
                                                  .half = half && v->type.rank >= 2};
    }
    free(wanted);
    return MEDTL_OK;
}

/* What every model says of itself, and the graph. */
static medtl_status format(const medtl_nd_graph *graph, const medtl_network_spec *spec,
                           const medtl_model_description *description, char **text,
                           medtl_error *err)
{
    medtl_network_spec complete = *spec;
    json_t *root = NULL, *json = NULL, *architecture;
    char *common = NULL;
    medtl_status status;

    *text = NULL;
    snprintf(complete.architecture, sizeof complete.architecture, "%s", MEDTL_ND_ARCHITECTURE);
    complete.width = 1; /* asked for, and taken out below: a graph has none */
    complete.dropout = 0.0f;
    if ((status = medtl_metadata_format(&complete, description, &common, err)) != MEDTL_OK ||
        (status = medtl_nd_json_write(graph, &json, err)) != MEDTL_OK)
        goto done;
    root = json_loads(common, 0, NULL);
    architecture = json_object_get(root, "architecture");
    (void)json_object_del(architecture, "width");
    (void)json_object_del(architecture, "dropout");
    if (json_object_set(root, "graph", json) == 0)
        *text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (*text == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", graph->path);
done:
    json_decref(root);
    json_decref(json);
    free(common);
    return status;
}

medtl_status medtl_nd_model_write(const medtl_nd_graph *graph, const medtl_network_spec *spec,
                                  const medtl_model_description *description, bool half,
                                  const char *path, medtl_error *err)
{
    medtl_to_store *tensors = NULL;
    medtl_metadata check;
    size_t count;
    char *text = NULL;
    medtl_status status;

    if (medtl_nd_graph_find(graph, "__metadata__") != MEDTL_ND_NONE)
        return medtl_fail(
            err, MEDTL_E_UNSUPPORTED,
            "%s: a tensor of the name __metadata__, which safetensors keeps for itself",
            graph->path);
    if ((status = list_tensors(graph, half, &tensors, &count, err)) == MEDTL_OK &&
        (status = format(graph, spec, description, &text, err)) == MEDTL_OK &&
        (status = medtl_metadata_parse(path, text, &check, err)) == MEDTL_OK) {
        medtl_metadata_clear(&check);
        status = medtl_safetensors_write(path, MEDTL_METADATA_KEY, text, tensors, count, err);
    }
    free(text);
    free(tensors);
    return status;
}
