#include "pretext.h"

#include "core/nn/architecture.h"
#include "core/nn/network_parts.h"

#include <string.h>

enum { MOST_OUTPUTS = 16384 };

bool medtl_pretext_has_views(medtl_pretext_kind kind)
{
    return kind != MEDTL_PRETEXT_ROTATION && kind != MEDTL_PRETEXT_LABELS;
}

/* Drop what an architecture has behind its features: nodes, and what they declared. */
static size_t cut_head(medtl_graph *graph)
{
    const medtl_output *features = medtl_graph_find_output(graph, "features");
    size_t declared = 0;

    if (features == NULL)
        return 0;
    graph->node_count = features->node + 1;
    for (size_t i = 0; i < graph->node_count; i++)
        for (size_t k = 0; k < graph->nodes[i].parameter_count; k++)
            if (graph->nodes[i].parameters[k] >= declared)
                declared = graph->nodes[i].parameters[k] + 1;
    graph->declaration_count = declared;
    return features->node;
}

/* `hidden_layers` times linear, batch norm and ReLU, then a linear layer, numbered as in PyTorch's Sequential. */
static size_t projector(medtl_graph *graph, size_t x, size_t hidden_layers,
                        const medtl_pretext *pretext, const char *name)
{
    size_t number = 0;

    for (size_t i = 0; i < hidden_layers; i++, number += 3) {
        x = medtl_graph_linear(graph, x, pretext->hidden, "%s.%zu", name, number);
        x = medtl_graph_relu(graph, medtl_graph_batch_norm(graph, x, "%s.%zu", name, number + 1));
    }
    return medtl_graph_linear(graph, x, pretext->embedding, "%s.%zu", name, number);
}

static void add_layers(medtl_graph *graph, size_t x, const medtl_network_spec *spec,
                       const medtl_pretext *pretext, bool predictor)
{
    switch (pretext->kind) {
    case MEDTL_PRETEXT_BYOL:
        x = projector(graph, x, 1, pretext, "projector");
        if (predictor)
            (void)projector(graph, x, 1, pretext, "predictor");
        break;
    case MEDTL_PRETEXT_SIMCLR:
        (void)projector(graph, x, 1, pretext, "projector");
        break;
    case MEDTL_PRETEXT_VICREG:
    case MEDTL_PRETEXT_BARLOW:
        (void)projector(graph, x, 2, pretext, "projector");
        break;
    case MEDTL_PRETEXT_ROTATION:
    case MEDTL_PRETEXT_LABELS:
        (void)medtl_graph_linear(graph, x, spec->classes, "pretext");
        break;
    }
}

static medtl_status check(const medtl_network_spec *spec, const medtl_pretext *pretext,
                          medtl_error *err)
{
    if (spec->members > 1)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "an ensemble cannot be pretrained as one");
    if (medtl_pretext_has_views(pretext->kind) &&
        (pretext->hidden == 0 || pretext->hidden > MOST_OUTPUTS || pretext->embedding < 2 ||
         pretext->embedding > MOST_OUTPUTS))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "a projector of %zu and %zu outputs (2 to %d are possible)",
                          pretext->hidden, pretext->embedding, MOST_OUTPUTS);
    return MEDTL_OK;
}

medtl_status medtl_pretext_network_create(const medtl_network_spec *spec,
                                          const medtl_pretext *pretext, bool predictor,
                                          uint64_t seed, medtl_network **out, medtl_error *err)
{
    medtl_network_spec complete = *spec;
    medtl_graph graph = {0};
    medtl_status status;
    size_t features;

    *out = NULL;
    if ((status = check(spec, pretext, err)) != MEDTL_OK ||
        (status = medtl_spec_complete(&complete, err)) != MEDTL_OK)
        return status;
    status = medtl_architecture_build(&complete, NULL, 0, &graph, err);
    if (status == MEDTL_OK && (features = cut_head(&graph)) == 0)
        status = medtl_fail(err, MEDTL_E_UNSUPPORTED, "%s has no features to pretrain",
                            complete.architecture);
    if (status == MEDTL_OK) {
        graph.norm_epsilon = 1e-5f; /* PyTorch's layers, whatever the architecture's are */
        graph.linear_weight_initialiser = graph.linear_bias_initialiser = MEDTL_INIT_FAN_IN;
        graph.stage++;
        add_layers(&graph, features, &complete, pretext, predictor);
        status = medtl_network_from_graph_take(&graph, seed, out, err);
    }
    medtl_graph_clear(&graph);
    return status;
}

bool medtl_pretext_in_trunk(const medtl_network *network, const medtl_parameter *parameter)
{
    return parameter->stage + 1 < medtl_network_stage_count(network);
}
