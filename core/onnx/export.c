/* A model file in, an ONNX file out: what surrounds the graph. The operators are export_nodes.c's. */
#include "export.h"

#include "core/base/file.h"
#include "core/nn/model_parts.h"
#include "export_nodes.h"
#include "export_views.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NOTICE "This model supports a clinician. It does not diagnose."

enum { MOST_PROPERTIES = 16 };

/* The whole file in memory. */
typedef struct document {
    medtl_onnx_writer writer; /* of the graph; owns the memory of all the rest */
    Onnx__ModelProto model;
    Onnx__OperatorSetIdProto operators, *operator_list[1];
    Onnx__StringStringEntryProto *properties[MOST_PROPERTIES];
} document;

static void add_property(document *d, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *entry = medtl_onnx_take(&d->writer, sizeof *entry);

    if (entry == NULL || value[0] == '\0')
        return;
    onnx__string_string_entry_proto__init(entry);
    entry->key = medtl_onnx_text(&d->writer, "%s", key);
    entry->value = medtl_onnx_text(&d->writer, "%s", value);
    d->properties[d->model.n_metadata_props++] = entry;
}

/* Labels may hold any character, so they go as a JSON array. */
static void add_classes(document *d, const medtl_model_info *info)
{
    json_t *list = json_array();
    char *text = NULL;

    for (uint32_t k = 0; k < info->class_count; k++)
        json_array_append_new(list, json_string(info->class_names[k]));
    if (list != NULL && json_array_size(list) == info->class_count)
        text = json_dumps(list, JSON_COMPACT);
    if (text != NULL)
        add_property(d, "classes", text);
    else if (d->writer.status == MEDTL_OK)
        d->writer.status =
            medtl_fail(&d->writer.error, MEDTL_E_MEMORY, "out of memory for the names of classes");
    free(text);
    json_decref(list);
}

static void add_properties(document *d, const medtl_model_info *info,
                           const medtl_onnx_export_options *options)
{
    d->model.metadata_props = d->properties;
    add_property(d, "notice", NOTICE);
    add_property(d, "name", info->name);
    add_property(d, "version", info->version);
    add_property(d, "architecture", info->architecture);
    add_property(d, "architecture_arguments", info->architecture_arguments);
    add_classes(d, info);
    add_property(d, "normaliser", info->normaliser);
    add_property(d, "temperature", medtl_onnx_text(&d->writer, "%.9g", (double)info->temperature));
    add_property(d, "views", info->views);
    add_property(d, "output", options->probabilities ? "softmax(logits / temperature)" : "logits");
    add_property(d, "provenance", info->provenance);
    add_property(d, "sha256", info->sha256); /* of the model file that this was made from */
}

static void describe(document *d, const medtl_model_info *info,
                     const medtl_onnx_export_options *options)
{
    onnx__model_proto__init(&d->model);
    onnx__operator_set_id_proto__init(&d->operators);
    d->operators.domain = medtl_onnx_text(&d->writer, "%s", ""); /* ONNX's own */
    d->operators.has_version = true;
    d->operators.version = MEDTL_ONNX_OPSET;
    d->operator_list[0] = &d->operators;
    d->model.opset_import = d->operator_list;
    d->model.n_opset_import = 1;
    d->model.has_ir_version = true;
    d->model.ir_version = MEDTL_ONNX_IR_VERSION;
    d->model.producer_name = medtl_onnx_text(&d->writer, "medtl");
    d->model.producer_version = medtl_onnx_text(&d->writer, "%s", MEDTL_VERSION);
    d->model.doc_string = medtl_onnx_text(&d->writer, "%s", NOTICE);
    d->model.graph = &d->writer.graph;
    d->writer.graph.name =
        medtl_onnx_text(&d->writer, "%s", info->name[0] != '\0' ? info->name : info->architecture);
    add_properties(d, info, options);
}

/* softmax(logits / temperature), as medtl_predictor_run(). */
static const char *add_softmax(medtl_onnx_writer *w, const char *logits, const float *temperature)
{
    const char *inputs[2] = {logits, medtl_onnx_floats(w, "temperature", NULL, 0, temperature)};
    const char *scaled = medtl_onnx_operator(w, "Div", "calibrated", inputs, 2);
    const char *result = medtl_onnx_operator(w, "Softmax", MEDTL_ONNX_PROBABILITIES, &scaled, 1);

    medtl_onnx_set_whole(w, "axis", 1);
    return result;
}

/* The name of the result is a promise of ours, whatever node it comes from: an Identity gives it. */
static void write_graph(document *d, const medtl_network *network, const medtl_model *model,
                        const medtl_onnx_export_options *options)
{
    const medtl_model_info *info = &model->info;
    medtl_onnx_writer *w = &d->writer;
    const int64_t image[] = {info->channels, info->height, info->width};
    const int64_t classes[] = {info->class_count};
    const char *result;

    medtl_onnx_input(w, MEDTL_ONNX_INPUT, image, 3);
    result = medtl_onnx_add_views(w, model->metadata.views, MEDTL_ONNX_INPUT);
    result = medtl_onnx_export_nodes(w, network, result);
    result = medtl_onnx_add_mean(w, model->metadata.views, result, info->class_count);
    if (options->probabilities)
        result = add_softmax(w, result, &info->temperature);
    else
        result = medtl_onnx_operator(w, "Identity", MEDTL_ONNX_LOGITS, &result, 1);
    medtl_onnx_output(w, result, classes, 1);
}

static medtl_status write_file(const document *d, const char *path, medtl_error *err)
{
    const size_t size = onnx__model_proto__get_packed_size(&d->model);
    medtl_status status;
    unsigned char *bytes;

    if (size > INT_MAX)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s: %zu bytes; an ONNX file without a second one holds at most 2 GiB",
                          path, size);
    bytes = malloc(size);
    if (bytes == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for %zu bytes", path, size);
    (void)onnx__model_proto__pack(&d->model, bytes);
    status = medtl_file_replace(path, bytes, size, err);
    free(bytes);
    return status;
}

medtl_status medtl_onnx_export(const char *model_path, const medtl_onnx_export_options *options,
                               const char *path, medtl_error *err)
{
    medtl_model *model = NULL;
    medtl_network *network = NULL;
    document d;
    medtl_status status = medtl_model_load_network(model_path, &model, &network, err);

    if (status != MEDTL_OK)
        return status;
    if (network == NULL) {
        medtl_model_destroy(model);
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s: its network came from an ONNX file; it is not written back",
                          model_path);
    }
    if (model->metadata.ranges.count > 0) {
        medtl_model_destroy(model);
        medtl_network_destroy(network);
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s: calibrated for 8-bit whole numbers, which would be lost; take the "
                          "model that it was made of",
                          model_path);
    }
    memset(&d, 0, sizeof d);
    medtl_onnx_writer_init(&d.writer);
    describe(&d, &model->info, options);
    write_graph(&d, network, model, options);
    status = d.writer.status;
    if (status == MEDTL_OK)
        status = write_file(&d, path, err);
    else if (err != NULL)
        status = medtl_fail(err, status, "%s: %s", model_path, d.writer.error.message);
    medtl_onnx_writer_clear(&d.writer);
    medtl_network_destroy(network);
    medtl_model_destroy(model);
    return status;
}
