#include "metadata.h"

#include "json_guard.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORMAT_VERSION = 1,
    MOST_TEXT = 1 << 20, /* of the whole JSON text */
    MOST_DEPTH = 64,
    MOST_VALUES = 1 << 18,
    MOST_LABEL = 255, /* bytes of a name, a version, a class */
    DUMP_FLAGS = JSON_COMPACT | JSON_REAL_PRECISION(15)
};

static medtl_status refuse(medtl_error *err, const char *path, const char *key, const char *why)
{
    return medtl_fail(err, MEDTL_E_FORMAT, "%s: metadata: \"%s\" %s", path, key, why);
}

/* The string under `key` ("" where absent), copied. */
static medtl_status get_text(const json_t *root, const char *key, size_t most, const char *path,
                             char **out, medtl_error *err)
{
    const json_t *value = json_object_get(root, key);

    if (value != NULL && !json_is_string(value))
        return refuse(err, path, key, "is not a string");
    if (json_string_length(value) > most)
        return refuse(err, path, key, "is too long");
    *out = strdup(value != NULL ? json_string_value(value) : "");
    if (*out == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    return MEDTL_OK;
}

static medtl_status get_number(const json_t *object, const char *key, const char *path,
                               uint32_t *out, medtl_error *err)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_integer(value) || json_integer_value(value) < 1 ||
        json_integer_value(value) > 1000000)
        return refuse(err, path, key, "is not a whole number from 1 to 1000000");
    *out = (uint32_t)json_integer_value(value);
    return MEDTL_OK;
}

/* {"kind": "neighbours", "vectors": ..., "neighbours": ...} or {"kind": "kernel", "vectors": ...}; absent: linear. */
static medtl_status get_classifier(const json_t *architecture, const char *path,
                                   medtl_classifier *out, medtl_error *err)
{
    const json_t *head = json_object_get(architecture, "head");
    const char *kind = json_string_value(json_object_get(head, "kind"));
    medtl_status status;

    if (head == NULL)
        return MEDTL_OK;
    if (kind != NULL && strcmp(kind, "neighbours") == 0)
        out->kind = MEDTL_CLASSIFIER_NEIGHBOURS;
    else if (kind != NULL && strcmp(kind, "kernel") == 0)
        out->kind = MEDTL_CLASSIFIER_KERNEL;
    else
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s: metadata: \"head\" is of no kind that we know (neighbours, kernel)",
                          path);
    if ((status = get_number(head, "vectors", path, &out->vectors, err)) != MEDTL_OK ||
        out->kind == MEDTL_CLASSIFIER_KERNEL)
        return status;
    return get_number(head, "neighbours", path, &out->neighbours, err);
}

/* {"name": ..., "width": ..., "dropout": ...}: the arguments are optional. */
static medtl_status get_architecture(const json_t *root, const char *path, medtl_metadata *out,
                                     medtl_error *err)
{
    json_t *architecture = json_object_get(root, "architecture"), *arguments;
    const json_t *name = json_object_get(architecture, "name");
    const json_t *dropout = json_object_get(architecture, "dropout");
    medtl_status status;

    if (!json_is_string(name) || json_string_length(name) >= sizeof out->spec.architecture)
        return refuse(err, path, "architecture", "has no name that we could know");
    snprintf(out->spec.architecture, sizeof out->spec.architecture, "%s", json_string_value(name));
    if (json_object_get(architecture, "width") != NULL &&
        (status = get_number(architecture, "width", path, &out->spec.width, err)) != MEDTL_OK)
        return status;
    out->spec.dropout = -1.0f;
    if (dropout != NULL) {
        const double p = json_number_value(dropout);

        if (!json_is_number(dropout) || !(p >= 0.0 && p < 1.0))
            return refuse(err, path, "dropout", "is not in [0, 1)");
        out->spec.dropout = (float)p;
    }
    if (json_object_get(architecture, "members") != NULL &&
        (status = get_number(architecture, "members", path, &out->spec.members, err)) != MEDTL_OK)
        return status;
    if ((status = get_classifier(architecture, path, &out->spec.classifier, err)) != MEDTL_OK)
        return status;
    arguments = json_copy(architecture);
    (void)json_object_del(arguments, "name");
    out->architecture_arguments = json_dumps(arguments, DUMP_FLAGS);
    json_decref(arguments);
    if (out->architecture_arguments == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    return MEDTL_OK;
}

static medtl_status get_classes(const json_t *root, const char *path, medtl_metadata *out,
                                medtl_error *err)
{
    const json_t *classes = json_object_get(root, "classes");
    const size_t count = json_array_size(classes);

    if (count < 1 || count > 100000)
        return refuse(err, path, "classes", "is not a list of 1 to 100000 labels");
    out->class_names = calloc(count, sizeof *out->class_names);
    if (out->class_names == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    out->spec.classes = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        const json_t *label = json_array_get(classes, i);

        if (!json_is_string(label) || json_string_length(label) > MOST_LABEL)
            return refuse(err, path, "classes", "holds something else than short strings");
        out->class_names[i] = strdup(json_string_value(label));
        if (out->class_names[i] == NULL)
            return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    }
    return MEDTL_OK;
}

static medtl_status get_input(const json_t *root, const char *path, medtl_metadata *out,
                              medtl_error *err)
{
    const json_t *input = json_object_get(root, "input");
    medtl_status status;

    if ((status = get_number(input, "channels", path, &out->spec.channels, err)) != MEDTL_OK ||
        (status = get_number(input, "height", path, &out->spec.height, err)) != MEDTL_OK ||
        (status = get_number(input, "width", path, &out->spec.width_px, err)) != MEDTL_OK)
        return status;
    return MEDTL_OK;
}

static medtl_status get_temperature(const json_t *root, const char *path, float *out,
                                    medtl_error *err)
{
    const json_t *value = json_object_get(root, "temperature");

    *out = 1.0f;
    if (value == NULL)
        return MEDTL_OK;
    *out = (float)json_number_value(value);
    if (!json_is_number(value) || !(*out >= 1e-3f && *out <= 1e3f))
        return refuse(err, path, "temperature", "is not a number from 0.001 to 1000");
    return MEDTL_OK;
}

static medtl_status get_views(const json_t *root, const char *path, medtl_metadata *out,
                              medtl_error *err)
{
    const json_t *value = json_object_get(root, "views");

    out->views = MEDTL_VIEWS_ONE;
    if (value == NULL)
        return MEDTL_OK;
    if (!json_is_string(value) || !medtl_views_parse(json_string_value(value), &out->views))
        return refuse(err, path, "views", "is none of one, flip-x, flip-y, flips, symmetries");
    if (!medtl_views_fit(out->views, out->spec.height, out->spec.width_px))
        return refuse(err, path, "views", "are symmetries of an input that is not square");
    return MEDTL_OK;
}

static medtl_status get_provenance(const json_t *root, const char *path, char **out,
                                   medtl_error *err)
{
    const json_t *value = json_object_get(root, "provenance");

    if (value != NULL && !json_is_object(value))
        return refuse(err, path, "provenance", "is not an object");
    *out = value != NULL ? json_dumps(value, DUMP_FLAGS) : strdup("");
    if (*out == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    return MEDTL_OK;
}

static medtl_status get_all(const json_t *root, const char *path, medtl_metadata *out,
                            medtl_error *err)
{
    const json_t *format = json_object_get(root, "format");
    medtl_status status;

    if (!json_is_object(root))
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: its metadata is not a JSON object", path);
    if (!json_is_integer(format) || json_integer_value(format) < 1)
        return refuse(err, path, "format", "is not a version number");
    if (json_integer_value(format) > FORMAT_VERSION)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s: model format %lld is newer than this software (%d)", path,
                          (long long)json_integer_value(format), FORMAT_VERSION);
    if ((status = get_text(root, "name", MOST_LABEL, path, &out->name, err)) != MEDTL_OK ||
        (status = get_text(root, "version", MOST_LABEL, path, &out->version, err)) != MEDTL_OK ||
        (status = get_text(root, "normaliser", MOST_TEXT, path, &out->normaliser, err)) !=
            MEDTL_OK ||
        (status = get_architecture(root, path, out, err)) != MEDTL_OK ||
        (status = get_classes(root, path, out, err)) != MEDTL_OK ||
        (status = get_input(root, path, out, err)) != MEDTL_OK ||
        (status = get_temperature(root, path, &out->temperature, err)) != MEDTL_OK ||
        (status = get_views(root, path, out, err)) != MEDTL_OK ||
        (status = medtl_ranges_parse(json_object_get(root, "int8"), path, &out->ranges, err)) !=
            MEDTL_OK)
        return status;
    return get_provenance(root, path, &out->provenance, err);
}

medtl_status medtl_metadata_parse(const char *path, const char *text, medtl_metadata *out,
                                  medtl_error *err)
{
    const char *why;
    json_t *root;
    medtl_status status;

    memset(out, 0, sizeof *out);
    if (strlen(text) > MOST_TEXT)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: metadata of more than %d bytes", path,
                          MOST_TEXT);
    if ((why = medtl_json_guard(text, strlen(text), MOST_DEPTH, MOST_VALUES)) != NULL)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: its metadata %s", path, why);
    root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    status = get_all(root, path, out, err);
    json_decref(root);
    if (status != MEDTL_OK)
        medtl_metadata_clear(out);
    return status;
}

void medtl_metadata_clear(medtl_metadata *metadata)
{
    if (metadata->class_names != NULL)
        for (uint32_t i = 0; i < metadata->spec.classes; i++)
            free(metadata->class_names[i]);
    free(metadata->class_names);
    free(metadata->name);
    free(metadata->version);
    free(metadata->normaliser);
    free(metadata->provenance);
    free(metadata->architecture_arguments);
    medtl_ranges_clear(&metadata->ranges);
    memset(metadata, 0, sizeof *metadata);
}

static const char *or_empty(const char *text) { return text != NULL ? text : ""; }

static json_t *classifier_json(const medtl_classifier *c)
{
    if (c->kind == MEDTL_CLASSIFIER_LINEAR)
        return NULL;
    return c->kind == MEDTL_CLASSIFIER_KERNEL
               ? json_pack("{s:s, s:i}", "kind", "kernel", "vectors", (int)c->vectors)
               : json_pack("{s:s, s:i, s:i}", "kind", "neighbours", "vectors", (int)c->vectors,
                           "neighbours", (int)c->neighbours);
}

static json_t *pack(const medtl_network_spec *spec, const medtl_model_description *d,
                    json_t *provenance)
{
    json_t *classes = json_array();

    for (uint32_t i = 0; i < spec->classes; i++)
        (void)json_array_append_new(classes, json_string(or_empty(d->class_names[i])));
    return json_pack(
        "{s:i, s:s, s:s, s:{s:s, s:i, s:f, s:o*, s:o*}, s:o, s:{s:i, s:i, s:i}, s:s, s:f, s:s, s:O*, s:o*}",
        "format", (int)FORMAT_VERSION, "name", or_empty(d->name), "version", or_empty(d->version),
        "architecture", "name", spec->architecture, "width", (int)spec->width, "dropout",
        (double)spec->dropout, "members",
        spec->members > 1 ? json_integer((json_int_t)spec->members) : NULL, "head",
        classifier_json(&spec->classifier), "classes", classes, "input", "channels",
        (int)spec->channels, "height", (int)spec->height, "width", (int)spec->width_px,
        "normaliser", or_empty(d->normaliser), "temperature", (double)d->temperature, "views",
        medtl_views_name(d->views), "provenance", provenance, "int8",
        d->ranges != NULL && d->ranges->count > 0 ? medtl_ranges_json(d->ranges) : NULL);
}

medtl_status medtl_metadata_format(const medtl_network_spec *spec,
                                   const medtl_model_description *description, char **text,
                                   medtl_error *err)
{
    medtl_metadata check;
    json_t *provenance = NULL, *root = NULL;
    medtl_status status;

    *text = NULL;
    if (description->provenance != NULL && description->provenance[0] != '\0') {
        provenance = json_loads(description->provenance, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(provenance)) {
            status = medtl_fail(err, MEDTL_E_ARGUMENT, "the provenance is not a JSON object");
            goto done;
        }
    }
    root = pack(spec, description, provenance);
    *text = root != NULL ? json_dumps(root, DUMP_FLAGS) : NULL;
    if (*text == NULL) {
        status = medtl_fail(err, MEDTL_E_ARGUMENT,
                            "the model's description is not UTF-8, or memory ran out");
        goto done;
    }
    status = medtl_metadata_parse("model to be written", *text, &check, err);
    if (status == MEDTL_OK) {
        medtl_metadata_clear(&check);
    } else {
        free(*text);
        *text = NULL;
    }
done:
    json_decref(root);
    json_decref(provenance);
    return status;
}
