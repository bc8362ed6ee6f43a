/* The results of a run as JSON text. docs/RESULT_JSON.md describes what stands here. */
#include "batch.h"

#include "core/base/utf8.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- paths are bytes, JSON is UTF-8 ----------------------------------------------------- */

/* NULL (no memory) makes the object that it goes into fail. */
static json_t *text(const char *bytes)
{
    const char *s = bytes;
    char *clean = malloc(3 * strlen(bytes) + 1);
    json_t *value;
    size_t used = 0;

    if (clean == NULL)
        return NULL;
    while (*s != '\0') {
        const size_t length = medtl_utf8_length(s);

        if (length == 0) {
            used += (size_t)sprintf(clean + used, "%%%02X", (unsigned char)*s++);
            continue;
        }
        memcpy(clean + used, s, length);
        used += length;
        s += length;
    }
    clean[used] = '\0';
    value = json_string(clean);
    free(clean);
    return value;
}

/* ---- the parts ---------------------------------------------------------------------------- */

static void set_text(json_t *object, const char *key, const char *value)
{
    if (value[0] != '\0')
        json_object_set_new(object, key, text(value));
}

static json_t *code(const medtl_code *c)
{
    return json_pack("{s:s, s:s, s:s}", "value", c->value, "scheme", c->scheme, "meaning",
                     c->meaning);
}

static json_t *classes(const medtl_task *task)
{
    json_t *list = json_array();

    for (size_t i = 0; i < task->class_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:o}", "label", task->classes[i].label, "code",
                                              code(&task->classes[i].code)));
    return list;
}

static json_t *task_and_model(const medtl_batch *batch, size_t index)
{
    const medtl_task *task = medtl_pipeline_task(batch->pipeline, index);
    const medtl_model_info *model = medtl_pipeline_model_info(batch->pipeline, index);
    json_t *object = json_pack("{s:s, s:s, s:o, s:s, s:o, s:{s:s, s:s, s:s, s:s, s:o}}", "name",
                               task->name, "title", task->title, "file", text(task->file), "digest",
                               task->digest, "classes", classes(task), "model", "name", model->name,
                               "version", model->version, "architecture", model->architecture,
                               "sha256", model->sha256, "file", text(task->model_path));

    if (object != NULL && task->positive_class >= 0) {
        json_object_set_new(object, "positive",
                            json_string(task->classes[task->positive_class].label));
        json_object_set_new(object, "threshold", json_real(task->threshold));
    }
    return object;
}

static json_t *summary(const medtl_batch *batch)
{
    json_t *object = json_object();
    size_t written = 0, there = 0, failed = 0;

    json_object_set_new(object, "objects", json_integer((json_int_t)batch->item_count));
    for (int i = 0; i < MEDTL_OUTCOME_COUNT; i++)
        json_object_set_new(
            object, medtl_outcome_name((medtl_outcome)i),
            json_integer((json_int_t)medtl_batch_outcome_count(batch, (medtl_outcome)i)));
    for (size_t i = 0; i < batch->report_count; i++) {
        const medtl_report_record *report = batch->reports[i];

        there += report->already_there;
        failed += report->status != MEDTL_OK;
        written += report->status == MEDTL_OK && !report->already_there;
    }
    json_object_set_new(object, "reports-written", json_integer((json_int_t)written));
    json_object_set_new(object, "reports-already-there", json_integer((json_int_t)there));
    json_object_set_new(object, "reports-failed", json_integer((json_int_t)failed));
    return object;
}

/* What the views of each breast, and of the exam, come to. */
static json_t *exam(const medtl_report_record *report)
{
    json_t *list = json_array();

    for (size_t i = 0; i < report->exam_count; i++) {
        const medtl_exam_result *one = &report->exam[i];
        const char *of = one->side == MEDTL_LATERALITY_RIGHT  ? "R"
                         : one->side == MEDTL_LATERALITY_LEFT ? "L"
                                                              : "exam";

        json_array_append_new(list, json_pack("{s:s, s:I, s:f, s:f, s:b}", "of", of, "views",
                                              (json_int_t)one->views, "mean", one->mean, "maximum",
                                              one->maximum, "above_threshold",
                                              (int)one->above_threshold));
    }
    return list;
}

static json_t *report_object(const medtl_report_record *report)
{
    const char *outcome = report->already_there        ? "already-there"
                          : report->status == MEDTL_OK ? "written"
                                                       : "failed";
    json_t *object = json_pack(
        "{s:o, s:s, s:s, s:s, s:I, s:I, s:I}", "study_instance_uid",
        text(report->study_instance_uid), "task", report->task->name, "profile", report->profile,
        "outcome", outcome, "images", (json_int_t)report->image_count, "failed",
        (json_int_t)report->failed_count, "ruled_out", (json_int_t)report->ruled_out_count);

    if (object == NULL)
        return NULL;
    if (report->exam_count > 0)
        json_object_set_new(object, "exam", exam(report));
    set_text(object, "sop_instance_uid", report->sop_instance_uid);
    set_text(object, "location", report->location);
    if (report->status != MEDTL_OK)
        set_text(object, "status", medtl_status_name(report->status));
    set_text(object, "reason", report->reason);
    return object;
}

static void add_result(json_t *object, const medtl_record *record)
{
    const medtl_geometry *g = &record->geometry;
    json_t *probabilities = json_object();

    for (size_t i = 0; i < record->task->class_count; i++)
        json_object_set_new(probabilities, record->task->classes[i].label,
                            json_real((double)record->probabilities[i]));
    json_object_set_new(object, "frame", json_integer(record->frame));
    json_object_set_new(object, "finding",
                        json_string(record->task->classes[record->predicted_class].label));
    if (record->task->positive_class >= 0)
        json_object_set_new(object, "above_threshold", json_boolean(record->above_threshold));
    json_object_set_new(object, "probabilities", probabilities);
    json_object_set_new(object, "region",
                        json_pack("{s:[ffff], s:b}", "corners", g->x0, g->y0, g->x1, g->y1,
                                  "flipped", (int)g->flipped));
}

static void add_evidence(json_t *object, const medtl_record *record)
{
    static const char *const kinds[] = {"secondary-capture", "presentation-state", "segmentation"};
    json_t *list = record->evidence_count > 0 ? json_array() : NULL;

    for (size_t i = 0; i < record->evidence_count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s}", "kind", kinds[record->evidence[i].kind],
                            "sop_class_uid", record->evidence[i].sop_class_uid,
                            "series_instance_uid", record->evidence[i].series_instance_uid,
                            "sop_instance_uid", record->evidence[i].sop_instance_uid));
    if (list != NULL)
        json_object_set_new(object, "evidence", list);
}

static void set_number(json_t *object, const char *key, double value)
{
    if (value > 0.0)
        json_object_set_new(object, key, json_real(value));
}

/* Several values joined by backslashes, as a list. */
static void set_list(json_t *object, const char *key, const char *values)
{
    json_t *list;

    if (values == NULL || values[0] == '\0')
        return;
    list = json_array();
    for (size_t length; values[0] != '\0'; values += length + (values[length] == '\\')) {
        length = strcspn(values, "\\");
        json_array_append_new(list, json_stringn(values, length));
    }
    json_object_set_new(object, key, list);
}

/* What an image says of how it was taken. Dates and labels that people gave are left out. */
static void add_facts(json_t *object, const medtl_item *item)
{
    static const char *const origins[] = {"", "patient", "detector", "detector-corrected", "film"};
    const medtl_facts *f = item->facts;

    set_text(object, "kind", item->kind);
    set_list(object, "view_modifiers", item->view_modifiers);
    if (f->intent != MEDTL_INTENT_UNKNOWN)
        set_text(object, "intent",
                 f->intent == MEDTL_INTENT_PRESENTATION ? "PRESENTATION" : "PROCESSING");
    if (f->has_pixel_spacing) {
        json_object_set_new(object, "pixel_spacing_mm",
                            json_pack("[ff]", f->pixel_spacing_mm[0], f->pixel_spacing_mm[1]));
        set_text(object, "pixel_spacing_origin", origins[f->spacing_origin]);
    }
    set_number(object, "magnification", f->magnification);
    if (f->site.value[0] != '\0')
        json_object_set_new(object, "site",
                            json_pack("{s:o, s:o, s:o}", "value", text(f->site.value), "scheme",
                                      text(f->site.scheme), "meaning", text(f->site.meaning)));
    set_text(object, "polarization", f->polarization);
    set_text(object, "contact", f->contact);
    set_text(object, "immersion", f->immersion);
    set_number(object, "optical_magnification", f->optical_magnification);
    set_text(object, "tracking_uid", f->tracking_uid);
}

/* Of an image with several analysed frames, each one's result. */
static void add_frames(json_t *object, const medtl_record *record)
{
    json_t *list;

    if (record->frame_count < 2)
        return;
    list = json_array();
    for (size_t i = 0; i < record->frame_count; i++) {
        const medtl_frame_result *f = &record->frames[i];
        json_t *probabilities = json_object();

        for (size_t c = 0; c < record->task->class_count; c++)
            json_object_set_new(probabilities, record->task->classes[c].label,
                                json_real((double)f->probabilities[c]));
        json_array_append_new(list, json_pack("{s:i, s:s, s:o}", "frame", (int)f->frame, "finding",
                                              record->task->classes[f->predicted_class].label,
                                              "probabilities", probabilities));
    }
    json_object_set_new(object, "frames", list);
}

static json_t *object_of(const medtl_item *item)
{
    const medtl_record *record = &item->record;
    json_t *object = json_pack("{s:o, s:s}", "path", text(record->path), "outcome",
                               medtl_outcome_name(record->outcome));

    if (object == NULL)
        return NULL;
    if (record->status != MEDTL_OK)
        set_text(object, "status", medtl_status_name(record->status));
    set_text(object, "reason", record->reason);
    set_text(object, "sop_class_uid", record->sop_class_uid);
    set_text(object, "sop_class", record->sop_class);
    set_text(object, "study_instance_uid", record->study_instance_uid);
    set_text(object, "series_instance_uid", record->series_instance_uid);
    set_text(object, "sop_instance_uid", record->sop_instance_uid);
    set_text(object, "modality", record->modality);
    set_text(object, "view", record->view);
    set_text(object, "laterality", record->laterality);
    if (record->task != NULL)
        set_text(object, "task", record->task->name);
    if (item->facts != NULL)
        add_facts(object, item);
    set_text(object, "duplicate_of", record->duplicate_of);
    if (record->probabilities != NULL) {
        add_result(object, record);
        add_frames(object, record);
        add_evidence(object, record);
    }
    return object;
}

medtl_status medtl_batch_json(const medtl_batch *batch, char **out, medtl_error *err)
{
    json_t *tasks = json_array(), *reports = json_array(), *objects = json_array(), *root;

    *out = NULL;
    for (size_t i = 0; i < medtl_pipeline_task_count(batch->pipeline); i++)
        json_array_append_new(tasks, task_and_model(batch, i));
    for (size_t i = 0; i < batch->report_count; i++)
        json_array_append_new(reports, report_object(batch->reports[i]));
    for (size_t i = 0; i < batch->item_count; i++)
        json_array_append_new(objects, object_of(batch->items[i]));
    /* json_pack takes its parts, also where it fails. */
    root = json_pack("{s:s, s:{s:s, s:s}, s:o, s:o, s:o, s:o, s:o}", "format", "medtl-results/1",
                     "software", "name", "medtl", "version", medtl_pipeline_version(), "tasks",
                     tasks, "summary", summary(batch), "studies", medtl_batch_studies_json(batch),
                     "reports", reports, "objects", objects);
    if (root != NULL && json_array_size(objects) == batch->item_count)
        *out = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(root);
    return *out != NULL ? MEDTL_OK
                        : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the results as JSON");
}
