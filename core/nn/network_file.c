/* Copying weights between a network and a file, by name. */
#include "network_file.h"

#include "metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

medtl_status medtl_network_load(medtl_network *network, const char *path, char *report,
                                size_t report_size, medtl_error *err)
{
    medtl_safetensors *file = NULL;
    medtl_matches matches = {0};
    medtl_status status;
    size_t adapted;

    if ((status = medtl_safetensors_read(path, &file, err)) == MEDTL_OK &&
        (status = medtl_network_match(network, file, &matches, err)) == MEDTL_OK)
        status = medtl_network_start_from(network, path, &matches, err);
    adapted = matches.kinds[MEDTL_SUMMED] + matches.kinds[MEDTL_REPEATED];
    if (status == MEDTL_OK && report != NULL)
        snprintf(report, report_size,
                 "%zu tensors matched, %zu %s over input channels, %zu of the head kept their "
                 "initial values, %zu in the file not used",
                 matches.kinds[MEDTL_MATCHED], adapted,
                 matches.kinds[MEDTL_REPEATED] > 0 ? "repeated" : "summed", matches.kept,
                 medtl_safetensors_count(file) - matches.kinds[MEDTL_MATCHED] - adapted);
    medtl_matches_clear(&matches);
    medtl_safetensors_destroy(file);
    return status;
}

medtl_status medtl_network_fill(medtl_network *network, const char *path,
                                const medtl_safetensors *file, medtl_error *err)
{
    medtl_matches matches = {0};
    medtl_status status = medtl_network_match(network, file, &matches, err);

    if (status == MEDTL_OK)
        status = medtl_network_adopt(network, path, &matches, MEDTL_ADOPT_IN_PLACE, err);
    medtl_matches_clear(&matches);
    return status;
}

/* Of a head beside the main one: a model has one answer. */
static bool is_of_another_head(const char *name) { return strncmp(name, "heads.", 6) == 0; }

medtl_status medtl_network_save(medtl_network *network, const medtl_model_description *description,
                                bool half, const char *path, medtl_error *err)
{
    const size_t count = network->graph.declaration_count;
    medtl_to_store *tensors = calloc(count, sizeof *tensors);
    size_t stored = 0;
    char *metadata = NULL;
    medtl_status status;

    if (tensors == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    for (size_t i = 0; i < count; i++) {
        const medtl_parameter *p = &network->parameters[i];

        /* Vectors stay F32: they are few, and a variance may lie below what F16 can hold. */
        if (!is_of_another_head(p->name))
            tensors[stored++] = (medtl_to_store){p->name,  p->shape, p->dimensions,
                                                 p->value, p->size,  half && p->dimensions > 1};
    }
    status = medtl_metadata_format(&network->spec, description, &metadata, err);
    if (status == MEDTL_OK)
        status = medtl_safetensors_write(path, MEDTL_METADATA_KEY, metadata, tensors, stored, err);
    free(metadata);
    free(tensors);
    return status;
}
