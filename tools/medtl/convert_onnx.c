/* Any network as an ONNX file: the model file keeps its graph, and the plugin runs that. */
#include "convert.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/nn/tensor/nd_model.h"
#include "core/onnx/onnx_read.h"

#include <stdio.h>
#include <stdlib.h>

/* protobuf itself allows no message beyond 2 GiB. */
static const size_t most_bytes = (size_t)2 << 30;

typedef struct source {
    unsigned char *bytes;
    size_t size;
} source;

static medtl_status read_graph(const convert_options *o, const target *t, const source *file,
                               medtl_nd_graph **out, medtl_error *err)
{
    const medtl_normaliser *n = &t->normaliser;
    const medtl_onnx_options options = {.open_sizes = {1, n->channels, n->height, n->width}};
    medtl_status status = medtl_onnx_parse(o->input, file->bytes, file->size, &options, out, err);

    if (status == MEDTL_OK && (status = medtl_nd_model_adapt(*out, o->head, err)) != MEDTL_OK) {
        medtl_nd_graph_destroy(*out);
        *out = NULL;
    }
    return status;
}

/* Plan it once, so that nothing is written that the plugin would refuse. @param[in,out] spec  classes: of the output, if 0. */
static medtl_status try_graph(medtl_nd_graph *graph, medtl_network_spec *spec, medtl_error *err)
{
    medtl_nd_plan plan;
    medtl_status status = medtl_nd_plan_create_take(graph, &plan, err);

    if (status != MEDTL_OK) {
        medtl_nd_graph_destroy(graph);
        return status;
    }
    if (spec->classes == 0) {
        const size_t count = medtl_nd_count(&plan.graph->values[plan.graph->outputs[0]].type);

        spec->classes = count <= 100000 ? (uint32_t)count : 0;
    }
    status = medtl_nd_model_check(plan.graph, spec, err);
    medtl_nd_plan_clear(&plan);
    return status;
}

/* Names of the outputs where nobody gave any: their numbers. One block. */
static const char **number_classes(size_t count)
{
    enum { ROOM = 8 };
    const char **names = malloc(count * (sizeof *names + ROOM));
    char *text = names != NULL ? (char *)(names + count) : NULL;

    for (size_t i = 0; names != NULL && i < count; i++) {
        snprintf(text + i * ROOM, ROOM, "%zu", i % 1000000);
        names[i] = text + i * ROOM;
    }
    return names;
}

static medtl_status write(const convert_options *o, const target *t, const source *file,
                          const medtl_network_spec *spec, medtl_error *err)
{
    char normaliser[MEDTL_NORMALISER_TEXT_SIZE], sha256[MEDTL_SHA256_TEXT_SIZE];
    const char **numbers = t->classes == NULL ? number_classes(spec->classes) : NULL;
    medtl_model_description description = {.name = o->name,
                                           .version = o->version,
                                           .class_names = t->classes != NULL ? t->classes : numbers,
                                           .normaliser = normaliser,
                                           .temperature = (float)o->temperature};
    medtl_nd_graph *graph = NULL;
    char *provenance;
    medtl_status status;

    medtl_sha256_text(file->bytes, file->size, sha256);
    medtl_normaliser_text(&t->normaliser, normaliser);
    description.provenance = provenance = convert_provenance(o, sha256);
    if (provenance == NULL || description.class_names == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the model's description");
    else if ((status = read_graph(o, t, file, &graph, err)) == MEDTL_OK)
        status = medtl_nd_model_write(graph, spec, &description, o->f16, o->output, err);
    medtl_nd_graph_destroy(graph);
    free(provenance);
    free(numbers);
    return status;
}

medtl_status convert_onnx(const convert_options *options, const target *t, medtl_error *err)
{
    const medtl_normaliser *n = &t->normaliser;
    medtl_network_spec spec = {.channels = n->channels,
                               .height = n->height,
                               .width_px = n->width,
                               .classes = (uint32_t)t->class_count};
    medtl_nd_graph *graph = NULL;
    source file = {0};
    medtl_status status;

    if (options->architecture != NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--architecture: an ONNX file says it itself");
    if ((status = medtl_file_read(options->input, most_bytes, &file.bytes, &file.size, err)) !=
        MEDTL_OK)
        return status;
    if ((status = read_graph(options, t, &file, &graph, err)) == MEDTL_OK &&
        (status = try_graph(graph, &spec, err)) == MEDTL_OK)
        status = write(options, t, &file, &spec, err);
    free(file.bytes);
    return status;
}
