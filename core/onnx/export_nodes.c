/* The table of node kinds, and the walk over a network. */
#include "export_nodes.h"

#include "export_kinds.h"

static const struct {
    const medtl_node_ops *ops;
    void (*run)(const medtl_step *s);
} exports[] = {
    {&medtl_node_conv, medtl_export_conv},
    {&medtl_node_batch_norm, medtl_export_batch_norm},
    {&medtl_node_linear, medtl_export_linear},
    {&medtl_node_max_pool, medtl_export_max_pool},
    {&medtl_node_global_avg_pool, medtl_export_global_avg_pool},
    {&medtl_node_add, medtl_export_add},
    {&medtl_node_concat, medtl_export_concat},
    {&medtl_node_relu, medtl_export_relu},
    {&medtl_node_relu6, medtl_export_relu6},
    {&medtl_node_avg_pool, medtl_export_avg_pool},
    {&medtl_node_subsample, medtl_export_subsample},
    {&medtl_node_dropout, medtl_export_dropout},
    {&medtl_node_global_max_pool, medtl_export_global_max_pool},
    {&medtl_node_upsample, medtl_export_upsample},
    {&medtl_node_adaptive_avg_pool, medtl_export_adaptive_avg_pool},
    {&medtl_node_sigmoid, medtl_export_sigmoid},
    {&medtl_node_silu, medtl_export_silu},
    {&medtl_node_gelu, medtl_export_gelu},
    {&medtl_node_softmax, medtl_export_softmax},
    {&medtl_node_layer_norm, medtl_export_layer_norm},
    {&medtl_node_attention, medtl_export_attention},
    {&medtl_node_class_token, medtl_export_class_token},
    {&medtl_node_pick, medtl_export_pick},
};
enum { EXPORT_COUNT = sizeof exports / sizeof exports[0] };

static void export_node(medtl_exporter *all, size_t index)
{
    const medtl_node *node = &all->network->graph.nodes[index];
    const medtl_step s = {all, node, index};
    medtl_onnx_writer *w = all->writer;

    for (size_t i = 0; i < EXPORT_COUNT; i++)
        if (exports[i].ops == node->ops) {
            exports[i].run(&s);
            return;
        }
    if (w->status == MEDTL_OK)
        w->status =
            medtl_fail(&w->error, MEDTL_E_UNSUPPORTED, "node %zu (%s %s) cannot be written as ONNX",
                       index, node->ops->kind, node->name);
}

/* What the last node is made of; the rest, an auxiliary head say, only training needs. */
static void find_needed(const medtl_graph *graph, bool *needed)
{
    needed[graph->node_count - 1] = true;
    for (size_t i = graph->node_count; i-- > 1;)
        for (size_t k = 0; needed[i] && k < graph->nodes[i].input_count; k++)
            needed[graph->nodes[i].inputs[k]] = true;
}

const char *medtl_onnx_export_nodes(medtl_onnx_writer *writer, const medtl_network *network,
                                    const char *input)
{
    const medtl_graph *graph = &network->graph;
    medtl_exporter all = {writer, network, NULL, NULL, NULL};
    medtl_exported result;

    all.values = medtl_onnx_take(writer, graph->node_count * sizeof *all.values);
    all.parameters = medtl_onnx_take(writer, graph->declaration_count * sizeof *all.parameters);
    all.needed = medtl_onnx_take(writer, graph->node_count * sizeof *all.needed);
    if (all.values == NULL || all.parameters == NULL || all.needed == NULL)
        return "";
    find_needed(graph, all.needed);
    all.values[0] = (medtl_exported){input, false};
    for (size_t i = 1; i < graph->node_count && writer->status == MEDTL_OK; i++)
        if (all.needed[i])
            export_node(&all, i);
    result = all.values[graph->node_count - 1];
    if (result.flat)
        return result.name;
    return medtl_onnx_operator(writer, "Flatten", "result/Flatten", &result.name, 1);
}
