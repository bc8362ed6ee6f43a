#include "inspect.h"

#include <jansson.h>
#include <stdlib.h>

static void set_value(json_t *object, const char *key, const look *l, const char *keyword)
{
    const char *value = medtl_instance_value(l->instance, keyword);

    if (value != NULL && value[0] != '\0')
        json_object_set_new(object, key, json_string(value));
}

static void set_fact(json_t *object, const char *key, const char *value)
{
    if (value[0] != '\0')
        json_object_set_new(object, key, json_string(value));
}

static json_t *object_facts(const look *l)
{
    const medtl_facts *f = medtl_instance_facts(l->instance);
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b}", "sop_class_uid", f->sop_class_uid,
                  "sop_instance_uid", f->sop_instance_uid, "study_instance_uid",
                  f->study_instance_uid, "series_instance_uid", f->series_instance_uid,
                  "transfer_syntax_uid", f->transfer_syntax_uid, "modality", f->modality,
                  "has_pixel_data", (int)f->has_pixel_data, "written_by_medtl", (int)l->ours);

    if (object == NULL)
        return NULL;
    set_value(object, "sop_class", l, "sop-class");
    set_value(object, "view", l, "view");
    set_value(object, "laterality", l, "laterality");
    set_value(object, "intent", l, "intent");
    set_value(object, "kind", l, "kind");
    set_value(object, "view_modifiers", l, "view-modifier");
    set_fact(object, "polarization", f->polarization);
    set_fact(object, "contact", f->contact);
    set_fact(object, "immersion", f->immersion);
    set_fact(object, "site", f->site.meaning);
    set_fact(object, "tracking_uid", f->tracking_uid);
    if (f->optical_magnification > 0.0)
        json_object_set_new(object, "optical_magnification", json_real(f->optical_magnification));
    if (f->magnification > 0.0)
        json_object_set_new(object, "magnification", json_real(f->magnification));
    json_object_set_new(object, "icc_profile", json_boolean(f->has_icc_profile));
    if (f->has_pixel_data)
        json_object_set_new(object, "pixels",
                            json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:s}", "rows", (int)f->rows,
                                      "columns", (int)f->columns, "frames", (int)f->frames,
                                      "samples", (int)f->samples_per_pixel, "bits_allocated",
                                      (int)f->bits_allocated, "bits_stored", (int)f->bits_stored,
                                      "photometric_interpretation", f->photometric_interpretation));
    if (f->has_pixel_spacing)
        json_object_set_new(object, "pixel_spacing_mm",
                            json_pack("[ff]", f->pixel_spacing_mm[0], f->pixel_spacing_mm[1]));
    return object;
}

static json_t *verdicts(const look *l)
{
    json_t *list = json_array();

    for (size_t i = 0; i < l->verdict_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:b, s:s}", "task", l->verdicts[i].task->name,
                                              "accepts", (int)l->verdicts[i].accepts, "reason",
                                              l->verdicts[i].reason));
    return list;
}

static json_t *steps(const look *l)
{
    json_t *list = json_array();

    for (size_t i = 0; i < l->step_count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s}", "step", l->steps[i].name, "what", l->steps[i].what));
    return list;
}

static void add_result(json_t *root, const look *l)
{
    json_t *probabilities = json_object();

    for (size_t i = 0; i < l->task->class_count; i++)
        json_object_set_new(probabilities, l->task->classes[i].label,
                            json_real((double)l->probabilities[i]));
    json_object_set_new(root, "probabilities", probabilities);
    json_object_set_new(
        root, "finding",
        json_string(l->task->classes[medtl_report_decision(l->task, l->probabilities)].label));
    json_object_set_new(root, "model_sha256", json_string(medtl_model_get_info(l->model)->sha256));
}

medtl_status inspect_json(const look *l, char **text, medtl_error *err)
{
    json_t *root = json_pack("{s:s, s:o, s:o}", "format", "medtl-inspect/1", "object",
                             object_facts(l), "tasks", verdicts(l));

    *text = NULL;
    if (root != NULL && l->task != NULL) {
        json_object_set_new(root, "task", json_string(l->task->name));
        json_object_set_new(root, "pixel_path", steps(l));
        if (l->image_error.status != MEDTL_OK)
            json_object_set_new(root, "image_error", json_string(l->image_error.message));
        if (l->model_error.status != MEDTL_OK)
            json_object_set_new(root, "model_error", json_string(l->model_error.message));
        if (l->probabilities != NULL)
            add_result(root, l);
    }
    if (root != NULL)
        *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(root);
    return *text != NULL ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for JSON");
}
