#include "grad_cam_layers.h"

#include <stdio.h>
#include <string.h>

static bool add_node(medtl_cam_layers *layers, size_t index)
{
    for (size_t i = 0; i < layers->count; i++)
        if (layers->nodes[i] == index)
            return true;
    if (layers->count == MEDTL_CAM_MOST_MEMBERS)
        return false;
    layers->nodes[layers->count++] = index;
    return true;
}

/* The last feature map ------------------------------------------------------------------------------- */

static bool pools(const medtl_node *node)
{
    return node->ops == &medtl_node_global_avg_pool || node->ops == &medtl_node_global_max_pool ||
           node->ops == &medtl_node_adaptive_avg_pool;
}

/* From the logits back to what is pooled, or, without pooling, to the first map of several pixels. */
static bool find_pooled(const medtl_graph *graph, size_t index, medtl_cam_layers *layers)
{
    const medtl_node *node = &graph->nodes[index];

    if (index == 0 || medtl_shape_plane(node->shape) > 1)
        return add_node(layers, index);
    if (pools(node))
        return add_node(layers, node->inputs[0]);
    for (size_t k = 0; k < node->input_count; k++)
        if (!find_pooled(graph, node->inputs[k], layers))
            return false;
    return true;
}

/* Layers by name -------------------------------------------------------------------------------------- */

/* Does node `index` belong to `member`? Only nodes with parameters say so, by those parameters' names. */
static bool is_of_member(const medtl_network *network, size_t index, size_t member)
{
    const medtl_node *node = &network->graph.nodes[index];
    char prefix[24];

    if (node->parameter_count == 0)
        return false;
    if (network->spec.members <= 1)
        return true;
    snprintf(prefix, sizeof prefix, "members.%zu.", member);
    return strncmp(network->graph.declarations[node->parameters[0]].name, prefix, strlen(prefix)) ==
           0;
}

static bool starts_with_module(const char *name, const char *module)
{
    const size_t length = strlen(module);

    return strncmp(name, module, length) == 0 && name[length] == '.';
}

/* What joins or bounds the output of a block and has no name: additions, concatenations, activations. */
static bool finishes_block(const medtl_graph *graph, size_t index, size_t last)
{
    const medtl_node *node = &graph->nodes[index];

    if (node->parameter_count > 0 || medtl_shape_plane(node->shape) == 1 || pools(node))
        return false;
    if (node->shape.height != graph->nodes[last].shape.height ||
        node->shape.width != graph->nodes[last].shape.width)
        return false; /* a pool or a stride begins what follows */
    for (size_t k = 0; k < node->input_count; k++)
        if (node->inputs[k] == last)
            return true;
    return false;
}

/* The node of `layer` in one member, or 0. */
static size_t find_named(const medtl_network *network, const char *layer, size_t member)
{
    const medtl_graph *graph = &network->graph;
    size_t exact = 0, inside = 0;

    for (size_t i = 1; i < graph->node_count; i++)
        if (is_of_member(network, i, member)) {
            if (strcmp(graph->nodes[i].name, layer) == 0)
                exact = i;
            else if (starts_with_module(graph->nodes[i].name, layer))
                inside = i;
        }
    if (exact != 0)
        return exact;
    while (inside != 0 && inside + 1 < graph->node_count &&
           finishes_block(graph, inside + 1, inside))
        inside++;
    return inside;
}

/* Transformers ---------------------------------------------------------------------------------------- */

static size_t class_token_of(const medtl_graph *graph)
{
    for (size_t i = 1; i < graph->node_count; i++)
        if (graph->nodes[i].ops == &medtl_node_class_token)
            return i;
    return 0;
}

/* The name of the norm before the last attention: behind it nothing reads the patch tokens by themselves. */
static const char *last_token_norm(const medtl_graph *graph)
{
    const char *name = NULL;

    for (size_t i = 1; i < graph->node_count; i++) {
        const char *own = graph->nodes[i].name;
        const size_t length = strlen(own);

        if (length > 6 && strcmp(own + length - 6, ".norm1") == 0)
            name = own;
    }
    return name;
}

/* Take the layers' size, and check that they have one. */
static medtl_status take_size(const medtl_network *network, const char *layer, size_t token,
                              medtl_cam_layers *layers, medtl_error *err)
{
    const medtl_graph *graph = &network->graph;
    const medtl_shape shape = graph->nodes[layers->nodes[0]].shape;

    layers->height = shape.height;
    layers->width = shape.width;
    for (size_t i = 1; i < layers->count; i++) {
        const medtl_shape other = graph->nodes[layers->nodes[i]].shape;

        if (other.height != shape.height || other.width != shape.width)
            return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                              "%s has maps of %u x %u and of %u x %u pixels, which do not add up",
                              network->spec.architecture, (unsigned)shape.height,
                              (unsigned)shape.width, (unsigned)other.height, (unsigned)other.width);
    }
    if (token != 0 && layers->nodes[0] >= token) {
        const medtl_shape grid = graph->nodes[graph->nodes[token].inputs[0]].shape;

        if (shape.height != 1 || shape.width != 1 + medtl_shape_plane(grid))
            return medtl_fail(err, MEDTL_E_ARGUMENT, "layer \"%s\" of %s has no patch tokens",
                              layer, network->spec.architecture);
        layers->height = grid.height;
        layers->width = grid.width;
        layers->skip = 1;
    }
    return MEDTL_OK;
}

static medtl_status find_by_name(const medtl_network *network, const char *layer,
                                 medtl_cam_layers *layers, medtl_error *err)
{
    const size_t members = network->spec.members > 1 ? network->spec.members : 1;

    for (size_t member = 0; member < members; member++) {
        const size_t node = find_named(network, layer, member);

        if (node == 0)
            return medtl_fail(err, MEDTL_E_ARGUMENT, "%s has no layer \"%s\"",
                              network->spec.architecture, layer);
        if (!add_node(layers, node))
            break; /* checked by the caller */
    }
    if (medtl_shape_plane(network->graph.nodes[layers->nodes[0]].shape) == 1)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "layer \"%s\" of %s has a single pixel: a map of it would say nothing",
                          layer, network->spec.architecture);
    return MEDTL_OK;
}

medtl_status medtl_cam_layers_find(const medtl_network *network, const char *layer,
                                   medtl_cam_layers *layers, medtl_error *err)
{
    const medtl_graph *graph = &network->graph;
    const size_t token = class_token_of(graph);
    medtl_status status;

    memset(layers, 0, sizeof *layers);
    if (strcmp(network->spec.architecture, "fusion") == 0)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "fusion reads feature vectors, not a picture: there is nothing to show");
    if (network->spec.classifier.kind == MEDTL_CLASSIFIER_NEIGHBOURS)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "k nearest neighbours answer by counting, which has no gradient to show");
    if (network->spec.members > MEDTL_CAM_MOST_MEMBERS)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "an ensemble of %u: heat maps are made for at most %d members",
                          network->spec.members, MEDTL_CAM_MOST_MEMBERS);
    if ((layer == NULL || layer[0] == '\0') && token != 0)
        layer = last_token_norm(graph);
    if (layer != NULL && layer[0] != '\0') {
        if ((status = find_by_name(network, layer, layers, err)) != MEDTL_OK)
            return status;
    } else {
        (void)find_pooled(graph, graph->node_count - 1, layers);
    }
    return take_size(network, layer, token, layers, err);
}
