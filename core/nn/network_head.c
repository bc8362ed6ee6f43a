/* The last layer: alone, as a network of its own, and its bias. */
#include "network_parts.h"

#include <string.h>

/* The linear layer that is a network's last node. */
static const medtl_node *last_layer(const medtl_network *network)
{
    const medtl_graph *graph = &network->graph;
    const medtl_node *node = &graph->nodes[graph->node_count - 1];

    return node->ops == &medtl_node_linear ? node : NULL;
}

static void copy(medtl_network *to, medtl_network *from)
{
    const medtl_node *target = last_layer(to), *source = last_layer(from);

    for (size_t k = 0; k < source->parameter_count; k++) {
        const medtl_parameter *p = &from->parameters[source->parameters[k]];

        memcpy(to->parameters[target->parameters[k]].value, p->value, p->size * sizeof(float));
    }
}

medtl_status medtl_network_create_head(const medtl_network *network, medtl_network **out,
                                       medtl_error *err)
{
    const size_t size = medtl_network_output_size(network, "features");
    const medtl_node *last = last_layer(network);
    medtl_graph graph;
    size_t x;
    medtl_status status;

    *out = NULL;
    if (last == NULL || size == 0)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s has no linear last layer that could be trained by itself",
                          network->spec.architecture);
    medtl_graph_init(&graph);
    x = medtl_graph_input(&graph, (medtl_shape){size, 1, 1});
    x = medtl_graph_dropout(&graph, x, network->spec.dropout);
    (void)medtl_graph_linear(&graph, x, network->spec.classes, "%s", last->name);
    status = medtl_network_from_graph_take(&graph, 1, out, err);
    medtl_graph_clear(&graph);
    if (status != MEDTL_OK)
        return status;
    (*out)->spec.channels = (uint32_t)size;
    (*out)->spec.height = (*out)->spec.width_px = 1;
    copy(*out, (medtl_network *)network);
    return MEDTL_OK;
}

void medtl_network_take_head(medtl_network *network, medtl_network *head) { copy(network, head); }

/* The linear layers that a sum of logits is made of, from its last node back.
 * @return false where another kind of node has part in it. */
static bool shift_layers(medtl_network *network, size_t index, const float *shift, float share)
{
    const medtl_node *node = &network->graph.nodes[index];

    if (node->ops == &medtl_node_linear) {
        medtl_parameter *bias = &network->parameters[node->parameters[1]];

        for (size_t k = 0; k < bias->size; k++)
            bias->value[k] += share * shift[k];
        return true;
    }
    if (node->ops != &medtl_node_add || network->spec.members <= 1)
        return false;
    for (size_t i = 0; i < node->input_count; i++)
        if (!shift_layers(network, node->inputs[i], shift, share))
            return false;
    return true;
}

medtl_status medtl_network_shift_logits(medtl_network *network, const float *shift,
                                        medtl_error *err)
{
    const uint32_t members = network->spec.members > 1 ? network->spec.members : 1;

    if (network->spec.classifier.kind == MEDTL_CLASSIFIER_LINEAR &&
        shift_layers(network, network->graph.node_count - 1, shift, 1.0f / (float)members))
        return MEDTL_OK;
    return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                      "the last layer of this network is not linear: it has no bias that offsets "
                      "could be added to");
}
