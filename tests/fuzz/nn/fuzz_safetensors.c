/* Any bytes as a model file: the container, its metadata, a network of what they claim, and its plan. */
#include "core/nn/metadata.h"
#include "core/nn/network_file.h"
#include "core/nn/plan.h"
#include "core/nn/safetensors.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_network(const medtl_safetensors *file, const medtl_metadata *metadata)
{
    medtl_network *network = NULL;
    medtl_plan plan;

    if (medtl_network_create_empty(&metadata->spec, medtl_safetensors_data_size(file) / 2, &network,
                                   NULL) == MEDTL_OK &&
        medtl_network_fill(network, "file", file, NULL) == MEDTL_OK &&
        medtl_plan_create(network, &plan, NULL) == MEDTL_OK)
        medtl_plan_clear(&plan);
    medtl_network_destroy(network);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *bytes = malloc(size > 0 ? size : 1);
    medtl_safetensors *file = NULL;
    medtl_metadata metadata;
    const char *text;

    if (bytes == NULL)
        return 0;
    if (size > 0)
        memcpy(bytes, data, size);
    if (medtl_safetensors_parse_take("file", bytes, size, &file, NULL) != MEDTL_OK) {
        free(bytes);
        return 0;
    }
    for (size_t i = 0; i < medtl_safetensors_count(file); i++)
        (void)medtl_stored_floats(medtl_safetensors_at(file, i), NULL);
    text = medtl_safetensors_metadata(file, MEDTL_METADATA_KEY);
    if (text != NULL && medtl_metadata_parse("file", text, &metadata, NULL) == MEDTL_OK) {
        try_network(file, &metadata);
        medtl_metadata_clear(&metadata);
    }
    medtl_safetensors_destroy(file);
    return 0;
}
