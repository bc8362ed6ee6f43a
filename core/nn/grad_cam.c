#include "grad_cam.h"

#include "grad_cam_layers.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct medtl_grad_cam {
    medtl_network *network;
    medtl_cam_layers layers;
    medtl_trainer_pass *pass;
    float *gradient; /* of one layer */
    float *dlogits;
};

static void output_name(char name[MEDTL_OUTPUT_NAME_SIZE], size_t member)
{
    snprintf(name, MEDTL_OUTPUT_NAME_SIZE, "cam.%zu", member);
}

/* A second explanation of the same network, of another layer, must not find the first one's names. */
static void forget_names(medtl_graph *graph)
{
    size_t kept = 0;

    for (size_t i = 0; i < graph->output_count; i++)
        if (strncmp(graph->outputs[i].name, "cam.", 4) != 0)
            graph->outputs[kept++] = graph->outputs[i];
    graph->output_count = kept;
}

static medtl_status prepare_graph(medtl_grad_cam *cam, medtl_error *err)
{
    medtl_graph *graph = &cam->network->graph;

    forget_names(graph);
    graph->prefix[0] = '\0'; /* an ensemble's graph still has that of the last member it built */
    for (size_t i = 0; i < cam->layers.count; i++) {
        char name[MEDTL_OUTPUT_NAME_SIZE];

        output_name(name, i);
        medtl_graph_name_output(graph, cam->layers.nodes[i], name, true);
    }
    for (size_t i = 0; i < graph->node_count; i++)
        if (graph->nodes[i].ops == &medtl_node_dropout)
            graph->nodes[i].u.dropout.probability = 0.0f;
    return medtl_graph_finish(graph, err);
}

/* Values of the largest layer: the parts of a network that pools several differ in their channels. */
static size_t largest_layer(const medtl_grad_cam *cam)
{
    size_t largest = 0;

    for (size_t i = 0; i < cam->layers.count; i++) {
        const size_t size = medtl_shape_size(cam->network->graph.nodes[cam->layers.nodes[i]].shape);

        largest = size > largest ? size : largest;
    }
    return largest;
}

medtl_status medtl_grad_cam_create(medtl_network *network, const char *layer, size_t threads,
                                   medtl_grad_cam **out, medtl_error *err)
{
    medtl_grad_cam *cam = calloc(1, sizeof *cam);
    medtl_status status;

    *out = NULL;
    if (cam == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a heat map");
    cam->network = network;
    if ((status = medtl_cam_layers_find(network, layer, &cam->layers, err)) != MEDTL_OK ||
        (status = prepare_graph(cam, err)) != MEDTL_OK ||
        (status = medtl_trainer_pass_create(network, 1, threads, &cam->pass, err)) != MEDTL_OK)
        goto done;
    medtl_trainer_pass_freeze_norms(cam->pass, UINT32_MAX); /* as in inference */
    cam->gradient = malloc(largest_layer(cam) * sizeof *cam->gradient);
    cam->dlogits = calloc(network->spec.classes, sizeof *cam->dlogits);
    if (cam->gradient == NULL || cam->dlogits == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a heat map");
        goto done;
    }
    *out = cam;
    cam = NULL;
done:
    medtl_grad_cam_destroy(cam);
    return status;
}

void medtl_grad_cam_destroy(medtl_grad_cam *cam)
{
    if (cam == NULL)
        return;
    medtl_trainer_pass_destroy(cam->pass);
    free(cam->gradient);
    free(cam->dlogits);
    free(cam);
}

void medtl_grad_cam_size(const medtl_grad_cam *cam, size_t *height, size_t *width)
{
    *height = cam->layers.height;
    *width = cam->layers.width;
}

/* Add one layer's channels by their mean gradients. A class token has a part in neither. */
static void add_layer(const medtl_grad_cam *cam, size_t node, const float *activation, float *map)
{
    const medtl_shape shape = cam->network->graph.nodes[node].shape;
    const size_t pixels = cam->layers.height * cam->layers.width, plane = medtl_shape_plane(shape);

    for (size_t k = 0; k < shape.channels; k++) {
        const float *gradient = cam->gradient + k * plane + cam->layers.skip;
        const float *values = activation + k * plane + cam->layers.skip;
        double alpha = 0.0;

        for (size_t i = 0; i < pixels; i++)
            alpha += (double)gradient[i];
        alpha /= (double)pixels;
        for (size_t i = 0; i < pixels; i++)
            map[i] = (float)((double)map[i] + alpha * (double)values[i]);
    }
}

void medtl_grad_cam_run(medtl_grad_cam *cam, const float *input, size_t class_index, float *map,
                        float *logits)
{
    const size_t classes = cam->network->spec.classes;
    const float *got = medtl_trainer_pass_forward(cam->pass, input, 1, 0);

    if (logits != NULL)
        memcpy(logits, got, classes * sizeof *logits);
    memset(map, 0, cam->layers.height * cam->layers.width * sizeof *map);
    memset(cam->dlogits, 0, classes * sizeof *cam->dlogits);
    cam->dlogits[class_index] = 1.0f;
    for (size_t i = 0; i < cam->layers.count; i++) {
        char name[MEDTL_OUTPUT_NAME_SIZE];
        size_t size, stride;

        output_name(name, i);
        (void)medtl_trainer_pass_output_gradient(cam->pass, cam->dlogits, name, cam->gradient);
        add_layer(cam, cam->layers.nodes[i],
                  medtl_trainer_pass_output(cam->pass, name, &size, &stride), map);
    }
}
