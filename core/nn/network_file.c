/* Copying weights between a network and a file, by name. */
#include "network_file.h"

#include "metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What to do with one parameter. */
typedef enum fit {
    FIT_COPY,
    FIT_SUM_CHANNELS, /* a first convolution of 3 input channels into one of 1, as timm does */
    FIT_KEEP,         /* the head: other classes, or absent */
    FIT_NONE
} fit;

static bool same_shape(const medtl_parameter *p, const medtl_stored *s, size_t from)
{
    if (s->dimensions != p->dimensions)
        return false;
    for (size_t i = from; i < p->dimensions; i++)
        if (s->shape[i] != p->shape[i])
            return false;
    return true;
}

static bool is_first_convolution(const medtl_network *network, const medtl_parameter *p)
{
    return p == &network->parameters[0] && p->dimensions == 4;
}

static fit judge(const medtl_network *network, const medtl_parameter *p, const medtl_stored *s)
{
    const bool head = p->stage + 1 == network->stage_count;

    if (s == NULL)
        return head ? FIT_KEEP : FIT_NONE;
    if (same_shape(p, s, 0))
        return FIT_COPY;
    if (is_first_convolution(network, p) && s->dimensions == 4 && s->shape[0] == p->shape[0] &&
        s->shape[1] == 3 && p->shape[1] == 1 && s->shape[2] == p->shape[2] &&
        s->shape[3] == p->shape[3])
        return FIT_SUM_CHANNELS;
    return head && same_shape(p, s, 1) ? FIT_KEEP : FIT_NONE;
}

static medtl_status misfit(const char *path, const medtl_parameter *p, const medtl_stored *s,
                           medtl_error *err)
{
    if (s == NULL)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: tensor %s is missing", path, p->name);
    return medtl_fail(
        err, MEDTL_E_FORMAT,
        "%s: tensor %s has %zu dimensions and %zu values, not %zu and %zu, or another "
        "order of sizes",
        path, p->name, s->dimensions, s->count, p->dimensions, p->size);
}

static bool is_variance(const medtl_parameter *p)
{
    const char *dot = strrchr(p->name, '.');

    return p->role == MEDTL_PARAMETER_STATISTIC && dot != NULL && strcmp(dot, ".running_var") == 0;
}

static bool any_negative(const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] < 0.0f)
            return true;
    return false;
}

/* [out][3][h][w] -> [out][1][h][w]. */
static void sum_channels(const medtl_stored *s, const float *from, float *to)
{
    const size_t plane = s->shape[2] * s->shape[3];

    for (size_t k = 0; k < s->shape[0]; k++)
        for (size_t i = 0; i < plane; i++) {
            const float *at = from + k * s->shape[1] * plane + i;

            to[k * plane + i] = at[0] + at[plane] + at[2 * plane];
        }
}

/* Read one tensor into `values` (room for the larger of file and network). */
static medtl_status fetch(const char *path, const medtl_parameter *p, const medtl_stored *s,
                          fit how, float *values, float *target, medtl_error *err)
{
    if (!medtl_stored_floats(s, values))
        return medtl_fail(err, MEDTL_E_FORMAT,
                          "%s: tensor %s is not F32, F16 or BF16, or a value is not finite", path,
                          p->name);
    if (is_variance(p) && any_negative(values, s->count))
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: tensor %s: a variance is negative", path,
                          p->name);
    if (how == FIT_SUM_CHANNELS)
        sum_channels(s, values, target);
    else
        memcpy(target, values, p->size * sizeof *target);
    return MEDTL_OK;
}

static size_t largest_tensor(const medtl_safetensors *file)
{
    size_t largest = 0;

    for (size_t i = 0; i < medtl_safetensors_count(file); i++)
        if (medtl_safetensors_at(file, i)->count > largest)
            largest = medtl_safetensors_at(file, i)->count;
    return largest;
}

/* All that is refused is refused before the first value changes: shapes here, values by copying into
 * a second block that is swapped in at the end. */
static medtl_status copy_all(medtl_network *network, const char *path,
                             const medtl_safetensors *file, size_t fits[FIT_NONE], float *fresh,
                             float *room, medtl_error *err)
{
    for (size_t i = 0; i < network->graph.declaration_count; i++) {
        const medtl_parameter *p = &network->parameters[i];
        const medtl_stored *s = medtl_safetensors_find(file, p->name);
        const fit how = judge(network, p, s);
        medtl_status status;

        if (how == FIT_NONE)
            return misfit(path, p, s, err);
        fits[how]++;
        if (how != FIT_KEEP &&
            (status = fetch(path, p, s, how, room, fresh + (p->value - network->values), err)) !=
                MEDTL_OK)
            return status;
    }
    return MEDTL_OK;
}

static medtl_status load(medtl_network *network, const char *path, const medtl_safetensors *file,
                         size_t fits[FIT_NONE], medtl_error *err)
{
    const size_t total = network->value_count;
    float *fresh = medtl_floats_allocate(total),
          *room = medtl_floats_allocate(largest_tensor(file));
    medtl_status status;

    memset(fits, 0, FIT_NONE * sizeof *fits);
    if (fresh == NULL || room == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    } else {
        memcpy(fresh, network->values, total * sizeof *fresh);
        status = copy_all(network, path, file, fits, fresh, room, err);
        if (status == MEDTL_OK)
            memcpy(network->values, fresh, total * sizeof *fresh);
    }
    free(fresh);
    free(room);
    return status;
}

medtl_status medtl_network_load(medtl_network *network, const char *path, char *report,
                                size_t report_size, medtl_error *err)
{
    medtl_safetensors *file = NULL;
    size_t fits[FIT_NONE];
    medtl_status status;

    if ((status = medtl_safetensors_read(path, &file, err)) != MEDTL_OK)
        return status;
    status = load(network, path, file, fits, err);
    if (status == MEDTL_OK && fits[FIT_COPY] == 0)
        status = medtl_fail(err, MEDTL_E_FORMAT, "%s: no tensor fits this network", path);
    if (status == MEDTL_OK && report != NULL)
        snprintf(report, report_size,
                 "%zu tensors matched, %zu summed over input channels, %zu of the head kept their "
                 "initial values, %zu in the file not used",
                 fits[FIT_COPY], fits[FIT_SUM_CHANNELS], fits[FIT_KEEP],
                 medtl_safetensors_count(file) - fits[FIT_COPY] - fits[FIT_SUM_CHANNELS]);
    medtl_safetensors_destroy(file);
    return status;
}

medtl_status medtl_network_fill(medtl_network *network, const char *path,
                                const medtl_safetensors *file, medtl_error *err)
{
    const size_t count = network->graph.declaration_count;
    float *room = medtl_floats_allocate(largest_tensor(file));
    medtl_status status = MEDTL_OK;

    if (room == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    if (medtl_safetensors_count(file) != count)
        status = medtl_fail(err, MEDTL_E_FORMAT, "%s: holds %zu tensors, %s has %zu", path,
                            medtl_safetensors_count(file), network->spec.architecture, count);
    for (size_t i = 0; i < count && status == MEDTL_OK; i++) {
        const medtl_parameter *p = &network->parameters[i];
        const medtl_stored *s = medtl_safetensors_find(file, p->name);

        if (s == NULL || !same_shape(p, s, 0))
            status = misfit(path, p, s, err);
        else
            status = fetch(path, p, s, FIT_COPY, room, p->value, err);
    }
    free(room);
    return status;
}

medtl_status medtl_network_save(medtl_network *network, const medtl_model_description *description,
                                bool half, const char *path, medtl_error *err)
{
    const size_t count = network->graph.declaration_count;
    medtl_to_store *tensors = calloc(count, sizeof *tensors);
    char *metadata = NULL;
    medtl_status status;

    if (tensors == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    for (size_t i = 0; i < count; i++) {
        const medtl_parameter *p = &network->parameters[i];

        /* Vectors stay F32: they are few, and a variance may lie below what F16 can hold. */
        tensors[i] = (medtl_to_store){p->name,  p->shape, p->dimensions,
                                      p->value, p->size,  half && p->dimensions > 1};
    }
    status = medtl_metadata_format(&network->spec, description, &metadata, err);
    if (status == MEDTL_OK)
        status = medtl_safetensors_write(path, MEDTL_METADATA_KEY, metadata, tensors, count, err);
    free(metadata);
    free(tensors);
    return status;
}
