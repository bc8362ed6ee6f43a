/* Any bytes as a model file: the container, its metadata, a network of what they claim and its plan; and as the
 * weights of a network that is there already. Mutations keep the header's length true most of the time, else
 * nearly all of them would end at the first check. */
#include "core/nn/metadata.h"
#include "core/nn/network_file.h"
#include "core/nn/plan.h"
#include "core/nn/safetensors.h"
#include "core/nn/tensor/nd_model.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

static void try_graph(const medtl_safetensors *file, const char *text,
                      const medtl_metadata *metadata)
{
    medtl_nd_plan plan;
    uint64_t parameters = 0;
    medtl_error err = {0};

    memset(&plan, 0, sizeof plan);
    (void)medtl_nd_model_read("file", file, text, metadata, &plan, &parameters, &err);
    medtl_nd_plan_clear(&plan);
}

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

/* The smallest network there is, made once. */
static void try_weights(const medtl_safetensors *file)
{
    static medtl_network *network;
    const medtl_network_spec spec = {"hybrid2", 1, 1, 8, 8, 2, 0.0f, 1, {0}};
    medtl_matches matches;
    medtl_error err = {0};

    if (network == NULL && medtl_network_create(&spec, 1, &network, NULL) != MEDTL_OK)
        abort();
    if (medtl_network_match(network, file, &matches, NULL) != MEDTL_OK)
        return;
    for (unsigned allowed = 0; allowed < 8; allowed++)
        (void)medtl_network_adopt(network, "file", &matches, allowed, &err);
    (void)medtl_network_start_from(network, "file", &matches, &err);
    if (memchr(err.message, '\0', sizeof err.message) == NULL)
        abort();
    medtl_matches_clear(&matches);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *bytes = malloc(size > 0 ? size : 1);
    medtl_safetensors *file = NULL;
    medtl_metadata metadata;
    medtl_error err = {0};
    const char *text;

    if (bytes == NULL)
        return 0;
    if (size > 0)
        memcpy(bytes, data, size);
    if (medtl_safetensors_parse_take("file", bytes, size, &file, &err) != MEDTL_OK) {
        free(bytes);
        return 0;
    }
    for (size_t i = 0; i < medtl_safetensors_count(file); i++)
        (void)medtl_stored_floats(medtl_safetensors_at(file, i), NULL);
    try_weights(file);
    text = medtl_safetensors_metadata(file, MEDTL_METADATA_KEY);
    if (text != NULL && medtl_metadata_parse("file", text, &metadata, &err) == MEDTL_OK) {
        if (strcmp(metadata.spec.architecture, MEDTL_ND_ARCHITECTURE) == 0)
            try_graph(file, text, &metadata);
        else
            try_network(file, &metadata);
        medtl_metadata_clear(&metadata);
    }
    medtl_safetensors_destroy(file);
    return 0;
}

#ifdef MEDTL_FUZZ_MUTATOR
static size_t header_length(const uint8_t *data, size_t size)
{
    uint64_t length = 0;

    for (int i = LENGTH_BYTES; i-- > 0 && size >= LENGTH_BYTES;)
        length = length << 8 | data[i];
    return size >= LENGTH_BYTES && length <= size - LENGTH_BYTES ? (size_t)length : 0;
}

/* Now and then anything; else the header's text alone, with its length set right and the values moved along. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    const size_t old = header_length(data, size), rest = size - LENGTH_BYTES - old;
    uint8_t *text;
    size_t length, room;

    if (seed % 8 == 0 || old == 0 || most < size)
        return LLVMFuzzerMutate(data, size, most);
    room = most - LENGTH_BYTES - rest;
    text = malloc(room > 0 ? room : 1);
    if (text == NULL)
        return size;
    memcpy(text, data + LENGTH_BYTES, old);
    length = LLVMFuzzerMutate(text, old, room);
    memmove(data + LENGTH_BYTES + length, data + LENGTH_BYTES + old, rest);
    memcpy(data + LENGTH_BYTES, text, length);
    for (int i = 0; i < LENGTH_BYTES; i++)
        data[i] = (uint8_t)((uint64_t)length >> (8 * i));
    free(text);
    return LENGTH_BYTES + length + rest;
}
#endif
