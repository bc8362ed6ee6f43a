#include "tiny_model.h"

#include "core/nn/network.h"

#include <stdlib.h>
#include <string.h>

medtl_status tiny_model_write(const medtl_task *task, unsigned seed, const char *path,
                              medtl_error *err)
{
    const medtl_normaliser *n = &task->normaliser;
    const medtl_network_spec spec = {.architecture = "hybrid2",
                                     .width = 2,
                                     .channels = n->channels,
                                     .height = n->height,
                                     .width_px = n->width,
                                     .classes = (uint32_t)task->class_count,
                                     .dropout = -1.0f};
    const char **labels = calloc(task->class_count, sizeof *labels);
    char normaliser[MEDTL_NORMALISER_TEXT_SIZE];
    medtl_model_description description = {.name = "tiny",
                                           .version = "1.0",
                                           .class_names = labels,
                                           .normaliser = normaliser,
                                           .temperature = 1.0f};
    medtl_network *network = NULL;
    medtl_status status;

    if (labels == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    for (size_t i = 0; i < task->class_count; i++)
        labels[i] = task->classes[i].label;
    medtl_normaliser_text(n, normaliser);
    if ((status = medtl_network_create(&spec, seed, &network, err)) == MEDTL_OK)
        status = medtl_network_save(network, &description, false, path, err);
    medtl_network_destroy(network);
    free(labels);
    return status;
}
