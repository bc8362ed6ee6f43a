/* The last layer alone, as a network of its own. */
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
