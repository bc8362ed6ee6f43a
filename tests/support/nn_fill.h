/* Weights and inputs from a hash of a tensor's name and an index: the formula of make_torch_goldens.py. */
#ifndef MEDTL_TEST_NN_FILL_H
#define MEDTL_TEST_NN_FILL_H

#include "core/nn/network.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline uint32_t nn_name_key(const char *name)
{
    uint32_t key = 2166136261u; /* FNV-1a */

    for (; *name != '\0'; name++)
        key = (key ^ (unsigned char)*name) * 16777619u;
    return key;
}

/* A multiple of 2^-23 in [-1, 1). */
static inline float nn_uniform(uint32_t key, size_t index)
{
    uint32_t z = (uint32_t)index * 0x9e3779b9u + key;

    z = (z ^ (z >> 16)) * 0x7feb352du;
    z = (z ^ (z >> 15)) * 0x846ca68bu;
    z ^= z >> 16;
    return (float)(z >> 8) * 0x1p-23f - 1.0f;
}

static inline bool nn_ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static inline void nn_fill_parameter(medtl_parameter *p)
{
    const uint32_t key = nn_name_key(p->name);
    const double fan_in = (double)p->size / (double)p->shape[0];
    const float scale = (float)exp2(floor(log2(sqrt(6.0 / fan_in))));

    for (size_t i = 0; i < p->size; i++) {
        const float u = nn_uniform(key, i);

        if (p->dimensions > 1)
            p->value[i] = u * scale;
        else if (nn_ends_with(p->name, "running_var"))
            p->value[i] = 1.0f + 0.5f * u;
        else if (nn_ends_with(p->name, ".weight"))
            p->value[i] = 1.0f + 0.25f * u;
        else
            p->value[i] = 0.125f * u;
    }
}

static inline void nn_fill_network(medtl_network *network)
{
    for (size_t i = 0; i < medtl_network_parameter_count(network); i++)
        nn_fill_parameter(medtl_network_parameter(network, i));
}

/* `count` floats that the caller frees. */
static inline float *nn_make_named_input(const char *name, size_t count)
{
    const uint32_t key = nn_name_key(name);
    float *values = malloc(count * sizeof *values);

    for (size_t i = 0; values != NULL && i < count; i++)
        values[i] = nn_uniform(key, i);
    return values;
}

static inline float *nn_make_input(size_t count) { return nn_make_named_input("input", count); }

/* Input `number` of make_torch_goldens.py. */
static inline float *nn_make_numbered_input(unsigned number, size_t count)
{
    char name[32];

    snprintf(name, sizeof name, "input %u", number);
    return nn_make_named_input(name, count);
}

#endif
