/* Loading a model file: check all of it, build its network, keep the plan. */
#include "model_parts.h"

#include "network_file.h"
#include "safetensors.h"
#include "tensor/nd_model.h"

#include <stdlib.h>
#include <string.h>

static uint64_t count_parameters(const medtl_network *network)
{
    uint64_t count = 0;

    for (size_t i = 0; i < network->graph.declaration_count; i++)
        if (network->parameters[i].role != MEDTL_PARAMETER_STATISTIC)
            count += network->parameters[i].size;
    return count;
}

static void fill_info(medtl_model *model, uint64_t parameter_count)
{
    const medtl_metadata *m = &model->metadata;

    model->info = (medtl_model_info){.name = m->name,
                                     .version = m->version,
                                     .architecture = m->spec.architecture,
                                     .architecture_arguments = m->architecture_arguments,
                                     .channels = m->spec.channels,
                                     .height = m->spec.height,
                                     .width = m->spec.width_px,
                                     .class_count = m->spec.classes,
                                     .class_names = (const char *const *)m->class_names,
                                     .normaliser = m->normaliser,
                                     .temperature = m->temperature,
                                     .views = medtl_views_name(m->views),
                                     .arithmetic = m->ranges.count > 0 ? "int8" : "float32",
                                     .provenance = m->provenance,
                                     .sha256 = model->sha256,
                                     .parameter_count = parameter_count};
}

/* A network of one of our architectures. */
static medtl_status read_network(const char *path, const medtl_safetensors *file,
                                 const medtl_metadata *metadata, medtl_network **network,
                                 medtl_error *err)
{
    const medtl_status status = medtl_network_create_empty(
        &metadata->spec, medtl_safetensors_data_size(file) / 2, network, err);

    return status == MEDTL_OK ? medtl_network_fill(*network, path, file, err) : status;
}

/* A network of an architecture comes back in `network`, to be planned; a graph is planned here. */
static medtl_status read_file(const char *path, medtl_model *model, medtl_network **network,
                              medtl_error *err)
{
    medtl_safetensors *file = NULL;
    const char *text;
    uint64_t parameters = 0;
    medtl_status status;

    if ((status = medtl_safetensors_read(path, &file, err)) != MEDTL_OK)
        return status;
    medtl_safetensors_digest(file, model->sha256);
    text = medtl_safetensors_metadata(file, MEDTL_METADATA_KEY);
    if (text == NULL)
        status = medtl_fail(err, MEDTL_E_FORMAT,
                            "%s: a safetensors file, but without the metadata of a model", path);
    else if ((status = medtl_metadata_parse(path, text, &model->metadata, err)) != MEDTL_OK)
        ; /* said already */
    else if (strcmp(model->metadata.spec.architecture, MEDTL_ND_ARCHITECTURE) != 0)
        status = read_network(path, file, &model->metadata, network, err);
    else if (model->metadata.ranges.count > 0)
        status = medtl_fail(err, MEDTL_E_UNSUPPORTED,
                            "%s: metadata: \"int8\" of a graph; only networks of our own "
                            "architectures have it",
                            path);
    else if ((status = medtl_nd_model_read(path, file, text, &model->metadata, &model->tensors,
                                           &parameters, err)) == MEDTL_OK)
        fill_info(model, parameters);
    medtl_safetensors_destroy(file);
    return status;
}

medtl_status medtl_model_load_network(const char *path, medtl_model **out, medtl_network **network,
                                      medtl_error *err)
{
    medtl_model *model = calloc(1, sizeof *model);
    medtl_status status;

    *out = NULL;
    *network = NULL;
    if (model == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    status = read_file(path, model, network, err);
    if (status != MEDTL_OK) {
        medtl_network_destroy(*network);
        *network = NULL;
        medtl_model_destroy(model);
        return status;
    }
    if (*network != NULL)
        fill_info(model, count_parameters(*network));
    *out = model;
    return MEDTL_OK;
}

/* The file is released before the plan is made, so that at most two copies of the weights exist. */
medtl_status medtl_model_load(const char *path, medtl_model **out, medtl_error *err)
{
    medtl_network *network = NULL;
    medtl_status status = medtl_model_load_network(path, out, &network, err);

    if (status == MEDTL_OK && network != NULL &&
        (status = medtl_plan_create_int8(network, &(*out)->metadata.ranges, &(*out)->plan, err)) !=
            MEDTL_OK) {
        medtl_model_destroy(*out);
        *out = NULL;
    }
    medtl_network_destroy(network);
    return status;
}

void medtl_model_destroy(medtl_model *model)
{
    if (model == NULL)
        return;
    medtl_metadata_clear(&model->metadata);
    medtl_plan_clear(&model->plan);
    medtl_nd_plan_clear(&model->tensors);
    free(model);
}

medtl_status medtl_model_use_views(medtl_model *model, medtl_views views, medtl_error *err)
{
    if (!medtl_views_fit(views, model->info.height, model->info.width))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "an input of %u x %u is not square: it has no views \"%s\"",
                          model->info.height, model->info.width, medtl_views_name(views));
    model->metadata.views = views;
    model->info.views = medtl_views_name(views);
    return MEDTL_OK;
}

const medtl_model_info *medtl_model_get_info(const medtl_model *model) { return &model->info; }
