/* A report as JSON: its facts, and the content as nested items. docs/RESULT_JSON.md describes it. */
#include "show.h"

#include <jansson.h>
#include <string.h>

/* Members that say nothing are left out. @return false without memory. */
static bool set_text(json_t *object, const char *key, const char *value)
{
    return value[0] == '\0' || json_object_set_new(object, key, json_string(value)) == 0;
}

static bool set_code(json_t *object, const char *key, const medtl_code *code)
{
    json_t *one;

    if (code->value[0] == '\0' && code->meaning[0] == '\0')
        return true;
    one = json_object();
    if (one != NULL && set_text(one, "value", code->value) &&
        set_text(one, "scheme", code->scheme) && set_text(one, "meaning", code->meaning))
        return json_object_set_new(object, key, one) == 0;
    json_decref(one);
    return false;
}

static bool set_coordinates(json_t *object, const medtl_content_item *item)
{
    json_t *numbers;

    if (item->coordinate_count == 0)
        return true;
    numbers = json_array();
    for (size_t i = 0; i < item->coordinate_count; i++) /* no JSON for what is no number: null */
        if (json_array_append_new(numbers, json_real((double)item->coordinates[i])) != 0 &&
            json_array_append_new(numbers, json_null()) != 0) {
            json_decref(numbers);
            return false;
        }
    return json_object_set_new(object, "coordinates", numbers) == 0;
}

static bool set_target(json_t *object, const medtl_document *document,
                       const medtl_content_item *item)
{
    size_t count = 0;

    return item->target == MEDTL_NO_CONTENT_ITEM ||
           set_text(object, "refers_to",
                    medtl_document_items(document, &count)[item->target].position);
}

/* @return NULL without memory. */
static json_t *item_json(const medtl_document *document, const medtl_content_item *item)
{
    json_t *object = json_object();
    const bool is_number = strcmp(item->type, "NUM") == 0;

    if (object != NULL && set_text(object, "position", item->position) &&
        set_text(object, "relationship", item->relationship) &&
        set_text(object, "type", item->type) && set_code(object, "name", &item->name) &&
        set_text(object, "template", item->template_id) && set_text(object, "value", item->text) &&
        (!item->has_exact || json_object_set_new(object, "exact", json_real(item->exact)) == 0) &&
        set_code(object, is_number ? "unit" : "code", &item->code) &&
        set_text(object, "sop_class", item->sop_class) &&
        set_text(object, "sop_instance_uid", item->sop_instance_uid) &&
        set_text(object, "frames", item->frames) &&
        set_text(object, "graphic_type", item->graphic_type) && set_coordinates(object, item) &&
        set_target(object, document, item))
        return object;
    json_decref(object);
    return NULL;
}

/* The item at `*next` with all below it; moves `*next` behind them. The depth is that of the file's sequences,
 * which reading has bounded. @return NULL without memory. */
static json_t *tree_json(const medtl_document *document, const medtl_content_item *items,
                         size_t count, size_t *next)
{
    const unsigned depth = items[*next].depth;
    json_t *object = item_json(document, &items[*next]), *children = NULL;

    for ((*next)++; object != NULL && *next < count && items[*next].depth > depth;) {
        if (children == NULL && ((children = json_array()) == NULL ||
                                 json_object_set_new(object, "content", children) != 0)) {
            json_decref(object);
            return NULL;
        }
        if (json_array_append_new(children, tree_json(document, items, count, next)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

medtl_status show_json(FILE *stream, const medtl_document *document, medtl_error *err)
{
    const medtl_document_facts *facts = medtl_document_get_facts(document);
    size_t count = 0, next = 0;
    const medtl_content_item *items = medtl_document_items(document, &count);
    json_t *all = json_object();
    medtl_status status = MEDTL_OK;

    if (all == NULL || !set_text(all, "format", "medtl-document/1") ||
        !set_text(all, "sop_class_uid", facts->sop_class_uid) ||
        !set_text(all, "sop_class", facts->sop_class) ||
        !set_text(all, "sop_instance_uid", facts->sop_instance_uid) ||
        !set_text(all, "series_instance_uid", facts->series_instance_uid) ||
        !set_text(all, "study_instance_uid", facts->study_instance_uid) ||
        !set_text(all, "manufacturer", facts->manufacturer) ||
        !set_text(all, "model_name", facts->model_name) ||
        !set_text(all, "software_versions", facts->software_versions) ||
        !set_text(all, "completion", facts->completion) ||
        !set_text(all, "verification", facts->verification) ||
        !set_text(all, "preliminary", facts->preliminary) ||
        json_object_set_new(all, "content", tree_json(document, items, count, &next)) != 0)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory while showing a report");
    else if (json_dumpf(all, stream, JSON_INDENT(2)) == 0)
        fputc('\n', stream);
    json_decref(all);
    return status;
}
