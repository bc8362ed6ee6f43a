/* A model file as JSON. */
#include "inspect.h"
#include "match_output.h"

#include <stdlib.h>

static json_t *strings_json(const char *const *texts, size_t count)
{
    json_t *list = json_array();

    for (size_t k = 0; k < count; k++)
        (void)json_array_append_new(list, json_string(texts[k]));
    return list;
}

static json_t *model_json(const medtl_model_info *m)
{
    json_t *arguments = json_loads(m->architecture_arguments, 0, NULL);
    json_t *provenance = json_loads(m->provenance, 0, NULL);

    return json_pack("{s:s, s:s, s:s, s:o?, s:I, s:{s:I, s:I, s:I}, s:o, s:s, s:f, s:s, s:s, s:o?}",
                     "name", m->name, "version", m->version, "architecture", m->architecture,
                     "architecture_arguments", arguments, "trainable_parameters",
                     (json_int_t)m->parameter_count, "input", "channels", (json_int_t)m->channels,
                     "height", (json_int_t)m->height, "width", (json_int_t)m->width, "classes",
                     strings_json(m->class_names, m->class_count), "normaliser", m->normaliser,
                     "temperature", (double)m->temperature, "views", m->views, "arithmetic",
                     m->arithmetic, "provenance", provenance);
}

static json_t *tensor_json(const medtl_stored *s)
{
    json_t *shape = json_array();

    for (size_t k = 0; k < s->dimensions; k++)
        (void)json_array_append_new(shape, json_integer((json_int_t)s->shape[k]));
    return json_pack(
        "{s:s, s:s, s:o, s:o}", "name", s->name, "type", s->type, "shape", shape, "finite",
        medtl_stored_is_float(s) ? json_boolean(medtl_stored_floats(s, NULL)) : json_null());
}

static json_t *network_json(const inspection *i)
{
    const medtl_network_spec *spec = medtl_network_get_spec(i->network);

    return json_pack("{s:s, s:I, s:I, s:I, s:o}", "architecture", spec->architecture, "width",
                     (json_int_t)spec->width, "channels", (json_int_t)spec->channels, "classes",
                     (json_int_t)spec->classes, "tensors", matches_json(&i->matches));
}

medtl_status inspection_print_json(const inspection *i, medtl_error *err)
{
    json_t *tensors = json_array();
    json_t *root = json_pack("{s:s, s:s, s:I}", "file", i->path, "sha256", i->sha256, "values",
                             (json_int_t)inspection_values(i));
    int failed = root == NULL;
    char *text = NULL;

    for (size_t k = 0; k < medtl_safetensors_count(i->file); k++)
        failed |= json_array_append_new(tensors, tensor_json(medtl_safetensors_at(i->file, k)));
    failed |= json_object_set_new(
        root, "model", i->model != NULL ? model_json(medtl_model_get_info(i->model)) : json_null());
    if (i->claims && i->model == NULL)
        failed |= json_object_set_new(root, "refused", json_string(i->why.message));
    if (i->network != NULL)
        failed |= json_object_set_new(root, "against", network_json(i));
    failed |= json_object_set_new(root, "tensors", tensors);
    if (!failed)
        text = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10));
    json_decref(root);
    if (text == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for JSON", i->path);
    puts(text);
    free(text);
    return MEDTL_OK;
}
